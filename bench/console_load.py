"""`make console-load`: measure the console with 10,000 accounts that change twice a second.

On a real broker: how long until it shows everything, how much memory it takes, what a browser gets
of the desk, and how old the newest row is that it sees. A process of its own writes the rows. What
they say is made up; their size is that of accounts with three positions. The table goes to
docs/console.md.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple
from urllib.request import urlopen

import orjson
from confluent_kafka import Producer
from msgspec.structs import replace

from bench.console_cost import cores_needed
from bench.page import publish
from bench.pipeline import settings_of
from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.roles.children import riskgate_command, spawn_context
from pipeline.streams.settings import Settings, variable
from topics.account_states import TOPIC, AccountState, WatchedSymbol
from topics.codec import encode
from topics.decisions import TOPIC as DECISIONS
from topics.decisions import Decision

ACCOUNTS = 10_000
DECISIONS_BEFORE = 50_000
UPDATES = 2  # Of each account per second.
SECONDS = 20
QUEUED_MAX = 2000  # Rows in the writer, a tenth of a second.
START_SECONDS_MAX = 60
PAGE = Path(__file__).parent.parent / "docs" / "console.md"
NAMES = [f"acct-{number:05d}" for number in range(ACCOUNTS)]


class Row(NamedTuple):
    """One row of the table."""

    what: str
    result: str


def main() -> None:
    """Measure and publish the table."""
    with LocalKafka(brief=False) as kafka, tempfile.TemporaryDirectory() as folder:
        settings = settings_of(kafka.bootstrap, "load")
        create_missing(settings)
        _write_before(settings)
        with _console(settings, Path(folder)) as console:
            rows = [*console.idle(), *_under_load(settings, console)]
        rate = ACCOUNTS * UPDATES
        needed = cores_needed(settings, accounts=ACCOUNTS, rows_per_second=rate)
        rows.append(Row(f"processor that {rate:,} rows a second need", f"{needed} cores"))
    load = os.getloadavg()[0]
    lines = [f"| {row.what} | {row.result} |\n" for row in rows]
    table = "| measured | result |\n|---|---|\n" + "".join(lines)
    table += f"\nLoad average of the machine meanwhile: {load:.1f} on {os.cpu_count()} cores.\n"
    publish(PAGE, "console-load", table)
    sys.stdout.write(table)


def _under_load(settings: Settings, console: "Console") -> Iterator[Row]:
    context = spawn_context()
    over, written = context.Event(), context.Value("q", 0)
    writer = context.Process(target=write_rows, args=(settings, over, written))
    writer.start()
    try:
        with console.unread_page():
            yield from console.watched(written)
    finally:
        over.set()
        writer.join()


class Console:
    """A console that runs, and what can be measured of it."""

    def __init__(self, url: str, pid: int, started_s: float) -> None:
        self._url = url
        self._pid = pid
        self._started_s = started_s

    def idle(self) -> Iterator[Row]:
        """Yield what holds once it shows everything."""
        deadline_s = self._started_s + START_SECONDS_MAX
        while not self._ask("/api/status")["fresh"]:
            assert time.monotonic() < deadline_s, "the console did not get ready"
            time.sleep(0.05)
        ready_s = time.monotonic() - self._started_s
        desk = self._ask("/api/accounts")
        assert desk["accounts"] == ACCOUNTS, desk["accounts"]
        held = f"{ACCOUNTS:,} accounts and {DECISIONS_BEFORE:,} decisions"
        yield Row(f"from the start of the process until {held} are shown", f"{ready_s:.1f} s")
        yield Row("memory then", f"{self._memory_mb():.0f} MB")
        yield Row("first page of the desk", f"{self._page_ms():.0f} ms")

    def watched(self, written: "Synchronized[int]") -> Iterator[Row]:
        """Yield what a browser sees while every account changes twice a second."""
        time.sleep(5)  # Until the rows come evenly.
        busy_s, before, began_s = self._busy_s(), written.value, time.monotonic()
        bytes_seen, events, ages_ms = self._stream()
        cores = (self._busy_s() - busy_s) / SECONDS
        rate = (written.value - before) / (time.monotonic() - began_s)
        yield Row("rows that Kafka takes meanwhile", f"{rate:,.0f} per second")
        rates = f"{bytes_seen / SECONDS / 1000:.0f} kB/s in {events / SECONDS:.1f} events/s"
        yield Row(f"desk in a browser, {UPDATES} updates per account and second", rates)
        yield Row("processor that the console gets meanwhile", f"{cores:.2f} cores")
        half, most = (quantiles(ages_ms, n=100)[place] for place in (49, 98))
        yield Row("age of the newest row that it knows", f"p50 {half:.0f} ms, p99 {most:.0f} ms")
        times = sorted(self._page_ms() for _ in range(20))
        yield Row("a page of the desk meanwhile", f"p50 {times[9]:.0f} ms, most {times[-1]:.0f} ms")
        yield Row("memory after it", f"{self._memory_mb():.0f} MB")

    @contextmanager
    def unread_page(self) -> Iterator[None]:
        """Open the desk as a browser does that never reads what it gets."""
        host, _, port = self._url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as lazy:
            lazy.sendall(f"GET /live/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            yield

    def _stream(self) -> tuple[int, int, list[float]]:
        bytes_seen, events, ages_ms = 0, 0, []
        with urlopen(f"{self._url}/live/?sort=event&descending=true&size=50") as stream:
            stream.readline()  # The whole page comes first.
            end_s = time.monotonic() + SECONDS
            while time.monotonic() < end_s:
                line = stream.readline()
                bytes_seen += len(line)
                if line.startswith(b"data: "):
                    events += 1
                    ages_ms.append(self._age_ms(line))
        return bytes_seen, events, [age for age in ages_ms if age is not None]

    def _age_ms(self, line: bytes) -> float | None:
        marks = line.split(b'data-at=\\"')[1:]
        newest = max((int(mark[: mark.index(b"\\")]) for mark in marks), default=None)
        return None if newest is None else time.time() * 1000 - newest

    def _page_ms(self) -> float:
        began_s = time.monotonic()
        with urlopen(f"{self._url}/") as answer:
            answer.read()
        return (time.monotonic() - began_s) * 1000

    def _memory_mb(self) -> float:
        status = Path(f"/proc/{self._pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1000

    def _busy_s(self) -> float:
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _ask(self, path: str) -> dict[str, object]:
        with urlopen(f"{self._url}{path}") as answer:
            found: dict[str, object] = orjson.loads(answer.read())
            return found


@contextmanager
def _console(settings: Settings, folder: Path) -> Iterator[Console]:
    names = ("brokers", "topic_prefix", "group_prefix")
    environment = {variable(name): str(getattr(settings, name)) for name in names}
    environment |= {variable("console_port"): "0", variable("log_format"): "json"}
    log, started_s = folder / "console.log", time.monotonic()
    with log.open("wb") as stream:
        process = subprocess.Popen(
            riskgate_command("console"),
            env={**os.environ, **environment},
            stderr=stream,
        )
    try:
        while "the console is at " not in (said := log.read_text()):
            assert process.poll() is None, said
            time.sleep(0.02)
        url = said.partition("the console is at ")[2].partition('"')[0]
        yield Console(url, process.pid, started_s)
    finally:
        process.terminate()
        process.wait()


def write_rows(settings: Settings, over: Event, written: "Synchronized[int]") -> None:
    """Write every account's row twice a second until it is over; a process of its own."""
    producer, turn, began_s = _producer(settings), 0, time.monotonic()
    name = settings.topic(TOPIC.name)
    template = _template()
    while not over.is_set():
        turn += 1
        for number, account in enumerate(NAMES):
            # Spread over the half second: a real market does not move all at one time.
            if number % 500 == 0:
                due_s = began_s + (turn + number / ACCOUNTS) / UPDATES
                time.sleep(max(0.0, due_s - time.monotonic()))
                at_ms = time.time_ns() // 1_000_000
                producer.poll(0)
            # Nothing waits here for long: else the age of a row would be that of this queue.
            while len(producer) >= QUEUED_MAX:
                producer.poll(0.001)
            row = _row(template, account, sequence=turn + 2, at_ms=at_ms)
            producer.produce(name, row, account.encode())
        written.value += ACCOUNTS
    producer.flush()


