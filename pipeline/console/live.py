"""Server-sent events: what changed on a page, at most twice a second, to whoever has it open."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from pipeline.console.pages import Pieces, pieces
from pipeline.console.place import Place

__all__ = ["STREAMS_MAX", "Streams", "changes"]

STREAMS_MAX = 64  # Each renders its page twice a second at most.
TURN_SECONDS = 0.5
AGAIN_SECONDS = 10.0  # Some numbers change though nothing happened: what was an hour ago.
BEAT_SECONDS = 1.0  # Without an event for longer than STALE_SECONDS a browser greys its numbers.


class Streams:
    """Counts those that are open."""

    def __init__(self) -> None:
        self._open = 0

    def answer(self, request: Request, place: Place, render: Callable[[], str]) -> Response:
        """Return a stream of what render() changes; refuse one too many."""
        if self._open >= STREAMS_MAX:
            return PlainTextResponse("There are too many streams; try later.", status_code=503)
        return StreamingResponse(
            self._events(request, place, render), media_type="text/event-stream"
        )

    async def _events(
        self, request: Request, place: Place, render: Callable[[], str]
    ) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            sent, revision, drawn_s = Pieces({}, {}), -1, float("-inf")
            while not await request.is_disconnected():
                now_s, is_due = time.monotonic(), False
                if place.model.revision != revision or now_s - drawn_s > AGAIN_SECONDS:
                    is_due, revision, drawn_s = True, place.model.revision, now_s
                found = pieces(await run_in_threadpool(render)) if is_due else sent
                yield _event(changes(sent, found), place.freshness.why_stale())
                sent = found
                await asyncio.sleep(TURN_SECONDS)
        finally:
            self._open -= 1


def changes(sent: Pieces, found: Pieces) -> Pieces:
    """Return the pieces that differ, and the order of each list of which rows come, go or move."""
    return Pieces(
        {name: html for name, html in found.html.items() if sent.html.get(name) != html},
        {name: ids for name, ids in found.order.items() if sent.order.get(name) != ids},
    )


def _event(changed: Pieces, why_stale: str | None) -> bytes:
    body = orjson.dumps({"html": changed.html, "order": changed.order, "stale": why_stale})
    return b"data: " + body + b"\n\n"
