"""The console's questions about a stop, answered by commands where there is no browser."""

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from pipeline.local.kafka import LocalKafka
from pipeline.streams.roles.children import riskgate_command
from tests import given
from tests.kafka.test_broadcast import HELD, has_revaluation_at
from tests.kafka.world import Row, World

ACCOUNT = given.ACCOUNT
WHY = "the feed is right again"
LIMIT = given.limits(given.only("daily_loss", daily_loss_ratio_max="0.02"))
Ask = Callable[..., str]


@pytest.fixture(scope="module")
def ask(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Stop an account by a loss and close it; return what types a command with nothing on PATH."""
    empty = tmp_path_factory.mktemp("empty")
    with World(kafka.bootstrap, Path(tmp_path_factory.mktemp("world"))) as world:
        lose_and_close(world)
        environment = {**world.environment("commands"), "PATH": str(empty)}

        def ask(*arguments: str) -> str:
            done = subprocess.run(
                riskgate_command(*arguments), env=environment, capture_output=True, text=True,
                timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        yield ask


def lose_and_close(world: World) -> None:
    """Let five units bought at 100 of a balance of 1000 fall by more than 20, and sell them."""
    for role in ("broadcast", "risk", "ingest"):
        world.run(role).ready()
    world.send(LIMIT, *HELD)
    world.read("account_states", lambda rows: any(row["positions"] for row in rows))
    for price in ("94.9", "94.8", "94.7"):
        world.send(given.price(price))
        world.read("events", partial(has_revaluation_at, price))
    sold = world.read("decisions", lambda rows: rows[-1]["kind"] == "exit")[-1]
    exit_id = sold["exit_id"]
    world.send(given.fill("sell", 5, "94.7", fill_id="fill-2", signal_id=exit_id))
    world.read("emergency_stops", is_flat)


def is_flat(rows: list[Row]) -> bool:
    """Whether the stop's account holds nothing any more."""
    return str(rows[-1]["status"]) == "flat"


def stop_id(ask: Ask) -> str:
    """Return the id of the open stop, as a person reads it from the table."""
    head, row, *_ = ask("stops", "--open", "--table").splitlines()
    assert head.split()[0] == "stop"
    return row.split()[0]


def test_account_rule_and_numbers_are_named_when_one_asks_what_is_stopped(ask: Ask) -> None:
    (row,) = ask("stops", "--open", "--table").splitlines()[1:2]

    assert row.startswith(f"{ACCOUNT}:")
    assert [word in row for word in ("daily_loss", "26.5", "20", "flat")] == [True] * 4


def test_what_was_closed_is_named_when_one_asks_why(ask: Ask) -> None:
    said = ask("explain", "--account", ACCOUNT, "--max", "10")

    for word in ("STOPPED", "daily_loss 26.5 is beyond 20", "EXIT sell 5", "FLAT"):
        assert word in said


def test_limit_and_its_origin_are_named_when_one_asks_for_the_account(ask: Ask) -> None:
    said = ask("accounts", ACCOUNT, "--table")

    assert said.startswith(f"{ACCOUNT}: halted, exits go on\n")
    (line,) = (line for line in said.splitlines() if "daily_loss_ratio_max" in line)
    assert [line.split()[1], "* v1" in line] == ["0.02", True]


def test_stop_is_acknowledged_and_lifted_when_a_person_gives_a_reason(ask: Ask) -> None:
    stop = stop_id(ask)
    signed = ("--stop-id", stop, "--author", "ada", "--reason", WHY)

    seen, shown = ask("acknowledge", ACCOUNT, *signed), ask("resume", ACCOUNT)
    lifted = ask("resume", ACCOUNT, *signed)

    assert seen.startswith(f"stop {stop} is acknowledged by ada; it stays open (")
    assert "lost: daily_loss measured 26.5, its limit was 20" in shown
    assert lifted.startswith(f"stop {stop} of {ACCOUNT} is lifted; it trades again (")
    assert ask("resume", ACCOUNT) == f"{ACCOUNT} has no open stop.\n"


def test_everything_is_listed_when_one_asks_who_did_what(ask: Ask) -> None:
    said = ask("audit", "--account", ACCOUNT, "--format", "text")

    places = [said.index(word) for word in ("LIMITS *", "STOPPED", "acknowledge", "RESUMED")]
    assert places == sorted(places)
    assert said.count(WHY) >= 3