def _write_before(settings: Settings) -> None:
    producer, at_ms = _producer(settings), time.time_ns() // 1_000_000
    template = _template()
    for sequence in (1, 2):
        for account in NAMES:
            row = _row(template, account, sequence=sequence, at_ms=at_ms)
            producer.produce(settings.topic(TOPIC.name), row, account.encode())
            producer.poll(0)
    example = DECISIONS.example
    assert isinstance(example, Decision)
    for number in range(DECISIONS_BEFORE):
        account = NAMES[number % ACCOUNTS]
        sequence = 1 + number // ACCOUNTS
        before_ms = at_ms - 60_000 + number
        made = replace(example, account_id=account, sequence=sequence, at_ms=before_ms)
        producer.produce(settings.topic(DECISIONS.name), encode(made), account.encode())
        producer.poll(0)
    producer.flush()


def _producer(settings: Settings) -> Producer:
    return Producer(
        {
            **settings.connection(),
            "linger.ms": 5,
            "partitioner": "murmur2",
            "queue.buffering.max.messages": 1_000_000,
        }
    )


def _template() -> list[bytes]:
    """Return a row in pieces; between them go the values that _row knows."""
    example = TOPIC.example
    assert isinstance(example, AccountState)
    assert example.daily
    assert example.weekly
    symbols = [f"SYM-{number}" for number in range(3)]
    row = replace(
        example,
        account_id="@@",
        watched=tuple(symbols),
        positions=tuple(replace(example.positions[0], symbol=symbol) for symbol in symbols),
        quotes=tuple(
            WatchedSymbol(
                symbol=symbol, mark_price=Decimal(50_000), as_of_ms=example.at_ms, offset=1
            )
            for symbol in symbols
        ),
        statistics={
            f"{rule}_headroom_ratio": Decimal("0.5123")
            for rule in ("daily_loss", "weekly_loss", "drawdown", "balance_floor")
        },
        equity=Decimal(424242),
        daily=replace(example.daily, pnl=Decimal(454545)),
        weekly=replace(example.weekly, pnl=Decimal(454545)),
        sequence=434343,
        at_ms=444444,
    )
    marked = encode(row)
    for mark in (b"424242", b"434343", b"444444", b"454545"):
        marked = marked.replace(mark, b"@@")
    return marked.split(b"@@")


def _row(pieces: list[bytes], account: str, *, sequence: int, at_ms: int) -> bytes:
    # Equity moves, so that what a browser sees changes, and the order of accounts with it.
    equity = 90_000 + (sequence * 7919 + int(account[5:]) * 104_729) % 20_000
    found = pieces[0]
    pnl = equity - 100_000  # Since the example's start of day and week: nothing came or went.
    for value, piece in zip((account, equity, pnl, pnl, sequence, at_ms), pieces[1:], strict=True):
        found += str(value).encode() + piece
    return found


if __name__ == "__main__":
    main()
