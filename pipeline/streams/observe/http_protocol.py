"""HTTP/1.1 of uvicorn with bounds of time and number, which it lacks for requests not yet whole.

Without them, eleven hundred connections that never finish a request take all descriptors of a
worker. Who has asked is served; of those who have not, the one that waits longest goes first.
"""

from asyncio import BaseTransport, TimerHandle, Transport
from typing import cast

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

__all__ = ["CONNECTIONS_MAX", "REQUEST_SECONDS_MAX", "BoundedProtocol"]

CONNECTIONS_MAX = 64
REQUEST_SECONDS_MAX = 5.0  # Until a whole request is there, and between two of them.
CONNECTION_SECONDS_MAX = 30.0  # Whatever is still under way then: nobody reads the answer.


class BoundedProtocol(H11Protocol):
    """One connection."""

    _timer: TimerHandle | None = None
    _deadline_s = 0.0

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin, and drop another that has not asked yet where there are too many."""
        super().connection_made(cast(Transport, transport))
        self._deadline_s = self.loop.time() + CONNECTION_SECONDS_MAX
        self._wait()
        others = [each for each in self.connections if isinstance(each, BoundedProtocol)]
        if len(others) > CONNECTIONS_MAX:
            idle = [each for each in others if not each.is_answering() and each is not self]
            min(idle, key=lambda each: each._deadline_s, default=self).drop()  # noqa: SLF001

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def is_answering(self) -> bool:
        """Whether a whole request came whose answer is under way."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def drop(self) -> None:
        """Close at once."""
        self.connections.discard(self)
        self.transport.abort()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(REQUEST_SECONDS_MAX, self._look)

    def _look(self) -> None:
        if self.is_answering() and self.loop.time() < self._deadline_s:
            self._wait()
        else:
            self.drop()
