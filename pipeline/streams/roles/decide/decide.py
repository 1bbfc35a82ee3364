"""The risk role: each event of the log through the core, its outputs at once onto their topics.

No thresholds and no arithmetic: what an event means is the core's business. This is the hot path.
"""

import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, cast

from pipeline.risk.step import Step
from pipeline.rules_version import rules_version
from pipeline.streams.clients.append_time import has_append_time
from pipeline.streams.clients.output_follower import (
    Follow,
    NotFollowing,
    OnHeard,
    OutputFollower,
    ignore,
)
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.clients.topic_identity import Identity, TopicIdentity
from pipeline.streams.dead_letter import dead_key, dead_letter
from pipeline.streams.observe import metrics
from pipeline.streams.observe.account_figures import show_rules
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import (
    NOTHING,
    Partition,
    Produce,
    Published,
    Record,
    Stopped,
    Store,
    Unreadable,
)
from pipeline.streams.roles.decide.append_time_guard import AppendTimeGuard
from pipeline.streams.roles.decide.encoding import Encoding
from pipeline.streams.roles.decide.origin_guard import require_no_origin
from pipeline.streams.roles.decide.owned import Owned
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from pipeline.streams.roles.decide.redo import Redo
from pipeline.streams.roles.decide.rewriting import Rewriting
from pipeline.streams.roles.decide.saving import Failure, Saving
from pipeline.streams.roles.decide.set_aside import letters_of, log_failures, log_stops
from pipeline.streams.roles.decide.shadow import Letter
from pipeline.streams.roles.decide.shadowing import Decided, Shadowing, Voice
from pipeline.streams.roles.decide.state_publisher import StatePublisher
from pipeline.streams.settings import Settings
from topics import codec
from topics.account_states import TOPIC as STATES
from topics.codec import DecodeError
from topics.events import FROM_BEFORE, Event, HeartbeatEvent, RevaluationEvent, is_from_before
from topics.events import TOPIC as EVENTS
from topics.fields import EVERYONE

__all__ = ["DECIDED", "Questions", "Risk", "questions_of"]

logger = logging.getLogger(__name__)

ANY_EVENT = cast("type[Event]", Event)
read_event = codec.reader_of(ANY_EVENT)
ACCOUNTS_KEPT_MAX = 4096  # In memory, of all partitions; the others are read from the store.
# What is a function of the log alone; when a row of account_states is written is not.
DECIDED = ("decisions", "emergency_stops", "alerts", "dead_letters")
OUTPUTS = (*DECIDED, STATES.name, "snapshots")


class Questions(NamedTuple):
    """What risk asks Kafka beside its stream."""

    is_mended: Callable[[], bool | None]  # Whether the log has append time again; None: unknown.
    states: Identity  # Of the topic account_states that there is now.
    follow: Follow = NotFollowing()  # What other releases publish.


def questions_of(settings: Settings, *, on_heard: OnHeard = ignore) -> Questions:
    """Return what asks a real Kafka; on_heard: called for each output of others that was read."""
    return Questions(
        is_mended=partial(has_append_time, settings),
        states=TopicIdentity(settings, STATES.name),
        follow=OutputFollower(settings, (*DECIDED, STATES.name), on_heard=on_heard),
    )


