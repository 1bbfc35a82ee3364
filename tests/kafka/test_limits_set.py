"""`riskgate limits set`, `propose` and `approve` with risk running: the gate itself answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.local.kafka import LocalKafka
from tests import given
from tests.cli.command import riskgate
from tests.kafka.world import World

ANN, BOB = ("--author", "ann", "--reason", "a test"), ("--author", "bob", "--reason", "agreed")
SMALL = ("order_notional.enabled=true", "order_notional.order_notional_max=150")


@pytest.fixture(scope="module")
def world(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return a world in which all roles run and accounts `a` and `b` are open."""
    with World(kafka.bootstrap, Path(tmp_path_factory.mktemp("limits"))) as world:
        world.run()
        world.send(given.instrument(), given.account("a"), given.account("b"), given.price(100))
        world.send(given.limits(given.only()))
        world.await_price()
        world.read("account_states", lambda rows: {"a", "b"} <= {r["account_id"] for r in rows})
        yield world


def limits(world: World, *arguments: str) -> tuple[int, list[str], str]:
    """Return exit code, lines and complaints of a command about limits."""
    settings = world.settings
    names = {"topic_prefix": settings.topic_prefix, "group_prefix": settings.group_prefix}
    done = riskgate("limits", *arguments, brokers=settings.brokers, **names)
    return done.returncode, done.stdout.splitlines(), done.stderr


def origin(world: World, account: str, parameter: str) -> str:
    """Return the value of a parameter and where it comes from."""
    _, lines, _ = limits(world, "show", account)
    return next(" ".join(line.split()[1:]) for line in lines if line.startswith(parameter))


def test_limit_ends_by_itself_when_it_is_set_for_a_time(world: World) -> None:
    code, lines, _ = limits(world, "set", "a", *SMALL, "--for", "4s", "--yes", *ANN)
    held = origin(world, "a", "order_notional.order_notional_max")

    world.read(
        "alerts",
        lambda rows: any(
            (row["account_id"], row["message"]) == ("a", "version 1 has ended: its time is over")
            for row in rows
        ),
    )

    assert code == 0
    assert lines[1] == "order_notional.order_notional_max: no limit (default) -> 150"
    assert lines[-1].startswith("version 1 for a is in force (")
    assert held.startswith("150 a v1 until ")
    assert origin(world, "a", "order_notional.order_notional_max").startswith("no limit default")


def test_temporary_limit_ends_at_once_when_somebody_ends_it(world: World) -> None:
    begun = limits(world, "set", "*", "cash.fee_ratio=0.01", "--for", "1h", "--yes", *ANN)
    held = origin(world, "b", "cash.fee_ratio")

    ended = limits(world, "end", "*", "--yes", *BOB)

    assert (begun[0], ended[0]) == (0, 0)
    assert held.startswith("0.01 * v2 until ")
    assert ended[1][0].startswith("cash.fee_ratio: 0.01 (* v2 until ")
    assert ended[1][0].endswith("-> back to 0 (default)")
    assert ended[1][-1].startswith("version 3 for every account is in force in ")
    assert origin(world, "b", "cash.fee_ratio").startswith("0 default")


def test_last_hours_are_decided_again_when_a_change_is_held_against_them(world: World) -> None:
    world.send(given.signal("buy", 2, signal_id="s1", account_id="b"))
    world.read("decisions", lambda rows: any(row.get("signal_id") == "s1" for row in rows))

    code, lines, complaint = limits(world, "set", "b", *SMALL, "--against-hours", "24", *ANN)

    assert code == 2
    assert "Publish this for b? Without a terminal" in " ".join(complaint.split())
    assert "The last 24 hours, as decided -> with this change:" in lines
    assert "  b: approved 1 -> 0, modified 0 -> 1, rejected 0 -> 0, stopped 0 -> 0" in lines
    assert "1 decisions, exits and stops compared, 1 differ." in lines


def test_update_is_refused_by_the_gate_when_another_version_is_expected(world: World) -> None:
    first = limits(world, "set", "b", *SMALL, "--yes", *ANN)[0]

    code, _, complaint = limits(
        world, "set", "b", "cash.fee_ratio=0.001", "--expect-version", "0", "--yes", *BOB
    )

    assert (first, code) == (0, 1)
    assert complaint == (
        "riskgate: refused: version 2 is refused: it expects version 0, but 1 is in force\n"
    )
    assert origin(world, "b", "cash.fee_ratio").startswith("0 default")


def test_proposal_takes_effect_when_another_author_approves_it(world: World) -> None:
    strict = limits(world, "set", "a", "approvals.second_author=true", "--yes", *ANN)[0]
    alone = limits(world, "set", "a", "cash.fee_ratio=0.001", "--yes", *ANN)
    proposed = limits(world, "set", "a", "cash.fee_ratio=0.002", "--propose", "--yes", *ANN)
    itself = limits(world, "approve", "a", "--yes", *ANN)
    other = limits(world, "approve", "a", "--yes", *BOB)

    assert (strict, alone[0], proposed[0], itself[0], other[0]) == (0, 1, 0, 1, 0)
    assert "asks for a proposal and another author" in alone[2]
    assert "waits for the approval of another author than ann" in proposed[1][-1]
    assert "ann proposed it, so another author must approve it" in itself[2]
    assert other[1][1] == "cash.fee_ratio: 0 (default) -> 0.002"
    assert origin(world, "a", "cash.fee_ratio").startswith("0.002 a v")
