"""A worker of another release takes over where the one before was killed: what it sent stands."""

import os
from collections import Counter
from pathlib import Path
from signal import SIGKILL

import pytest

from pipeline.rules_version import rules_version
from pipeline.streams.roles.children import python_command
from tests import given
from tests.kafka.other_release import OTHER
from tests.kafka.world import Row, Worker, World, until

FIRST = [f"s{number}" for number in range(5)]
DIFFERENCES = "riskgate_release_differences_total"
SENTENCE = "was decided otherwise by rules_version"


def killed_behind_its_checkpoint(world: World) -> None:
    """Let a worker approve signals, and kill it before it saves anything."""
    world.run("ingest").ready()
    worker = world.run("risk", checkpoint_interval_ms=60_000).ready()
    world.send(given.limits(given.only("unknown_account")), given.instrument(), given.account())
    world.send(given.price(100))
    world.await_price()
    world.send(*(given.signal("buy", 1, signal_id=name) for name in FIRST))
    rows = world.read("decisions", lambda rows: len(rows) >= len(FIRST))
    assert [row["verdict"] for row in rows] == ["approved"] * len(FIRST), rows
    worker.kill()


def heir(world: World, how: str, folder: Path) -> Worker:
    """Start a worker of another release in the place of the first."""
    command = python_command("-m", "tests.kafka.other_release", how)
    return Worker.start(command, folder / "heir.log", {**os.environ, **world.environment("one")})


def decisions_after_one_more(world: World) -> list[tuple[str, str, str]]:
    """Return what was decided of each signal, and by whom, once one more is decided."""
    world.send(given.signal("buy", 1, signal_id="after"))
    rows: list[Row] = world.read(
        "decisions", lambda rows: any(row.get("signal_id") == "after" for row in rows)
    )
    signals = [row for row in rows if row["kind"] == "decision"]
    return [(row["signal_id"], row["verdict"], row["rules_version"]) for row in signals]


@pytest.mark.parametrize(
    ("how", "verdict", "differences"), [("alike", "approved", 0), ("stricter", "rejected", 5)]
)
def test_what_was_published_stands_when_another_release_takes_over(
    world: World, tmp_path: Path, how: str, verdict: str, differences: int
) -> None:
    killed_behind_its_checkpoint(world)
    second = heir(world, how, tmp_path)
    try:
        second.ready()
        decisions = decisions_after_one_more(world)

        own = [(name, "approved", rules_version()) for name in FIRST]
        assert decisions == [*own, ("after", verdict, OTHER)]
        until(lambda: second.metric(DIFFERENCES) == differences, second.log)
        assert second.metric("riskgate_forks_total") == 0
        assert Counter(SENTENCE in line for line in second.log().splitlines())[True] == bool(
            differences
        )
        assert '"Decided again: 5 outputs were there already, 0 were not"' in second.log()
    finally:
        second.kill()


def test_what_was_published_stands_when_the_heir_dies_while_it_decides_again(
    world: World, tmp_path: Path
) -> None:
    killed_behind_its_checkpoint(world)
    # It sends a stop behind all that is published, and saves a checkpoint in the middle of it.
    assert heir(world, "halting_and_killed", tmp_path).code() == -SIGKILL
    third = heir(world, "halting", tmp_path)
    try:
        third.ready()
        decisions = decisions_after_one_more(world)

        own = [(name, "approved", rules_version()) for name in FIRST]
        assert decisions == [*own, ("after", "rejected", OTHER)]
        # Behind the checkpoint there were s2 to s4, which it would have rejected.
        assert '"Decided again: 3 outputs were there already' in third.log()
    finally:
        third.kill()
