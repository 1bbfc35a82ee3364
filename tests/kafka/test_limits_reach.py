"""A change of limits on a real broker: whom it reaches by itself, and how soon."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.local.kafka import LocalKafka
from tests import given
from tests.kafka.world import PARTITIONS, Record, Row, World

HELD, RESERVED, QUIET = ("held-1", "held-2"), "reserved", "quiet"
EXPOSED = (*HELD, RESERVED)
RULES = given.only("unknown_account")
CHANGES = range(2, 7)  # Versions.
REACH_MS_MAX = 2000  # The promise itself, by the broker's clock alone.


@pytest.fixture
def world(kafka: LocalKafka, tmp_path: Path) -> Iterator[World]:
    with World(kafka.bootstrap, tmp_path) as world:
        for topic in ("limits", "account_states"):
            world.configure(topic, "message.timestamp.type", "LogAppendTime")
        world.run().ready()
        world.send(given.instrument(), given.price(100), given.limits(RULES))
        world.read("events", lambda rows: kinds(rows).count("limits") == PARTITIONS)
        world.send(*(given.account(name) for name in (*EXPOSED, QUIET)))
        rows_at(world, "1.0", *EXPOSED, QUIET)
        world.await_price()
        world.send(*(given.fill("buy", 5, 100, account_id=name) for name in HELD))
        world.send(given.signal(account_id=RESERVED))
        world.read("account_states", lambda rows: {*map(exposed, rows)} >= {*EXPOSED})
        yield world


def test_positions_and_reservations_follow_in_two_seconds_when_the_limits_of_all_change(
    world: World,
) -> None:
    for version in CHANGES:
        world.send(given.limits(RULES, version=version))
        published_ms = append_ms(world, version)
        rows = rows_at(world, f"{version}.0", *EXPOSED)

        assert max(record.at_ms for record in rows.values()) - published_ms <= REACH_MS_MAX
        # The opening and the fill or signal, and one event for each change.
        assert {record.row["sequence"] for record in rows.values()} == {version + 1}

    revaluations = ["revaluation"] * len(CHANGES)
    wanted = {
        QUIET: ["accounts"],
        RESERVED: ["accounts", "signals", *revaluations],
        **{name: ["accounts", "fills", *revaluations] for name in HELD},
    }
    world.read("events", lambda rows: {name: kinds(rows, name) for name in wanted} == wanted)


@pytest.mark.parametrize("account_id", [HELD[0], RESERVED])
def test_account_follows_in_two_seconds_when_its_own_limits_change(
    world: World, account_id: str
) -> None:
    for version in CHANGES:
        world.send(given.limits(RULES, account_id=account_id, version=version))
        published_ms = append_ms(world, version)
        record = rows_at(world, f"1.{version}", account_id)[account_id]

        assert record.at_ms - published_ms <= REACH_MS_MAX
        assert record.row["sequence"] == version + 1


def test_next_decision_of_a_quiet_account_names_the_version_when_the_limits_of_all_change(
    world: World,
) -> None:
    world.send(given.limits(RULES, version=2))
    rows_at(world, "2.0", *EXPOSED)

    world.send(given.signal(account_id=QUIET, signal_id="next"))

    decisions = world.read("decisions", lambda rows: rows[-1].get("signal_id") == "next")
    assert decisions[-1]["limits_version"] == "2.0"
    assert decisions[-1]["sequence"] == 2  # Nothing came between its opening and its signal.


def rows_at(world: World, version: str, *names: str) -> dict[str, Record]:
    """Return the first row of each account that names this version."""
    found: dict[str, Record] = {}

    def take(record: Record) -> bool:
        if record.row["limits_version"] == version:
            found.setdefault(record.row["account_id"], record)
        return found.keys() >= {*names}

    world.follow("account_states", take)
    return {name: found[name] for name in names}


def append_ms(world: World, version: int) -> int:
    """Return when the document of a version came into the log."""
    found: list[int] = []

    def take(record: Record) -> bool:
        if record.row["version"] == version:
            found.append(record.at_ms)
        return bool(found)

    world.follow("limits", take)
    return found[0]


def exposed(row: Row) -> object:
    """Return whose row it is if anything is held or reserved in it."""
    return row["account_id"] if row["positions"] or row["reservations"] else None


def kinds(events: list[Row], account_id: str | None = None) -> list[object]:
    """Return the types of events, of one account or of all."""
    return [row["type"] for row in events if account_id in (None, row["account_id"])]
