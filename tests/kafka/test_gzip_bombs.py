"""A batch that takes all memory to unpack ends a process at most once."""

import re
from typing import Any

import pytest

from tests import given
from tests.kafka.bombs import send_bomb
from tests.kafka.limited import Limited
from tests.kafka.world import World, until

MEBIBYTES = 512
BOMBS = {"gzip": (1, 900), "lz4": (3, 200)}  # How many, and what each unpacks to, in MB.


def send_signals(world: World, name: str, count: int) -> None:
    world.send(*(given.signal("buy", 1, signal_id=f"{name}-{n}") for n in range(count)))
    world.flush()


def send_bombs(world: World, topic: str, codec: str, partition: int) -> int:
    """Send what no process has room for; return how many offsets it takes."""
    name, (times, megabytes) = world.settings.topic(topic), BOMBS[codec]
    for _ in range(times):
        send_bomb(
            world.settings.brokers, name, megabytes=megabytes, codec=codec, partition=partition
        )
    return times * megabytes


def offsets_of(row: dict[str, Any]) -> range:
    """Return the offsets that a dead letter stands for: of a batch, or its own."""
    batch = re.search(r"Offsets (\d+) to (\d+) cannot be unpacked", row["error"])
    first = int(batch[1]) if batch else row["source"]["offset"]
    return range(first, int(batch[2]) + 1 if batch else first + 1)


def await_set_aside(world: World, topic: str, offsets: range) -> int:
    """Wait until each offset has a dead letter; return how many batches were set aside.

    A bomb for which there is room after all is no bomb: its records are dead letters one by one.
    """
    rows = world.read(
        "dead_letters",
        lambda rows: set(offsets) <= {offset for row in rows for offset in offsets_of(row)},
    )
    letters = [row for row in rows if "cannot be unpacked" in row["error"]]
    assert {row["source"]["topic"] for row in rows} == {topic}, rows
    firsts = [letter["source"]["offset"] for letter in letters]
    assert firsts == sorted(set(firsts))
    return len(letters)


@pytest.mark.parametrize("codec", BOMBS)
def test_signals_go_on_when_a_bomb_is_among_them(world: World, codec: str) -> None:
    wanted = {f"{name}-{n}" for name in ("before", "after") for n in range(20)}
    partition = world.partition_of(given.ACCOUNT)
    with Limited(world, "ingest", mebibytes=MEBIBYTES) as limited:
        send_signals(world, "before", 20)
        behind = 20 + send_bombs(world, "signals", codec, partition)
        send_signals(world, "after", 20)

        world.read("events", lambda rows: wanted <= {r["body"].get("signal_id") for r in rows})
        batches = await_set_aside(world, "signals", range(20, behind))
        line = 'riskgate_dead_letters_total{error="unreadable",topic="signals"}'
        until(lambda: limited.worker.ready().metric(line) >= bool(batches), world.logs)

    assert batches or codec == "lz4"  # There is never room for the one of gzip.
    assert limited.deaths <= BOMBS[codec][0]


def test_decisions_go_on_when_a_bomb_is_among_the_events(world: World) -> None:
    wanted = {f"{name}-{n}" for name in ("before", "after") for n in range(20)}
    partition = world.partition_of(given.ACCOUNT)
    world.run("ingest").ready()
    with Limited(world, "risk", mebibytes=MEBIBYTES) as limited:
        send_signals(world, "before", 20)
        world.read("decisions", lambda rows: len(rows) >= 20)
        behind = 20 + send_bombs(world, "events", "gzip", partition)
        send_signals(world, "after", 20)

        decided = world.read("decisions", lambda rows: wanted <= {r["signal_id"] for r in rows})
        batches = await_set_aside(world, "events", range(20, behind))
        line = 'riskgate_dead_letters_total{error="unreadable",topic="events"}'
        until(lambda: limited.worker.ready().metric(line) >= 1, world.logs)

    assert batches == 1
    assert len(decided) == len(wanted)
    assert limited.deaths <= 1


def test_partition_gets_heartbeats_again_when_a_bomb_is_among_the_account_states(
    world: World,
) -> None:
    home = world.partition_of(given.ACCOUNT)
    line = f'riskgate_heartbeats_withheld_total{{partition="{home}"}}'
    with Limited(world, "broadcast", mebibytes=MEBIBYTES) as limited:
        open_account(world)
        send_bombs(world, "account_states", "gzip", home)

        (letter,) = world.read("dead_letters", bool)
        until(lambda: limited.worker.ready().metric(line) >= 1, world.logs)
        logged = limited.worker.ready().log()

        assert letter["source"]["topic"] == "account_states"
        assert f"partition {home} gets no heartbeat until risk writes its rows again" in logged
        assert limited.worker.end() == 0
        until(lambda: limited.deaths == 2, world.logs)
        limited.worker.ready()
    assert limited.deaths == 2  # Killed by the bomb, ended by the test; it is known from then on.


def open_account(world: World) -> None:
    """Run risk and ingest until an account has a row."""
    for role in ("risk", "ingest"):
        world.run(role).ready()
    world.send(given.account(), given.signal("buy", 1))
    world.read("account_states", lambda rows: any(r["account_id"] == given.ACCOUNT for r in rows))


@pytest.mark.parametrize("codec", BOMBS)
def test_prices_go_on_when_a_bomb_is_among_them(world: World, codec: str) -> None:
    price = given.price(100)
    partition = world.partition_of(price.symbol)
    # Asked for an offset by time, the broker itself unpacks the first batch of that time.
    world.send(price)
    world.flush()
    with Limited(world, "broadcast", mebibytes=MEBIBYTES) as limited:
        behind = 1 + send_bombs(world, "prices", codec, partition)
        await_set_aside(world, "prices", range(1, behind))
        world.run("risk").ready()
        until(lambda: limited.worker.get("readyz").status_code == 200, world.logs)
        line = 'riskgate_dead_letters_total{error="unreadable",topic="prices"}'
        assert limited.worker.metric(line) >= 1

        assert limited.deaths <= BOMBS[codec][0]