class Risk:
    """Decide; a Role of the engine."""

    def __init__(  # noqa: PLR0913 - The parts of a role.
        self,
        settings: Settings,
        *,
        produce: Produce,
        produce_with_state: Produce,
        tally: Tally,
        questions: Questions | None = None,
    ) -> None:
        self._produce = produce
        asked = questions or questions_of(settings)
        self._states = asked.states
        self._append_time = AppendTimeGuard(asked.is_mended, tally)
        self._tally, self._partitions = tally, settings.partitions
        self._rules_version = rules_version()
        self._topics = {name: settings.topic(name) for name in OUTPUTS}
        self._owned: dict[int, Owned] = {}
        self._saving = Saving(
            self._topics["snapshots"],
            produce_with_state,
            rules_version=self._rules_version,
            on_failure=self._quarantine,
        )
        self._rows = StatePublisher(
            self._topics[STATES.name],
            produce,
            states=self._states,
            tally=tally,
            on_failure=self._quarantine,
            is_one_of_several=bool(settings.replica),
        )
        self._is_bound = settings.activate == "control"
        self._shadowing = Shadowing(
            settings,
            Voice(self._rules_version, produce, self._rows),
            follow=asked.follow,
            tally=tally,
        )
        self._encoding = Encoding(self._topics, is_silent=self._shadowing.is_silent, tally=tally)

    def assign(
        self, partition: Partition, store: Store | None, published: Published = NOTHING
    ) -> None:
        """Load the shared record of a partition; accounts come when their events do."""
        if store is None:
            raise Stopped("the risk role needs a state store; this is a mistake of riskgate itself")
        accounts = PartitionAccounts(
            store,
            partition=partition.partition,
            rules_version=self._rules_version,
            kept_max=ACCOUNTS_KEPT_MAX,
        )
        redo, letters = None, self._topics["dead_letters"]
        if published.outputs:
            redo = Redo(published, dead_letters=letters, rules_version=self._rules_version)
        rewriting = Rewriting(store, accounts.roster)
        self._owned[partition.partition] = Owned(
            partition, accounts, store=store, rewriting=rewriting, redo=redo
        )
        self._shadowing.begin(self._owned[partition.partition])
        self._states.ask()
        self._rows.has_news = True  # That of `*`: what broadcast has may be old.
        self._share_memory()
        show_rules(accounts.shared)

    def revoke(self, partition: Partition) -> None:
        """Forget a partition's accounts."""
        self._owned.pop(partition.partition, None)
        self._shadowing.end(partition.partition)
        self._rows.stop()
        self._share_memory()

    def accounts(self, partition: int) -> PartitionAccounts:
        """Return the accounts of an owned partition. Raise KeyError when it is not owned."""
        return self._owned[partition].accounts

    def show(self) -> None:
        """Bring the gauges of the owned partitions up to date."""
        metrics.clear(metrics.LIMITS_VERSION, metrics.TICK_AGE_SECONDS, metrics.PUBLISHES)
        now_ms = time.time() * 1000
        for number, owned in list(self._owned.items()):
            shared = owned.accounts.shared
            metrics.LIMITS_VERSION.labels(str(number)).set(shared.limits.version)
            metrics.PUBLISHES.labels(str(number)).set(not owned.is_silent())
            if shared.heartbeat_at_ms is not None:
                age_s = max(0.0, now_ms - shared.heartbeat_at_ms) / 1000
                metrics.TICK_AGE_SECONDS.labels(str(number)).set(age_s)

    def apply(self, record: Record) -> None:
        """Decode an event and take its step; what is none becomes a dead letter."""
        if not record.timestamp_is_append_time:
            self._append_time.require(record)
        event = self._decode(record)
        if event is not None:
            self._step(event, record)

    def step_over(self, batch: Unreadable) -> None:
        """Write a dead letter for a batch that cannot be unpacked; only its offsets are known."""
        self._dead_letter(batch.record(), batch.error, "unreadable")

    def publish(self) -> None:
        """Write the rows of account_states that are due, and compare what a shadow decided."""
        self._rows.publish(self._owned)
        self._shadowing.turn()

    def checkpoint(self) -> Iterator[None]:
        """Take the barrier; then save the accounts that changed before it."""
        self._shadowing.save(self._owned.values())
        return self._saving.checkpoint(self._owned.values())

    def _share_memory(self) -> None:
        for owned in self._owned.values():
            owned.accounts.keep_at_most(ACCOUNTS_KEPT_MAX // len(self._owned) or 1)

    def _decode(self, record: Record) -> Event | None:
        try:
            event = read_event(record.value or b"")
        except DecodeError as error:
            require_no_origin(record)
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
        account_id, redo = event.account_id, owned.redo
        encode = self._encoding.of(redo, account_id)
        taken, rows = owned.accounts.use(event, record.value or b"", at_ms=at_ms, encode=encode)
        owned.next, owned.at_ms = record.offset + 1, at_ms
        owned.last[account_id] = record
        if account_id == EVERYONE:
            self._answer_broadcast(event, owned)
        if self._is_bound:
            rows = self._shadowing.decided(owned, Decided(account_id, taken, rows, at_ms))
        if rows:
            key, produce = account_id.encode(), self._produce
            for row in rows:
                produce(row.topic, key=key, value=row.value, partition=record.partition)
        self._note(event, taken, record=record, owned=owned)
        if redo is not None:
            self._settle(owned, redo)

    def _note(self, event: Event, taken: Step, *, record: Record, owned: Owned) -> None:
        if not owned.is_silent():
            self._tally.add(event, taken, owned.at_ms)
        if taken.state_due or taken.failed:
            self._rows.has_news = True
        if taken.outputs:
            log_stops(taken)
        if taken.failed or taken.raised or taken.refused:
            self._set_aside(taken, record)

    def _settle(self, owned: Owned, redo: Redo) -> None:
        redo.settle(owned.next, owned.accounts.account)
        self._tally.count(metrics.RELEASE_DIFFERENCES, times=redo.take_differing())
        if not redo:
            owned.redo = None

    def _answer_broadcast(self, event: Event, owned: Owned) -> None:
        """Let the row of `*` follow an event for all; each heartbeat is answered so.

        One that is no heartbeat but asks for a revaluation says that rows are missing: the topic
        may be another one by now.
        """
        self._rows.has_news = True
        if isinstance(event, HeartbeatEvent):
            owned.accounts.announce()
        elif isinstance(event, RevaluationEvent):
            self._states.ask()
            owned.rewriting.again()
            owned.accounts.announce()

    def _set_aside(self, taken: Step, record: Record) -> None:
        log_failures(taken)
        for error, kind in letters_of(taken):
            self._dead_letter(record, error, kind)

    def _quarantine(self, failure: Failure) -> None:
        """Quarantine an account whose state or row cannot be written, and name its last event."""
        account_id, owned, problem, last = failure
        logger.error("account %s is quarantined: %s", account_id, problem)
        self._tally.count(metrics.FAILED, "commit")
        if account_id != EVERYONE:
            owned.accounts.quarantine(account_id)
            self._rows.has_news = True
        if account_id in last:
            self._dead_letter(last[account_id], DecodeError(problem), "internal")

    def _dead_letter(self, record: Record, error: DecodeError, kind: str) -> None:
        self._tally.count(metrics.DEAD_LETTERS, EVENTS.name, kind)
        topic_id = self._owned[record.partition].topic_id
        letter = dead_letter(record, error, topic=EVENTS.name, topic_id=topic_id)
        value, redo = codec.encode(letter), self._owned[record.partition].redo
        if redo is not None and redo.has_letter(value):
            return
        key, topic = dead_key(record.key), self._topics["dead_letters"]
        shadow = self._owned[record.partition].shadow
        if shadow is not None:
            shadow.keep_letter(Letter(key, value))
            return
        self._produce(topic, key=key, value=value, partition=record.partition)
