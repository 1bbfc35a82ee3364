"""Budgets on a real broker: one gives first, then another takes; only one rebalancer publishes."""

import os
import subprocess
from pathlib import Path

import pytest

from pipeline.budgets.budget_file import load_budgets
from pipeline.budgets.rebalancer import BudgetsError, Rebalancer
from pipeline.streams.roles.children import riskgate_command
from tests import given
from tests.kafka.world import World

RULES = given.only("heartbeat", "gross_exposure")
FILE = """\
currency: USD
groups: {all: {gross_exposure_max: 1000, daily_loss_max: 100, accounts: [a, b]}}
"""
FIRST = """\
a version 1: gross_exposure_max 500, daily_loss_max 50
b version 1: gross_exposure_max 500, daily_loss_max 50
"""
SAID = ("--author", "desk", "--reason", "test")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "budgets.yaml"
    path.write_text(FILE)
    return path


def budgets(world: World, *arguments: str) -> tuple[int, str]:
    return run(world, "budgets", *arguments)


def run(world: World, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        riskgate_command(*arguments),
        env={**os.environ, **world.environment("budgets")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def wait_for_versions(world: World, **versions: int) -> None:
    wanted = {name: f"1.{version}" for name, version in versions.items()}
    world.read(
        "account_states",
        lambda rows: wanted.items() <= {r["account_id"]: r["limits_version"] for r in rows}.items(),
    )


def test_unused_allowance_moves_when_one_account_uses_its_own(world: World, file: Path) -> None:
    world.run()
    world.send(given.limits(RULES), given.instrument(), given.price(100))
    world.send(*(given.account(name, balance=100_000) for name in ("a", "b")))
    assert budgets(world, "apply", str(file), *SAID) == (0, FIRST)
    wait_for_versions(world, a=1, b=1)
    world.send(given.fill("buy", 5, 100, account_id="a"))
    world.read("account_states", lambda rows: any(row["worst_exposure"] == "500" for row in rows))

    shrunk = budgets(world, "apply", str(file), *SAID)[1]
    wait_for_versions(world, a=1, b=2)
    grown = budgets(world, "run", str(file), *SAID, "--turns", "1")[1]

    assert shrunk == "b version 2: gross_exposure_max 250, daily_loss_max 50\n"
    assert grown == "a version 2: gross_exposure_max 750, daily_loss_max 50\n"
    assert budgets(world, "show", str(file))[1].startswith("all: gross_exposure_max 1000 in force")


def test_older_rebalancer_publishes_nothing_when_a_newer_one_began(
    world: World, file: Path
) -> None:
    first = Rebalancer(world.settings, author="first", reason="test")
    second = Rebalancer(world.settings, author="second", reason="test")

    with pytest.raises(BudgetsError, match="another rebalancer took over"):
        first.turn(load_budgets(file))

    assert [document.author for document in second.turn(load_budgets(file))] == ["second", "second"]


def test_person_is_told_when_a_document_takes_an_allowance_away(world: World, file: Path) -> None:
    Rebalancer(world.settings, author="first", reason="test").turn(load_budgets(file))
    file.write_text("cash: {}\n")

    code, printed = run(world, "limits", "apply", str(file), *SAID, "--account", "a", "--no-wait")

    assert code == 0, printed
    assert "rules.gross_exposure.gross_exposure_max is removed" in printed
    assert "rules.daily_loss.daily_loss_max is removed" in printed
