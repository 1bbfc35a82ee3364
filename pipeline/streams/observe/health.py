"""What a running role serves over HTTP: /metrics, /livez and /readyz.

A thread of its own answers, so a stuck loop still gets an answer: that its last turn is long ago.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Self

import orjson
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.errors import StartupError
from pipeline.streams.observe.http_protocol import BoundedProtocol

__all__ = ["TURN_SECONDS_MAX", "Health", "HealthServer"]

logger = logging.getLogger(__name__)

TURN_SECONDS_MAX = 30.0  # A commit or a rebalance takes less.
START_SECONDS_MAX = 10.0
STOP_SECONDS_MAX = 2
HEAD_BYTES_MAX = 8192
PAGE_SECONDS = 0.1  # How long one rendering of /metrics answers everybody who asks.
BACKLOG = 32  # Connections that may wait to be accepted; no other bound applies to them yet.


class Health(NamedTuple):
    """What the HTTP thread calls in a role, at each request; `show` only for a new page."""

    last_turn_s: Callable[[], float]  # time.monotonic() of the loop's last turn.
    reasons_not_ready: Callable[[], list[str]]
    show: Callable[[], None]  # Updates the gauges.
    remarks: Callable[[], list[str]] = list  # What could surprise a person about a ready role.


class HealthServer:
    """Answer requests inside `with`, on 127.0.0.1 unless the settings name another address."""

    def __init__(self, health: Health, *, host: str, port: int) -> None:
        self.health = health  # Of the life that runs now.
        self._page = b""  # The last rendering of /metrics.
        self._page_due_s = 0.0
        self._socket = _listen(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._application(),
                access_log=False,
                backlog=BACKLOG,
                h11_max_incomplete_event_size=HEAD_BYTES_MAX,
                http=BoundedProtocol,
                lifespan="off",
                log_config=None,
                log_level="warning",
                timeout_graceful_shutdown=STOP_SECONDS_MAX,
            )
        )
        # Only the main thread can catch signals; this one does not need them.
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        host = self._socket.getsockname()[0]
        logger.info("metrics and health at http://%s:%d", host, self.port)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(START_SECONDS_MAX)
        self._socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    def _application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/metrics", self._metrics),
                Route("/livez", self._livez),
                Route("/readyz", self._readyz),
            ]
        )

    async def _metrics(self, _request: Request) -> Response:
        # A rendering holds Python's lock, so a flood of requests would slow down the loop.
        if time.monotonic() >= self._page_due_s:
            self.health.show()
            self._page = generate_latest()
            self._page_due_s = time.monotonic() + PAGE_SECONDS
        return Response(self._page, media_type=CONTENT_TYPE_LATEST)

    async def _livez(self, _request: Request) -> Response:
        age_s = time.monotonic() - self.health.last_turn_s()
        late = age_s > TURN_SECONDS_MAX
        reasons = [f"the last turn of the loop was {age_s:.1f} s ago"] if late else []
        return _answer(reasons)

    async def _readyz(self, _request: Request) -> Response:
        reasons = self.health.reasons_not_ready()
        return _answer(reasons, [] if reasons else self.health.remarks())


def _answer(reasons: list[str], remarks: list[str] | None = None) -> Response:
    body = orjson.dumps(
        {"ok": not reasons, "reasons": reasons} | ({"remarks": remarks} if remarks else {})
    )
    status = 503 if reasons else 200
    return Response(body, status_code=status, media_type="application/json")


def _listen(host: str, port: int) -> socket.socket:
    """Bind here, so that a port in use is one sentence at start and not a dead thread later."""
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise StartupError(
            f"Port {port} of {host} cannot serve metrics and health ({error.strerror}); "
            "free it, or set RISKGATE_HTTP_PORT (0 takes any free one)"
        ) from error
