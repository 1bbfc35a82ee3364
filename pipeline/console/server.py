"""Serve the console until it is told to stop."""

import logging
import threading
import time
from contextlib import closing
from functools import partial
from itertools import islice

import uvicorn

from pipeline.console.application import application
from pipeline.console.budget_views import BudgetBook
from pipeline.console.feed import Feed
from pipeline.console.lately import Lately
from pipeline.console.limits_orders import publish
from pipeline.console.model import Model
from pipeline.console.ordering import send
from pipeline.console.place import AuditQuery, Place
from pipeline.outputs import health
from pipeline.outputs.audit import Entry, audit
from pipeline.outputs.health import Finding
from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Output, Period
from pipeline.streams.clients.broker import BrokerError
from pipeline.streams.settings import Settings
from pipeline.web.serving import Address, run

__all__ = ["fetched", "serve"]

logger = logging.getLogger(__name__)

STOP_SECONDS_MAX = 2
POLLS_MAX = 20  # A quarter of a second each: it reads one record of which the place is known.
FINDINGS_SECONDS = 15.0
CONNECTIONS_MAX = 256
HOUR_MS = 3_600_000
BUSY_SECONDS_MAX = 1.0


def serve(settings: Settings) -> None:
    """Run the console. Raise BrokerError or StartupError if it cannot begin."""
    reader, model = OutputReader(settings), Model()
    reader.mark("account_states")  # What is wrong with Kafka is one sentence at start.
    with Feed(reader, model) as feed:
        place = Place(
            settings=settings,
            model=model,
            freshness=feed,
            now_ms=_now_ms,
            fetch=lambda topic, partition, offset: fetched(reader, (topic, partition), offset),
            findings=_Findings(reader, model),
            audit=_Audits(reader),
            send=partial(send, reader, model),
            budgets=BudgetBook(settings.console_budgets, model),
            publish=partial(publish, reader),
            lately=Lately(settings),
        )
        _run(place)


def _run(place: Place) -> None:
    settings = place.settings
    server = uvicorn.Server(
        uvicorn.Config(
            application(place),
            access_log=False,
            # Who asks is read from the proxy's own headers, by guard.py alone.
            proxy_headers=False,
            server_header=False,
            lifespan="off",
            limit_concurrency=CONNECTIONS_MAX,
            log_config=None,
            timeout_graceful_shutdown=STOP_SECONDS_MAX,
        )
    )
    run(server, Address("console", settings.console_host, settings.console_port, "console_port"))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def fetched(reader: OutputReader, place: tuple[str, int], offset: int) -> Output | None:
    """Return one record; None if there is none. Raise BrokerError if Kafka does not answer."""
    end = reader.mark(place[0]).get(place, 0)
    if offset >= end:
        return None
    with closing(reader.follow_from({place: offset})) as outputs:
        found = next((each for each in islice(outputs, POLLS_MAX) if each), None)
    return found if found is not None and found.offset == offset else None


class _Audits:
    """Reads one audit at a time: each may read much of Kafka."""

    def __init__(self, reader: OutputReader) -> None:
        self._reader = reader
        self._lock = threading.Lock()

    def __call__(self, query: AuditQuery) -> list[Entry]:
        """Return what was done. Raise BrokerError if Kafka cannot be read."""
        since_ms = _now_ms() - query.hours * HOUR_MS
        # Who waits holds one of the threads that serve everybody.
        if not self._lock.acquire(timeout=BUSY_SECONDS_MAX):
            raise BrokerError("Another audit is being read; try again in a moment")
        try:
            return audit(
                self._reader, Period(since_ms), query.account or None, releases=query.releases
            )
        finally:
            self._lock.release()


class _Findings:
    """Asks at most once in a while: each look takes Kafka and a thread for seconds."""

    def __init__(self, reader: OutputReader, model: Model) -> None:
        self._reader = reader
        self._model = model
        self._lock = threading.Lock()
        self._found: list[Finding] = []
        self._due_s = 0.0

    def __call__(self) -> list[Finding]:
        """Return what was found, by others if they asked a moment ago."""
        with self._lock:
            if time.monotonic() >= self._due_s:
                self._found = self._look()
                self._due_s = time.monotonic() + FINDINGS_SECONDS
            return self._found

    def _look(self) -> list[Finding]:
        try:
            return list(health.findings(self._reader, self._model.rows))
        except BrokerError as error:
            return [Finding("Kafka", good=False, text=str(error))]
