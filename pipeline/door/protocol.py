"""uvicorn's HTTP/1.1 with bounds on connections that ask nothing, however long an answer takes."""

from asyncio import BaseTransport

from pipeline.streams.observe.http_protocol import REQUEST_SECONDS_MAX, BoundedProtocol

__all__ = ["DoorProtocol"]


class DoorProtocol(BoundedProtocol):
    """One connection. The wait for a decision has bounds of its own: asks.py, reading.py."""

    connections_max = 1024
    _due_s = 0.0

    def connection_made(self, transport: BaseTransport) -> None:
        """Expect the head of the first request soon."""
        self._due_s = self.loop.time() + REQUEST_SECONDS_MAX
        super().connection_made(transport)

    def on_response_complete(self) -> None:
        """Let the client keep its connection for the next request."""
        self._due_s = self.loop.time() + self.timeout_keep_alive + REQUEST_SECONDS_MAX
        super().on_response_complete()

    def _drop_if_late(self) -> None:
        if self.is_answering() or self.loop.time() < self._due_s:
            self._wait()
        else:
            self.drop()
