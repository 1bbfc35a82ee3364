"""The programs of docs/strategies.md, as they stand there, with riskgate and a real broker."""

import os
import subprocess
from pathlib import Path

from pipeline.streams.roles.children import python_command
from tests import given
from tests.kafka.world import Worker, World
from tests.pages import program


def command(name: str, folder: Path) -> list[str]:
    """Return the command that runs a program of the page."""
    return python_command(program("strategies", name, folder))


def test_a_strategy_gets_its_decision_and_its_fill(world: World, tmp_path: Path) -> None:
    world.run("ingest", "risk", "broadcast")
    world.send(given.limits(given.only()), given.instrument(), given.account(), given.price(100))
    world.await_price()
    environment = {**os.environ, **world.environment("client")}
    engine = Worker.start(command("venue", tmp_path), tmp_path / "venue.log", environment)

    try:
        strategy = command("strategy", tmp_path)
        said = subprocess.run(strategy, check=True, capture_output=True, env=environment, text=True)
        (fill,) = world.read("fills", bool)
        rows = world.read("orders", lambda rows: rows[-1]["status"] == "filled")
    finally:
        engine.kill()

    assert said.stdout.splitlines()[0] == "approved 2"
    assert (fill["quantity"], fill["price"], fill["side"]) == ("2", "100", "buy")
    mine = [row["status"] for row in rows if row["account_id"] == "acct-1"]
    assert mine == ["accepted", "filled"]


def test_the_programs_are_as_short_as_they_claim(tmp_path: Path) -> None:
    lines = {
        name: [line for line in Path(command(name, tmp_path)[-1]).read_text().splitlines() if line]
        for name in ("strategy", "venue")
    }

    assert (len(lines["strategy"]), len(lines["venue"])) == (10, 20)
