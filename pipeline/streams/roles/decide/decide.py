"""The risk role: each event of the log through the core, its outputs into the same transaction.

No thresholds and no arithmetic: what an event means is the core's business. This is the hot path.
"""

import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, cast

from msgspec import Struct

from pipeline.risk.boundaries import problem_of
from pipeline.risk.state import STATE_VERSION
from pipeline.risk.step import Step, topic_of
from pipeline.rules_version import rules_version
from pipeline.streams.clients.append_time import has_append_time, without_append_time
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.clients.topic_identity import Identity, TopicIdentity
from pipeline.streams.dead_letter import dead_key, dead_letter
from pipeline.streams.observe import metrics
from pipeline.streams.observe.account_figures import show_rules
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import Partition, Produce, Record, Stopped, Store, Unreadable
from pipeline.streams.roles.decide.partition_accounts import INTERNAL, Due, PartitionAccounts
from pipeline.streams.roles.decide.rewriting import Rewriting
from pipeline.streams.roles.decide.state_rows import Space, due_row, rewritten, row_of
from pipeline.streams.settings import Settings
from topics import codec
from topics.account_states import TOPIC as STATES
from topics.codec import DecodeError
from topics.emergency_stops import EmergencyStop
from topics.events import FROM_BEFORE, Event, RevaluationEvent, is_from_before
from topics.events import TOPIC as EVENTS
from topics.fields import EVERYONE
from topics.snapshots import Snapshot

__all__ = ["Questions", "Risk"]

logger = logging.getLogger(__name__)

ANY_EVENT = cast("type[Event]", Event)
read_event = codec.reader_of(ANY_EVENT)
ACCOUNTS_KEPT_MAX = 4096  # In memory, of all partitions; the others are read from the store.
ASK_SECONDS = 5.0  # So long the answer holds that the log has append time.
OUTPUTS = ("decisions", "emergency_stops", "alerts", "account_states", "snapshots", "dead_letters")


class _Owned:
    """An owned partition: its accounts and how far it came."""

    __slots__ = ("accounts", "at_ms", "last", "offset", "rewriting", "topic_id")

    def __init__(self, accounts: PartitionAccounts, rewriting: Rewriting, *, topic_id: str) -> None:
        self.accounts = accounts
        self.rewriting = rewriting
        self.topic_id = topic_id
        self.offset = -1  # Of the event applied last.
        self.at_ms = 0
        self.last: dict[str, Record] = {}  # Of each account, since the last commit.


class Questions(NamedTuple):
    """What risk asks Kafka beside its stream."""

    is_mended: Callable[[], bool | None]  # Whether the log has append time again; None: unknown.
    states: Identity  # Of the topic account_states that there is now.


