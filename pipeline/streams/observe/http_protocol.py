"""uvicorn's HTTP/1.1 with bounds on the number and age of connections.

uvicorn has none for requests that are not complete: 1,100 connections that never finish a request
would take all file descriptors of a worker. A complete request is always answered; of the other
connections, the oldest is dropped first.
"""

from asyncio import BaseTransport, TimerHandle, Transport
from typing import cast

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

__all__ = ["CONNECTIONS_MAX", "REQUEST_SECONDS_MAX", "BoundedProtocol"]

CONNECTIONS_MAX = 64
REQUEST_SECONDS_MAX = 5.0  # From one request to the next complete one.
CONNECTION_SECONDS_MAX = 30.0  # After that nobody is likely to read the answer.


class BoundedProtocol(H11Protocol):
    """One connection."""

    connections_max = CONNECTIONS_MAX
    _timer: TimerHandle | None = None
    _deadline_s = 0.0

    def connection_made(self, transport: BaseTransport) -> None:
        """Start the timer; drop the oldest connection without a request if there are too many."""
        super().connection_made(cast(Transport, transport))
        self._deadline_s = self.loop.time() + CONNECTION_SECONDS_MAX
        self._wait()
        others = [each for each in self.connections if isinstance(each, BoundedProtocol)]
        if len(others) > self.connections_max:
            idle = [each for each in others if not each.is_answering() and each is not self]
            min(idle, key=lambda each: each._deadline_s, default=self).drop()  # noqa: SLF001

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def is_answering(self) -> bool:
        """Whether a complete request arrived and its answer is not finished."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def drop(self) -> None:
        """Close the connection immediately."""
        self.connections.discard(self)
        self.transport.abort()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(REQUEST_SECONDS_MAX, self._drop_if_late)

    def _drop_if_late(self) -> None:
        if self.is_answering() and self.loop.time() < self._deadline_s:
            self._wait()
        else:
            self.drop()
