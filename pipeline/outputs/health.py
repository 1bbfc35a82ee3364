"""Whether the whole gate works, seen from Kafka alone: no worker has to answer for it.

Each finding is one sentence; what is wrong says so itself.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import NamedTuple

from confluent_kafka import Consumer, ConsumerGroupState, TopicPartition
from confluent_kafka.admin import ConsumerGroupDescription
from msgspec import Struct

from pipeline.outputs.accounts import Rows
from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Period
from pipeline.outputs.releases import read_releases
from pipeline.outputs.words import age, count, is_set_aside
from pipeline.streams.admin.topic_admin import differences
from pipeline.streams.clients.broker import Broker, BrokerError
from pipeline.streams.clients.consumer_groups import describe_groups
from pipeline.streams.clients.group_offsets import committed, outsider
from pipeline.streams.input_groups import OPERATED, OPERATORS_GROUP, OTHERS
from pipeline.streams.role_names import RoleName
from pipeline.streams.settings import Settings
from topics.fields import EVERYONE

__all__ = ["Finding", "findings"]

ANSWER_SECONDS_MAX = 10.0
HEARTBEAT_LOOK_MS = 30_000
HEARTBEAT_AGE_MS_MAX = 5000  # Five missed: entries are rejected at the default of the rule.
COMMIT_SECONDS_MAX = 5.0  # A checkpoint is due every second, and a heartbeat gives it something.
ASK_SECONDS = 0.5
INPUT_LAG_MAX = 1000  # Records: at the slowest measured rate, a second of work.
RISK_LAG_MS_MAX = 5000  # A checkpoint, due every second, saves what was decided long before.
_HEARTBEAT = b'"type":"heartbeat"'


class _Part(NamedTuple):
    """What must run: a role, or a part of one with a consumer group of its own."""

    role: str
    group: str
    topics: tuple[str, ...]


_PARTS = (
    _Part("ingest", "ingest", tuple(topic.name for topic in OTHERS)),
    _Part(
        "ingest of limits and controls", OPERATORS_GROUP, tuple(topic.name for topic in OPERATED)
    ),
    _Part("risk", "risk", ("events",)),
    _Part("broadcast", "broadcast", ("account_states",)),
)


class Finding(Struct, frozen=True):
    """One thing that was looked at."""

    name: str
    good: bool
    text: str


def findings(reader: OutputReader, rows: Rows) -> Iterator[Finding]:
    """Look at everything in turn. Raise BrokerError only if Kafka does not answer at all."""
    broker = reader.broker
    counts = _counts(broker)
    # What the topics must agree on is their own count: that of this machine is for the roles.
    yield _topics(broker.settings.model_copy(update={"partitions": counts["events"]}))
    yield from _groups(broker, counts)
    yield _input_lag(broker, counts)
    yield _risk_lag(reader, counts["events"])
    yield _heartbeats(reader, counts["events"])
    yield _commits(broker, counts["events"])
    yield _versions(reader, rows)
    yield _set_aside(rows)


def _good(name: str, text: str) -> Finding:
    return Finding(name, good=True, text=text)


def _bad(name: str, text: str) -> Finding:
    return Finding(name, good=False, text=text)


def _counts(broker: Broker) -> dict[str, int]:
    """Return the partition count of each topic that a group reads."""
    names = [name for part in _PARTS for name in part.topics]
    with closing(outsider(broker, broker.settings.group("operator"))) as consumer:
        return dict(zip(names, broker.partitions(consumer, *names), strict=True))


def _topics(settings: Settings) -> Finding:
    try:
        found = differences(settings)
    except BrokerError as error:
        return _bad("topics", str(error))
    if found:
        more = f" (and {len(found) - 1} more: riskgate topics check)" if len(found) > 1 else ""
        return _bad("topics", f"{found[0]}{more}")
    return _good("topics", "all are as riskgate needs them")


def _groups(broker: Broker, counts: dict[str, int]) -> Iterator[Finding]:
    """Say of each role whether its workers own every partition."""
    groups = [broker.settings.role_group(part.group) for part in _PARTS]
    answers = describe_groups(broker, groups)
    for part in _PARTS:
        partitions = {broker.settings.topic(each): counts[each] for each in part.topics}
        yield _role(part.role, answers[broker.settings.role_group(part.group)], partitions)


def _role(role: str, group: ConsumerGroupDescription, partitions: dict[str, int]) -> Finding:
    members = len(group.members)
    if not members:
        return _bad(role, "no worker is running")
    owned = Counter(
        place.topic for member in group.members for place in member.assignment.topic_partitions
    )
    missing = sum(max(0, wanted - owned[name]) for name, wanted in partitions.items())
    if group.state != ConsumerGroupState.STABLE:
        return _bad(role, f"{count(members, 'worker')}, rebalancing")
    if missing:
        return _bad(role, f"nobody owns {count(missing, 'partition')}")
    return _good(role, f"ready: {count(members, 'worker')}, every partition is owned")


def _input_lag(broker: Broker, counts: dict[str, int]) -> Finding:
    """Say how many records ingest has not committed yet."""
    behind: dict[str, int] = {}
    for part in _PARTS[:2]:
        with (
            broker.sentences(),
            closing(outsider(broker, broker.settings.role_group(part.group))) as consumer,
        ):
            places = [(name, number) for name in part.topics for number in range(counts[name])]
            saved = _committed(broker, consumer, places)
            for name, number in places:
                place = TopicPartition(broker.settings.topic(name), number)
                low, high = consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS_MAX)
                behind[name] = behind.get(name, 0) + high - max(low, saved[name, number])
    late = {name: records for name, records in behind.items() if records > INPUT_LAG_MAX}
    if late:
        texts = (f"{name} is {count(records, 'record')} behind" for name, records in late.items())
        return _bad("input lag", ", ".join(texts))
    return _good("input lag", f"{count(sum(behind.values()), 'record')} not read yet")


def _risk_lag(reader: OutputReader, partitions: int) -> Finding:
    """Say how old the oldest event is that risk has not saved yet."""
    places = [("events", number) for number in range(partitions)]
    group = reader.broker.settings.role_group(RoleName.RISK)
    with reader.broker.sentences(), closing(outsider(reader.broker, group)) as consumer:
        saved = _committed(reader.broker, consumer, places)
    never = sum(offset < 0 for offset in saved.values())
    if never:
        text = f"risk has saved nothing of {count(never, 'partition')}"
        return _bad("risk lag", text)
    oldest_ms = now_ms = time.time_ns() // 1_000_000
    seen: set[int] = set()
    for output in reader.follow_from(saved):
        if output is None or len(seen) == partitions:
            break
        if output.partition not in seen:
            seen.add(output.partition)
            oldest_ms = min(oldest_ms, output.at_ms)
    lag_ms = now_ms - oldest_ms
    text = f"the oldest event that is not saved yet is {lag_ms:,} ms old"
    return Finding("risk lag", good=lag_ms <= RISK_LAG_MS_MAX, text=text)


def _heartbeats(reader: OutputReader, partitions: int) -> Finding:
    """Say how old the oldest partition's newest heartbeat is."""
    now_ms = time.time_ns() // 1_000_000
    newest: dict[int, int] = {}
    for output in reader.read("events", period=Period(now_ms - HEARTBEAT_LOOK_MS)):
        if output.account_id == EVERYONE and _HEARTBEAT in output.value[:64]:
            newest[output.partition] = output.at_ms
    silent = partitions - len(newest)
    if silent:
        text = f"{count(silent, 'partition')} had none for {age(HEARTBEAT_LOOK_MS)}"
        return _bad("heartbeat", f"{text}, so entries there are rejected")
    oldest_ms = max(0, now_ms - min(newest.values()))
    text = f"the oldest is {oldest_ms:,} ms old"
    return Finding("heartbeat", good=oldest_ms <= HEARTBEAT_AGE_MS_MAX, text=text)


