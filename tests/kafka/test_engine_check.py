"""Engine and engine-check on a real broker: the demo's venue obeys what the check writes."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from functools import partial

import pytest

from pipeline.demo.market import Quote
from pipeline.demo.venue import DemoVenue
from pipeline.streams.clients.partitioner import partition_of
from riskgate import Engine, UnavailableError
from riskgate.conformance.check import check
from riskgate.conformance.kafka_stage import KafkaStage
from riskgate.conformance.play import Terms
from riskgate.connection import Connection
from tests.client.given_decisions import decision_bytes
from tests.kafka.world import Row, World

QUOTES = {"SP500": Quote("SP500", Decimal(1999), Decimal(2001), Decimal(2000))}
TERMS = Terms(patience_ms=20_000, quiet_ms=1200)


@contextmanager
def running(world: World, venue: DemoVenue) -> Iterator[None]:
    engine = Engine(venue)
    brokers, prefix = world.settings.brokers, world.settings.topic_prefix
    thread = threading.Thread(target=engine.run, args=(brokers,), kwargs={"topic_prefix": prefix})
    thread.start()
    yield
    engine.stop()
    thread.join()


def paper() -> DemoVenue:
    venue = DemoVenue({})
    venue.quotes = QUOTES
    return venue


def stage(world: World) -> KafkaStage:
    settings = world.settings
    return KafkaStage(Connection(settings.brokers, settings.topic_prefix, {}), partition_of)


def test_the_engine_breaks_no_clause_over_kafka(world: World) -> None:
    with closing(stage(world)) as played, running(world, paper()):
        found = list(check(played, TERMS))

    assert [(each.clause.name, each.broken) for each in found if each.broken] == []
    assert played.unreadable == []


def test_a_decision_is_answered_once_when_the_engine_restarts(world: World) -> None:
    for signal_id in ("s1", "s2"):
        value = decision_bytes(signal_id, sequence=int(signal_id[1:]))
        world.send_bytes("decisions", value, key=b"acct-1")
        with running(world, paper()):
            rows = world.read("orders", partial(ends_with, signal_id))

    # The first engine committed s1; both are of another year.
    assert [(row["signal_id"], row["status"]) for row in rows] == [
        ("s1", "expired"),
        ("s2", "expired"),
    ]


def ends_with(signal_id: str, rows: list[Row]) -> bool:
    return bool(rows) and rows[-1]["signal_id"] == signal_id


def test_a_check_is_refused_where_riskgate_has_worked(world: World) -> None:
    world.send_bytes("events", b"{}", key=b"acct-1")
    world.flush()

    with pytest.raises(UnavailableError, match="riskgate has worked under the topic prefix"):
        stage(world)


def test_one_account_alone_is_refused_at_every_start_when_its_record_is_noise(
    world: World,
) -> None:
    world.send_bytes("decisions", b"noise", key=b"acct-1")
    for start in (1, 2):
        for account in ("acct-1", "acct-2"):
            value = decision_bytes(f"s{start}", account=account, sequence=start)
            world.send_bytes("decisions", value, key=account.encode())
        with running(world, paper()):
            rows = world.read("orders", partial(are_many, 2 * start))

    assert sorted((row["account_id"], row["signal_id"], row["status"]) for row in rows) == [
        ("acct-1", "s1", "rejected"),
        ("acct-1", "s2", "rejected"),
        ("acct-2", "s1", "expired"),  # Of another year.
        ("acct-2", "s2", "expired"),
    ]


def are_many(count: int, rows: list[Row]) -> bool:
    return len(rows) >= count
