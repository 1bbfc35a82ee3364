"""The HTTP server of a process, which goes on between two lives of its role."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.streams.observe.health import Health, HealthServer

__all__ = ["Probes"]


class Probes:
    """Serve the health of the life that runs; between two lives say that there is none."""

    def __init__(self) -> None:
        self._server: HealthServer | None = None
        self._beat_s = time.monotonic()

    def beat(self) -> None:
        """Say that the process is alive between two lives."""
        self._beat_s = time.monotonic()

    @contextmanager
    def showing(self, health: Health, *, host: str, port: int) -> Iterator[None]:
        """Serve the health of a life. Raise StartupError if the port cannot be had."""
        if self._server is None:
            self._server = HealthServer(health, host=host, port=port)
            self._server.__enter__()
        self._server.health = health
        try:
            yield
        finally:
            self.beat()
            self._server.health = Health(
                lambda: self._beat_s,
                lambda: ["the session with Kafka was lost; a new one begins"],
                lambda: None,
            )

    def close(self) -> None:
        """End the server."""
        if self._server is not None:
            self._server.__exit__(None, None, None)
            self._server = None
