"""The thread that reads the outputs into the model: what is there, then what comes."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Self

from pipeline.console.model import Model
from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Output, Period
from pipeline.streams.clients.broker import BrokerError

__all__ = ["STALE_SECONDS", "Feed", "NewestRows", "load"]

logger = logging.getLogger(__name__)

STALE_SECONDS = 5.0  # Older numbers are no longer shown as those of now.
ASK_SECONDS = 1.0
AGAIN_SECONDS = 2.0
HELD_SECONDS_MIN = 0.25
HELD_SECONDS_MAX = 2.0
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
# What is read of each topic at start; stops and limits whole, as their ends may be long ago.
RECENT_MS = {"alerts": DAY_MS, "controls": 7 * DAY_MS, "dead_letters": DAY_MS}
INCIDENTS = ("emergency_stops", "limits", *RECENT_MS)
TOPICS = ("account_states", "decisions", *INCIDENTS)


def load(reader: OutputReader, model: Model, now_ms: int) -> None:
    """Read what the topics hold; the account rows last, so that curves begin with what was."""
    incidents = list(reader.read("emergency_stops", "limits"))
    for topic, age_ms in RECENT_MS.items():
        incidents += reader.read(topic, period=Period(now_ms - age_ms))
    # In order of time: of an account's incidents only the newest are kept.
    for output in sorted(incidents, key=lambda each: (each.at_ms, each.topic, each.offset)):
        model.take(output)
    for output in reader.read("decisions", period=Period(now_ms - HOUR_MS)):
        model.take(output)
    for output in _newest_rows(reader):
        model.take(output)


def _newest_rows(reader: OutputReader) -> Iterator[Output]:
    """Yield each account's newest row, in order of offset: decoding all of them takes long."""
    newest: dict[tuple[int, str], Output] = {}
    for output in reader.read("account_states"):
        newest[output.partition, output.account_id] = output
    yield from sorted(newest.values(), key=lambda each: each.offset)


class NewestRows:
    """Holds rows of accounts for a moment, so that of several rows of one only the newest counts.

    Decoding a row takes longest of all. It gets a fifth of the time, as long as two seconds of
    holding are enough for that: so a console that is behind catches up.
    """

    def __init__(self, model: Model) -> None:
        self.due_s = 0.0
        self._model = model
        self._held: dict[tuple[int, str], Output] = {}

    def hold(self, output: Output) -> bool:
        """Hold an account's row, and return whether it was one."""
        if output.topic != "account_states":
            return False
        self._held[output.partition, output.account_id] = output
        return True

    def hand_on(self) -> None:
        """Give the model what is held."""
        began_s = time.monotonic()
        # In order of offset: the model takes no record from before one that it has.
        for output in sorted(self._held.values(), key=lambda each: each.offset):
            self._model.take(output)
        self._held.clear()
        now_s = time.monotonic()
        self.due_s = now_s + min(HELD_SECONDS_MAX, max(HELD_SECONDS_MIN, 4 * (now_s - began_s)))


class Feed:
    """Fills a model inside `with`; starts again by itself when Kafka does not answer."""

    def __init__(self, reader: OutputReader, model: Model) -> None:
        self.problem = "The console is still reading Kafka."
        self._reader = reader
        self._model = model
        self._turned_s = self._answered_s = float("-inf")
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name="feed", daemon=True),
            threading.Thread(target=self._ask, name="ask", daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(AGAIN_SECONDS)

    def age_s(self) -> float:
        """Return for how long it is not certain that the model is what Kafka holds."""
        return time.monotonic() - min(self._turned_s, self._answered_s)

    def why_stale(self) -> str | None:
        """Return a sentence while the numbers cannot be trusted to be those of now."""
        if self.problem:
            return self.problem
        if self.age_s() > STALE_SECONDS:
            return "Kafka does not answer the console."
        return None

    def _run(self) -> None:
        mark: dict[tuple[str, int], int] = {}
        while not self._is_over.is_set():
            try:
                if not mark:
                    mark = self._reader.mark(*TOPICS)
                    load(self._reader, self._model, time.time_ns() // 1_000_000)
                self._follow({place: self._next(place, end) for place, end in mark.items()})
            except BrokerError as error:
                self.problem = f"The console cannot read Kafka: {error}"
                logger.warning("%s", self.problem)
                self._is_over.wait(AGAIN_SECONDS)

    def _next(self, place: tuple[str, int], end: int) -> int:
        return max(end, self._model.next_offsets.get(place, 0))

    def _follow(self, mark: dict[tuple[str, int], int]) -> None:
        rows = NewestRows(self._model)
        with closing(self._reader.follow_from(mark)) as outputs:
            for output in outputs:
                self.problem = ""
                self._turned_s = time.monotonic()
                if output is None or self._turned_s >= rows.due_s:
                    rows.hand_on()
                if output is not None and not rows.hold(output):
                    self._model.take(output)
                if self._is_over.is_set():
                    return

    def _ask(self) -> None:
        """Ask Kafka itself: a reader without news does not notice that nobody answers."""
        broker = self._reader.broker
        client = broker.admin()
        while not self._is_over.wait(ASK_SECONDS):
            try:
                broker.metadata(client)
                self._answered_s = time.monotonic()
            except BrokerError:
                continue