class Risk:
    """Decide; a Role of the engine."""

    def __init__(
        self,
        settings: Settings,
        *,
        produce: Produce,
        tally: Tally,
        questions: Questions | None = None,
    ) -> None:
        self._produce = produce
        asked = questions or Questions(
            is_mended=partial(has_append_time, settings),
            states=TopicIdentity(settings, STATES.name),
        )
        self._is_mended, self._states = asked
        self._mended_s: float | None = None  # When the log was last said to have append time.
        self._tally, self._partitions = tally, settings.partitions
        self._rules_version = rules_version()
        self._topics = {name: settings.topic(name) for name in OUTPUTS}
        self._owned: dict[int, _Owned] = {}

    def assign(self, partition: Partition, store: Store | None) -> None:
        """Load the shared record of a partition; accounts come when their events do."""
        if store is None:
            raise Stopped("the risk role needs a state store; this is a mistake of riskgate itself")
        accounts = PartitionAccounts(
            store,
            partition=partition.partition,
            rules_version=self._rules_version,
            kept_max=ACCOUNTS_KEPT_MAX,
        )
        rewriting = Rewriting(store, accounts.roster)
        number, topic_id = partition.partition, partition.topic_id
        self._owned[number] = _Owned(accounts, rewriting, topic_id=topic_id)
        self._states.ask()
        self._share_memory()
        show_rules(accounts.shared)

    def revoke(self, partition: Partition) -> None:
        """Forget a partition's accounts."""
        self._owned.pop(partition.partition, None)
        self._share_memory()

    def accounts(self, partition: int) -> PartitionAccounts:
        """Return the accounts of an owned partition. Raise KeyError when it is not owned."""
        return self._owned[partition].accounts

    def show(self) -> None:
        """Bring the gauges of the owned partitions up to date."""
        metrics.clear(metrics.LIMITS_VERSION, metrics.TICK_AGE_SECONDS)
        now_ms = time.time() * 1000
        for number, owned in list(self._owned.items()):
            shared = owned.accounts.shared
            metrics.LIMITS_VERSION.labels(str(number)).set(shared.limits.version)
            if shared.heartbeat_at_ms is not None:
                age_s = max(0.0, now_ms - shared.heartbeat_at_ms) / 1000
                metrics.TICK_AGE_SECONDS.labels(str(number)).set(age_s)

    def apply(self, record: Record) -> None:
        """Decode an event and take its step; what is none becomes a dead letter."""
        if not record.timestamp_is_append_time:
            self._require_mended(record)
        event = self._decode(record)
        if event is not None:
            self._step(event, record)

    def step_over(self, batch: Unreadable) -> None:
        """Write a dead letter for a batch that cannot be unpacked; only its offsets are known."""
        self._dead_letter(batch.record(), batch.error, "unreadable")

    def prepare(self) -> None:
        """Save what changed and write the rows that are due."""
        largest, space = 0, Space()
        states_id = self._states.look()
        for number, owned in self._owned.items():
            owned.rewriting.aim(states_id)
            for account_id, row in rewritten(owned.accounts, owned.rewriting, space):
                self._write_state(account_id, row, number)
                self._tally.count(metrics.STATES_REWRITTEN)
            for due in owned.accounts.save():
                largest = max(largest, len(due.state))
                problem = due.problem or self._write_due(due, owned, number)
                if problem is not None:
                    self._quarantine(due, owned, problem)
            for account_id in owned.accounts.take_unsaid():
                self._write_state(account_id, row_of(account_id, owned.accounts), number)
            owned.last.clear()
        if largest:
            metrics.ACCOUNT_BYTES.observe(largest)

    def _share_memory(self) -> None:
        for owned in self._owned.values():
            owned.accounts.keep_at_most(ACCOUNTS_KEPT_MAX // len(self._owned) or 1)

    def _require_mended(self, record: Record) -> None:
        """Raise Stopped unless the log has append time again since this record was written."""
        self._tally.count(metrics.WITHOUT_APPEND_TIME)
        now_s = time.monotonic()
        if self._mended_s is not None and now_s - self._mended_s < ASK_SECONDS:
            return
        if not self._is_mended():
            raise without_append_time(record.topic)
        self._mended_s = now_s
        logger.warning(
            "%s[%d] at %d has no append time: decided at the time of the heartbeat before it",
            record.topic,
            record.partition,
            record.offset,
        )

    def _decode(self, record: Record) -> Event | None:
        try:
            event = read_event(record.value or b"")
        except DecodeError as error:
            old = is_from_before(record.value or b"")
            self._dead_letter(record, DecodeError(FROM_BEFORE) if old else error, "undecodable")
            return None
        if event.account_id != EVERYONE:
            partition = partition_of(event.account_id, self._partitions)
            if partition != record.partition:
                wrong = DecodeError(f"belongs to partition {partition}", "$.account_id")
                self._dead_letter(record, wrong, "wrong_partition")
                return None
        return event

    def _step(self, event: Event, record: Record) -> None:
        owned = self._owned[record.partition]
        appended_ms = record.timestamp_ms if record.timestamp_is_append_time else None
        at_ms = owned.accounts.time_of(appended_ms)
        value = record.value or b""
        taken, rows = owned.accounts.use(event, value, at_ms=at_ms, encode=self._encode)
        owned.offset, owned.at_ms = record.offset, at_ms
        owned.last[event.account_id] = record
        if event.account_id == EVERYONE and isinstance(event, RevaluationEvent):
            self._tell_again(owned)
        if rows:
            key = event.account_id.encode()
            for topic, value in rows:
                self._produce(topic, key=key, value=value, partition=record.partition)
        self._tally.add(event, taken, at_ms)
        if taken.failed or taken.raised or taken.outputs:
            self._look(taken, record)

    def _encode(self, taken: Step) -> list[tuple[str, bytes]]:
        """Write what goes out, before any of it does: one that cannot be written undoes all."""
        return [(self._topics[topic_of(output)], codec.encode(output)) for output in taken.outputs]

    def _tell_again(self, owned: _Owned) -> None:
        """Answer broadcast, which misses rows: the topic may be another one by now."""
        self._states.ask()
        owned.rewriting.again()
        owned.accounts.announce()

    def _look(self, taken: Step, record: Record) -> None:
        if taken.failed is not None:
            logger.error("an event halted its account: %s", taken.failed)
            kind = "internal" if taken.failed.startswith(INTERNAL) else "failed"
            self._dead_letter(record, DecodeError(taken.failed), kind)
        for problem in taken.raised:
            logger.error("a part of an event halted its account: %s", problem)
        for output in taken.outputs:
            if isinstance(output, EmergencyStop):
                logger.warning(
                    "stop %s of account %s: %s, rule %s",
                    output.stop_id,
                    output.account_id,
                    output.status,
                    output.rule,
                )

    def _write_due(self, due: Due, owned: _Owned, partition: int) -> str | None:
        """Write the rows that are due; return why they cannot be written, when they cannot."""
        if due.state_due and due.account is None:
            show_rules(owned.accounts.shared)
        try:
            rows = [(topic, codec.encode(row)) for topic, row in self._rows(due, owned)]
        except Exception as error:  # noqa: BLE001  One account must not end every worker for good.
            return INTERNAL + problem_of(error)
        key = due.account_id.encode()
        for topic, value in rows:
            self._produce(self._topics[topic], key=key, value=value, partition=partition)
        return None

    def _rows(self, due: Due, owned: _Owned) -> Iterator[tuple[str, Struct]]:
        account, shared = due.account, owned.accounts.shared
        if due.state_due:
            yield "account_states", due_row(due, shared, owned.rewriting.whole_id)
        if due.snapshot_due:
            applied = shared if account is None else account.applied
            yield (
                "snapshots",
                Snapshot(
                    account_id=due.account_id,
                    state_version=STATE_VERSION,
                    state=due.state,
                    offset=owned.offset,
                    sequence=applied.sequence,
                    chain=applied.chain,
                    rules_version=self._rules_version,
                    at_ms=owned.at_ms,
                ),
            )

    def _write_state(self, account_id: str, row: bytes, partition: int) -> None:
        key = account_id.encode()
        self._produce(self._topics[STATES.name], key=key, value=row, partition=partition)

    def _quarantine(self, due: Due, owned: _Owned, problem: str) -> None:
        """Quarantine an account whose rows cannot be written, and name its last event."""
        account_id = due.account_id
        logger.error("account %s is quarantined: %s", account_id, problem)
        self._tally.count(metrics.FAILED, "commit")
        if account_id != EVERYONE:
            owned.accounts.quarantine(account_id)
        record = owned.last.get(account_id)
        if record is not None:
            self._dead_letter(record, DecodeError(problem), "internal")

    def _dead_letter(self, record: Record, error: DecodeError, kind: str) -> None:
        self._tally.count(metrics.DEAD_LETTERS, EVENTS.name, kind)
        topic_id = self._owned[record.partition].topic_id
        letter = dead_letter(record, error, topic=EVENTS.name, topic_id=topic_id)
        self._produce(
            self._topics["dead_letters"],
            key=dead_key(record.key),
            value=codec.encode(letter),
            partition=record.partition,
        )
