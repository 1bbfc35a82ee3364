"""A dry run with the real commands: feed prices, ask the gate, be filled on paper, restart."""

import os
import subprocess
from decimal import Decimal
from pathlib import Path

from pipeline.streams.roles.children import riskgate_command
from riskgate import Gate, Signal
from tests import given
from tests.client.given_decisions import decision_bytes
from tests.kafka.world import Row, Worker, World, until


def start(world: World, folder: Path, *options: str) -> Worker:
    """Start `riskgate paper` and wait until it works."""
    out = folder / f"paper-{len(list(folder.glob('paper-*')))}.log"
    environment = {**os.environ, **world.environment("paper"), "PYTHONUNBUFFERED": "1"}
    with out.open("wb") as stream:
        process = subprocess.Popen(
            riskgate_command("paper", *options), env=environment, stdout=stream, stderr=stream
        )
    worker = Worker(process, out)
    until(lambda: "Paper venue on" in worker.log() or process.poll() is not None, worker.log)
    return worker


def feed(world: World, folder: Path, price: int) -> str:
    path = folder / "prices.csv"
    path.write_text(f"time,symbol,bid,ask\n2026-01-01,BTC-USD,{price},{price}\n")
    environment = {**os.environ, **world.environment("feed")}
    done = subprocess.run(
        riskgate_command("feed", str(path), "--at-once"),
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def begin(world: World, folder: Path) -> Worker:
    """Let the gate run with one instrument at 100, and the paper venue with one account."""
    world.run("ingest", "risk", "broadcast")
    world.send(given.limits(given.only()), given.instrument())
    assert feed(world, folder, 100) == "1 prices written\n"
    paper = start(world, folder, "--open", "acct-1=100000", "--fee", "0.001")
    assert "Paper venue on" in paper.log()
    return paper


def approved(world: World, limit: str | None) -> str | None:
    """Ask for two; return the id of the signal if it was approved."""
    signal = Signal(
        account_id="acct-1",
        symbol="BTC-USD",
        side="buy",
        quantity=Decimal(2),
        limit_price=None if limit is None else Decimal(limit),
    )
    with Gate(world.settings.brokers, topic_prefix=world.settings.topic_prefix) as gate:
        decision = gate.ask(signal, timeout=20)
    return decision.signal_id if decision.verdict == "approved" else None


def ended(rows: list[Row], signal_id: str | None) -> bool:
    return any(row["signal_id"] == signal_id and row["status"] == "filled" for row in rows)


def test_an_order_is_filled_once_when_the_venue_restarts(world: World, tmp_path: Path) -> None:
    paper = begin(world, tmp_path)
    first = until(lambda: approved(world, None), paper.log)  # Ingest may not have the price yet.
    world.read("orders", lambda rows: ended(rows, first))
    resting = approved(world, "90")
    world.read("orders", lambda rows: any(row["signal_id"] == resting for row in rows))
    paper.kill()

    again = start(world, tmp_path, "--open", "acct-1=100000")
    feed(world, tmp_path, 89)
    world.read("orders", lambda rows: ended(rows, resting))

    assert again.end() == 0
    fills = world.read("fills", lambda rows: len(rows) >= 2)
    assert [(row["signal_id"], row["price"], row.get("fee")) for row in fills] == [
        (first, "100", "0.2"),
        (resting, "89", "0"),
    ]
    assert f"acct-1: bought 2 BTC-USD at 89 ({resting})" in again.log()


def test_a_dry_run_is_refused_when_another_engine_reports_there(
    world: World, tmp_path: Path
) -> None:
    world.send(given.order("accepted", signal_id="s1", order_id="venue-7"))
    world.flush()

    paper = start(world, tmp_path)

    assert paper.code() == 2
    assert "Another engine reports orders here (order venue-7 of" in paper.log()


def test_a_second_venue_is_refused_when_one_works(world: World, tmp_path: Path) -> None:
    first = start(world, tmp_path)
    # It joins its group a moment after it says that it works.
    world.send_bytes("decisions", decision_bytes("s1"), key=b"acct-1")
    world.read("orders", bool)

    second = start(world, tmp_path)

    assert second.code() == 2
    assert "Another riskgate paper is a member of" in second.log()
    assert first.end() == 0