def _commits(broker: Broker, partitions: int) -> Finding:
    """Watch risk commit: each partition gets heartbeats, so each must move on."""
    places = [("events", number) for number in range(partitions)]
    started_s = time.monotonic()
    with (
        broker.sentences(),
        closing(outsider(broker, broker.settings.role_group(RoleName.RISK))) as consumer,
    ):
        first = _committed(broker, consumer, places)
        waiting = set(places)
        while waiting and time.monotonic() - started_s < COMMIT_SECONDS_MAX:
            time.sleep(ASK_SECONDS)
            now = _committed(broker, consumer, waiting)
            waiting = {place for place in waiting if now[place] <= first[place]}
    seconds = time.monotonic() - started_s
    if waiting:
        text = f"nothing was saved of {count(len(waiting), 'partition')} in {seconds:.0f} s"
        return _bad("last commit", text)
    return _good("last commit", f"risk saved every partition within {seconds:.1f} s")


def _versions(reader: OutputReader, rows: Rows) -> Finding:
    if not rows.everyone:
        return _bad("versions", "no partition says which rules decide")
    releases = read_releases(reader, rows, now_ms=time.time_ns() // 1_000_000)
    problem = releases.problem()
    if problem is not None:
        return _bad("versions", f"{releases.text()}: {problem}")
    limits = {row.limits_version.partition(".")[0] for row in rows.everyone.values()}
    text = f"{releases.text()}; limits of {EVERYONE}: version {', '.join(sorted(limits))}"
    return Finding("versions", good=len(limits) == 1, text=text)


def _set_aside(rows: Rows) -> Finding:
    """Name accounts that decide nothing, or whose row cannot be read."""
    aside = sorted(
        {name for name, row in rows.accounts.items() if is_set_aside(row)} | rows.unreadable
    )
    if aside:
        return _bad("accounts", f"set aside or unreadable: {', '.join(aside[:5])}")
    return _good("accounts", f"{count(len(rows.accounts), 'account')}, none set aside")


def _committed(
    broker: Broker, consumer: Consumer, places: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], int]:
    """Return the next offset of each place; negative without one."""
    named = {(topic, number): (broker.settings.topic(topic), number) for topic, number in places}
    found = committed(consumer, named.values())
    return {place: found.get(full, -1) for place, full in named.items()}
