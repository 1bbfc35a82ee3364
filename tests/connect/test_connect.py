"""docs/connect.md: Kafka Connect's worker and a Postgres, as the page shows them."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from pipeline.local.java import java
from pipeline.local.kafka import LocalKafka
from pipeline.local.kafka_jars import class_path
from pipeline.local.processes import end_process, start_process
from pipeline.streams.roles.children import python_command
from tests import given
from tests.connect.postgres import Postgres
from tests.kafka.world import World, until
from tests.pages import block

HERE = Path(__file__).parent
END_SECONDS_MAX = 30.0


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder in which Connect wrote decisions.jsonl."""
    folder = tmp_path_factory.mktemp("connect")
    with LocalKafka() as kafka, World(kafka.bootstrap, folder) as world:
        world.run("ingest", "risk", "broadcast")
        world.send(
            given.limits(given.only()), given.instrument(), given.account(), given.price(100)
        )
        world.await_price()
        world.send(given.signal("buy", 2), given.signal("buy", "0.5", signal_id="signal-2"))
        world.read("decisions", lambda rows: len(rows) == 2)
        for name in ("worker", "decisions"):
            text = block("connect", name, "properties").replace(
                "risk.decisions", world.settings.topic("decisions")
            )
            text = text.replace("localhost:9092", kafka.bootstrap)
            text = re.sub(r"=(connect.offsets|decisions.jsonl)\n", rf"={folder}/\1\n", text)
            (folder / f"{name}.properties").write_text(text)
        connect(folder)
        yield folder


def connect(folder: Path) -> None:
    """Run the worker until it has written both lines."""
    runtime = java()
    main = "org.apache.kafka.connect.cli.ConnectStandalone"
    files = [str(folder / f"{name}.properties") for name in ("worker", "decisions")]
    options = [*runtime.options, "-Xmx256m", "-cp", class_path(HERE / "connect_jars.lock")]
    log, out = folder / "connect.log", folder / "decisions.jsonl"
    process = start_process([runtime.path, *options, main, *files], log=log)
    try:
        until(
            lambda: (
                (out.exists() and out.read_text().count("\n") == 2) or process.poll() is not None
            ),
            log.read_text,
        )
    finally:
        process.terminate()
        end_process(process, seconds_max=END_SECONDS_MAX)


def test_lines_are_the_messages_when_connect_wrote_them(lines: Path) -> None:
    rows = [orjson.loads(line) for line in (lines / "decisions.jsonl").read_bytes().splitlines()]

    assert [(row["signal_id"], row["approved_quantity"]) for row in rows] == [
        ("signal-1", "2"),
        ("signal-2", "0.5"),
    ]


def test_postgres_counts_each_once_when_lines_arrive_twice(lines: Path, tmp_path: Path) -> None:
    view = tmp_path / "view.py"
    view.write_text(block("connect", "view", "python"))
    path = f"{Path(python_command()[0]).parent}{os.pathsep}{os.environ['PATH']}"
    made = subprocess.run(
        python_command(str(view)),
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    table = block("connect", "table", "sql")
    again = table[table.index("CREATE TEMP") :].replace("arrived", "repeated")

    with Postgres() as postgres:
        postgres.run(table + again + made, folder=lines)
        total = postgres.run("SELECT count(*), sum(approved_quantity) FROM decided", folder=lines)

    assert total == "2|2.5"
