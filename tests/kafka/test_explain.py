"""`riskgate explain` finds on a real broker what the roles decided."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from pipeline.local.kafka import LocalKafka
from tests import given
from tests.cli.command import riskgate
from tests.kafka.world import PARTITIONS, World


@pytest.fixture(scope="module")
def world(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two accounts: one order approved, one refused for its price, one before any opening."""
    with World(kafka.bootstrap, Path(tmp_path_factory.mktemp("explain"))) as world:
        world.run()
        world.send(given.instrument(), given.account("a"))
        world.send(given.limits(given.only("unknown_account", "price_collar")))
        wanted = PARTITIONS + 1
        world.read("events", lambda rows: _count(rows, "limits", "accounts") >= wanted)
        world.send(given.price(100))
        world.await_price()
        world.send(given.signal("buy", 2, signal_id="fine", account_id="a", limit_price=100))
        world.send(given.signal("buy", 2, signal_id="dear", account_id="a", limit_price=200))
        world.send(given.signal("buy", 2, signal_id="early", account_id="b", limit_price=100))
        world.read("decisions", lambda rows: len(rows) >= 3)
        yield world


def _count(rows: list[dict[str, object]], *types: str) -> int:
    return sum(row["type"] in types for row in rows)


def explain(world: World, *arguments: str) -> tuple[int, str]:
    """Return exit code and output."""
    done = riskgate(
        "explain",
        *arguments,
        brokers=world.settings.brokers,
        topic_prefix=world.settings.topic_prefix,
        partitions=PARTITIONS,
    )
    return done.returncode, done.stdout


def signals(world: World, *arguments: str) -> list[str]:
    """Return the signals of the decisions that are found."""
    _, lines = explain(world, "--json", *arguments)
    return sorted(orjson.loads(line)["signal_id"] for line in lines.splitlines() if line)


def test_refusal_is_explained_with_its_numbers_when_the_signal_is_named(world: World) -> None:
    code, text = explain(world, "dear")

    assert code == 0
    assert "REJECTED  signal dear" in text
    assert "reasons    price_collar" in text
    # 200 / 100 - 1 beyond 0.05.
    assert ["price_collar", "breach", "1", "0.05", "-0.95"] in [
        line.split() for line in text.splitlines()
    ]


def test_decisions_are_found_by_account_time_and_rule_when_no_signal_is_named(world: World) -> None:
    now = datetime.fromtimestamp(time.time(), UTC).isoformat()

    assert signals(world, "--at", now) == ["dear", "early", "fine"]
    assert signals(world, "--account", "a") == ["dear", "fine"]
    assert signals(world, "--at", now, "--refused") == ["dear", "early"]
    assert signals(world, "--rule", "unknown_account") == ["early"]


def test_explain_ends_with_one_when_nothing_is_found(world: World) -> None:
    assert explain(world, "unheard") == (1, "")
    assert explain(world, "fine", "--account", "b") == (1, "")
    assert explain(world, "fine", "--at", "2020-01-01T00:00") == (1, "")


def test_no_more_are_shown_than_asked_for_when_there_are_many(world: World) -> None:
    assert len(signals(world, "--from", "1h", "--account", "a", "--max", "1")) == 1
