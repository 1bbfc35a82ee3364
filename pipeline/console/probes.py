"""What an orchestrator asks: does the process live, is it ready? It learns nothing else.

Before guard.py, because a kubelet comes through no proxy and names no host that browsers use.
"""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.console.place import Freshness

__all__ = ["Probed"]


class Probed:
    """Answers `/livez` and `/readyz` to anyone, and leaves every other path to the guards."""

    def __init__(self, app: ASGIApp, freshness: Freshness) -> None:
        self._app = app
        self._freshness = freshness
        self._has_read = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path == "/livez":
            await PlainTextResponse("ok")(scope, receive, send)
        elif path == "/readyz":
            await self._ready()(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _ready(self) -> PlainTextResponse:
        # Ready for good once it has read Kafka: when that fails later, its pages say so themselves.
        self._has_read = self._has_read or self._freshness.why_stale() is None
        if self._has_read:
            return PlainTextResponse("ok")
        return PlainTextResponse("The console has not read Kafka yet.", status_code=503)
