"""A deployment whose risk worker alone runs, its log written by hand, and what a test asks of it.

Without ingest, the append times of two logs are all that their events differ by.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from pipeline.repartition.target import Names, Target
from pipeline.replay.memory import MemoryStore
from pipeline.risk.step import topic_of
from pipeline.rules_version import rules_version
from pipeline.streams.clients.topic_plan import risk_changelog
from pipeline.streams.engine.applications import RiskApplication
from pipeline.streams.input_groups import OPERATORS_GROUP
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.decide.decide import Risk, read_event
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from pipeline.streams.roles.workers import engine_settings
from pipeline.streams.settings import Settings
from tests import given
from tests.kafka.rig import Worker
from tests.kafka.world import PARTITIONS, World, until
from topics.codec import DecodeError, encode, encode_event
from topics.events import (
    AccountEvent,
    Event,
    FillEvent,
    HeartbeatEvent,
    LimitsEvent,
    Quote,
    SignalEvent,
)
from topics.events import Heartbeat as Nothing

ACCOUNTS = [f"acct-{number}" for number in range(12)]
RULES = given.only("cash", "drawdown", "heartbeat", "order_rate")
MORE = 2 * PARTITIONS


class Logged(NamedTuple):
    """A record of a log."""

    offset: int
    value: bytes
    at_ms: int


def begin(world: World, accounts: Sequence[str] = ACCOUNTS) -> None:
    """Write limits for all, a heartbeat, and the openings."""
    now_ms = int(time.time() * 1000)
    everywhere = range(world.settings.partitions)
    write(world, LimitsEvent(account_id="*", body=given.limits(RULES)), everywhere)
    write(world, HeartbeatEvent(account_id="*", body=Nothing()), everywhere)
    for name in accounts:
        opening = given.account(name, balance=1000, as_of_ms=now_ms)
        write(world, AccountEvent(account_id=name, body=opening))


def write(world: World, event: Event, partitions: Sequence[int] = ()) -> None:
    """Write an event to its partition, or to these."""
    key = event.account_id.encode()
    for number in partitions or [world.partition_of(event.account_id)]:
        world.send_bytes("events", encode_event(event), key=key, partition=number)


def send(world: World, first: int, last: int, accounts: Sequence[str] = ACCOUNTS) -> None:
    """Write these signals and fills of each account, and a heartbeat before them."""
    everywhere = range(world.settings.partitions)
    write(world, HeartbeatEvent(account_id="*", body=Nothing()), everywhere)
    for number in range(first, last):
        for name in accounts:
            at_ms = int(time.time() * 1000)
            signal = given.signal(
                signal_id=f"signal-{number}", account_id=name, created_at_ms=at_ms
            )
            market: dict[str, Any] = {"instrument": given.instrument(), "quote": quote(at_ms)}
            write(world, SignalEvent(account_id=name, body=signal, **market))
            fill = given.fill(fill_id=f"fill-{number}", account_id=name, executed_at_ms=at_ms)
            write(world, FillEvent(account_id=name, body=fill, **market))
    world.flush()


def quote(at_ms: int) -> Quote:
    """Return what the market says."""
    return Quote(symbol=given.SYMBOL, last=Decimal(10), as_of_ms=at_ms, offset=at_ms)


def decide(world: World) -> None:
    """Let a worker decide all that is written, and end it."""
    risk = worker(world).ready()
    until(lambda: set(risk.app.status.lags.values()) == {0} and is_read(world, risk), world.logs)
    risk.stop()
    await_alone(world)


def is_read(world: World, risk: Worker) -> bool:
    """Return whether a worker has applied everything."""
    positions = risk.app.status.positions
    events = world.settings.topic("events")
    ends = world.ends("events")
    return all(positions.get((events, number)) == end for number, end in enumerate(ends))


def worker(world: World) -> Worker:
    """Start the risk role in a thread of this process."""
    settings = world.settings
    engine = engine_settings(settings, RoleName.RISK, (settings.topic("events"),))
    app, tally = RiskApplication(engine), Tally()
    produce = {"produce": app.produce, "produce_with_state": app.produce_with_state}
    return Worker(app, Risk(settings, **produce, tally=tally))  # type: ignore[arg-type]


def await_alone(world: World) -> None:
    """Wait until the group of risk has no member."""
    admin, group = AdminClient(world.settings.connection()), world.settings.group("risk")
    until(lambda: not admin.describe_consumer_groups([group])[group].result().members, world.logs)


def lose_state(world: World) -> None:
    """Delete the changelog of risk and what it left on the disk."""
    settings, admin = world.settings, AdminClient(world.settings.connection())
    name = risk_changelog(settings)
    admin.delete_topics([name])[name].result()
    until(lambda: name not in admin.list_topics(timeout=5).topics, world.logs)
    shutil.rmtree(settings.state_dir)


def read_limits(world: World) -> None:
    """Let the group of ingest be behind what is in `limits`, as if it had read that."""
    group, topic = world.settings.group(OPERATORS_GROUP), world.settings.topic("limits")
    places = [TopicPartition(topic, n, end) for n, end in enumerate(world.ends("limits"))]
    with closing(Consumer({**world.settings.connection(), "group.id": group})) as consumer:
        consumer.commit(offsets=places, asynchronous=False)


def target_of(world: World, partitions: int = MORE) -> Target:
    """Return what the world's deployment becomes."""
    return Target.of(world.settings, Names(partitions))


def read_log(settings: Settings, topic: str) -> Iterator[tuple[int, list[Logged]]]:
    """Yield the records of each partition."""
    name = settings.topic(topic)
    properties = {
        **settings.connection(),
        "group.id": "test",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
    }
    for number in range(settings.partitions):
        with closing(Consumer(properties)) as consumer:
            consumer.assign([TopicPartition(name, number, OFFSET_BEGINNING)])
            yield number, list(_to_end(consumer))


def _to_end(consumer: Consumer) -> Iterator[Logged]:
    while True:
        message = consumer.poll(10)
        assert message is not None
        if message.error() is not None:
            return
        yield Logged(message.offset() or 0, bytes(message.value() or b""), message.timestamp()[1])


def decided_as_one(before: list[Logged], after: list[Logged], partition: int) -> list[bytes]:
    """Return the decisions of a log that one core decides whole, from those after on."""
    accounts = PartitionAccounts(
        MemoryStore(), partition=partition, rules_version=rules_version(), kept_max=1000
    )
    found: list[bytes] = []
    for record in [*before, *after]:
        try:
            event = read_event(record.value)
        except DecodeError:
            continue  # Where the log goes on.
        taken = accounts.apply(event, record.value, record.at_ms)
        is_after = record in after
        found += [
            encode(each) for each in taken.outputs if topic_of(each) == "decisions" and is_after
        ]
    return found
