"""The door as a web application: signals, its OpenAPI document, probes and metrics."""

import asyncio
import logging
import time
from typing import NamedTuple

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.door.asks import Asks, BusyError, ConflictError
from pipeline.door.openapi import document
from pipeline.door.reading import ProblemError, signal_of, timeout_ms_of
from pipeline.streams.observe import metrics
from pipeline.streams.settings import Settings
from pipeline.web.guard import Headed, Identified, Membership
from topics.text import visible

__all__ = ["application"]

logger = logging.getLogger(__name__)

JSON = "application/json"


class _Signals(NamedTuple):
    """What `POST /signals` does."""

    asks: Asks

    async def post(self, request: Request) -> Response:
        timeout_ms, signal = timeout_ms_of(request), await signal_of(request)
        gone = asyncio.create_task(_gone(request.receive))
        began_s = time.monotonic()
        try:
            answer = await self.asks.ask(signal, timeout_ms=timeout_ms, gone=gone)
        except ConflictError:
            raise ProblemError(
                409, "This signal_id belongs to a signal of other content", path="$.signal_id"
            ) from None
        except BusyError:
            raise ProblemError(
                503, "Too many requests wait, or the door is closing", headers={"Retry-After": "1"}
            ) from None
        finally:
            gone.cancel()
        metrics.DOOR_SECONDS.observe(time.monotonic() - began_s)
        status = 200 if answer.is_decided else 504
        logger.info(
            "%s asked about signal %s of account %s: %d",
            visible(request.state.user.name) or "this machine",
            signal.signal_id,
            signal.account_id,
            status,
        )
        return Response(answer.body, status_code=status, media_type=JSON)


def application(settings: Settings, asks: Asks) -> Starlette:
    """Return the application of one door."""
    description = orjson.dumps(document())
    members = Membership("door", frozenset(settings.door_groups), "send signals")

    async def openapi(_: Request) -> Response:
        return Response(description, media_type=JSON)

    return Starlette(
        routes=[
            Route("/signals", _Signals(asks).post, methods=["POST"]),
            Route("/openapi.json", openapi),
        ],
        middleware=[
            Middleware(_Counted),
            Middleware(Headed),
            Middleware(_Probed, asks=asks),
            # Another name in Host is a page of somebody else that resolves to this address.
            Middleware(
                TrustedHostMiddleware,
                allowed_hosts=list(settings.door_names),
                www_redirect=False,
            ),
            Middleware(Identified, settings=settings, members=members),
        ],
        exception_handlers={ProblemError: _explain, HTTPException: _refuse},
    )


async def _gone(receive: Receive) -> None:
    """Return once the client has left; its body was read before."""
    while (await receive())["type"] != "http.disconnect":
        pass


class _Counted:
    """Counts answers by status; the door gives few different ones."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                metrics.DOOR_REQUESTS.labels(str(message["status"])).inc()
            await send(message)

        is_probe = scope.get("path") in _Probed.PATHS
        await self._app(scope, receive, send if is_probe else send_counted)


class _Probed:
    """Answers what an orchestrator and Prometheus ask to anyone; neither comes through a proxy."""

    PATHS = ("/livez", "/readyz", "/metrics")

    def __init__(self, app: ASGIApp, asks: Asks) -> None:
        self._app = app
        self._asks = asks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        answer: ASGIApp = self._app
        if path == "/metrics":
            answer = Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
        elif path == "/readyz" and self._asks.is_closing:
            answer = PlainTextResponse("The door is closing.", status_code=503)
        elif path in self.PATHS:
            answer = PlainTextResponse("ok")
        await answer(scope, receive, send)


async def _explain(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    body = {"error": error.error} | ({"path": error.path} if error.path else {})
    return Response(
        orjson.dumps(body), status_code=error.status, media_type=JSON, headers=error.headers
    )


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    body = orjson.dumps({"error": error.detail})
    return Response(body, status_code=error.status_code, media_type=JSON, headers=error.headers)
