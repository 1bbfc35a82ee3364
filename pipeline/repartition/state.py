"""The state of a partition as its changelog has it, and as the log that was decided says it is."""

from contextlib import closing
from typing import NamedTuple

from confluent_kafka import TopicPartition
from msgspec import Struct

from pipeline.errors import StartupError
from pipeline.rebuild.again import Wanted, decide_again
from pipeline.rebuild.rebuild import log_of
from pipeline.repartition.splitting import State, read_accounts, read_shared, same_state
from pipeline.replay.tapes import read, span, to_bytes
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.cluster import topic_id
from pipeline.streams.clients.group_offsets import outsider
from pipeline.streams.clients.read_to_end import operator_reader, read_to_end
from pipeline.streams.engine.partition_store import APPLIED, CHANGELOG, OURS
from topics.codec import decode_as
from topics.fields import EVERYONE

__all__ = ["Stored", "read_state", "require_published", "require_replayed"]

ANSWER_SECONDS_MAX = 10.0


class Stored(NamedTuple):
    """What a changelog holds of one partition."""

    state: dict[bytes, bytes]  # The role's keys.
    applied: int | None  # The offset of `events` that it belongs to.
    changelog_id: str  # As its first record says.


class _Row(Struct):
    """The part of a row that tells which event it follows."""

    account_id: str
    sequence: int
    chain: str


def read_state(broker: Broker, changelog: str, partition: int) -> Stored:
    """Read a partition of a changelog to its end. Raise BrokerError when it cannot be read."""
    found: dict[bytes, bytes] = {}
    with closing(operator_reader(broker, auto_offset_reset="error")) as reader:
        place = TopicPartition(changelog, partition)
        begin, end = reader.get_watermark_offsets(place, timeout=ANSWER_SECONDS_MAX)
        if begin < end:
            for record in read_to_end(reader, [TopicPartition(changelog, partition, begin)]):
                key, value = to_bytes(record.key() or b""), record.value()
                if value is None:
                    found.pop(key, None)
                else:
                    found[key] = to_bytes(value)
    applied = found.get(APPLIED)
    return Stored(
        {key.removeprefix(OURS): value for key, value in found.items() if key.startswith(OURS)},
        None if applied is None else int(applied),
        found.get(CHANGELOG, b"").decode(),
    )


def require_published(broker: Broker, state: State, partition: int) -> None:
    """Raise StartupError when a published row follows an event that the state does not have."""
    accounts = {each.account_id: each.applied for each in read_accounts(state)}
    ends = {name: (applied.sequence, applied.chain) for name, applied in accounts.items()}
    shared = read_shared(state, partition)
    if shared is not None:
        ends[EVERYONE] = shared.sequence, shared.chain
    with closing(operator_reader(broker)) as reader:
        rows = span(broker, reader, "account_states", partition)
    with closing(read(broker, rows)) as records:
        for record in records:
            if record.value() is None:
                continue
            row = decode_as(_Row, to_bytes(record.value() or b""))
            sequence, chain = ends.get(row.account_id, (0, ""))
            if row.sequence > sequence or (row.sequence == sequence and row.chain != chain):
                raise StartupError(
                    f"The state of {row.account_id} ends at its event {sequence} with the chain "
                    f"{chain or 'none'}, but its row follows event {row.sequence} with the chain "
                    f"{row.chain}: it is not what was published; see riskgate verify"
                )


def require_replayed(broker: Broker, state: State, partition: int) -> int:
    """Decide the partition's log again; return how many events that were.

    Raise StartupError when another state comes of it.
    """
    with closing(outsider(broker, broker.settings.group("operator"))) as asking:
        end = span(broker, asking, "events", partition).end
        log = log_of(broker, asking, partition, committed=end)
    wanted = Wanted(log, topic_id(broker.settings, "events"), from_snapshots=log.events.begin > 0)
    decided = decide_again(broker, wanted, beat=_nothing)
    decided.store.freeze()
    changes = decided.store.changes(decided.position, mark=None, outputs={})
    again = {
        key.removeprefix(OURS): value
        for key, value in changes
        if key.startswith(OURS) and value is not None
    }
    problems = _differences(state, again, partition, whole=log.events.begin == 0)
    if decided.position < end:
        problems.insert(0, f"outputs of events from {decided.position} on are missing")
    if decided.counts.different.total():
        problems.insert(0, "published outputs differ from what this release decides")
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise StartupError(
            f"{broker.settings.topic('events')}[{partition}], decided again, gives another state: "
            f"{problems[0]}{more}; see riskgate replay --from-kafka. If that is explained, such as "
            "by another release, carry the state over with --no-replay"
        )
    return decided.counts.events


def _differences(state: State, again: State, partition: int, *, whole: bool) -> list[str]:
    """Compare states; without the log's beginning, ids of before are unknown to one of them."""
    if whole:
        return same_state(state, {partition: again}, partition=partition)
    was = {each.account_id: each.applied for each in read_accounts(state)}
    now = {each.account_id: each.applied for each in read_accounts(again)}
    names = sorted(was.keys() | now.keys())
    return [f"a|{name} is another" for name in names if was.get(name) != now.get(name)]


def _nothing() -> None:
    """Nobody has to hear that this command works."""
