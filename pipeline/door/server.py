"""Serve the door until it is told to stop; who waits then is answered."""

import asyncio
import logging
import socket

import uvicorn

from pipeline.door.application import application
from pipeline.door.asks import Asks
from pipeline.door.protocol import DoorProtocol
from pipeline.errors import StartupError
from pipeline.streams.settings import Settings
from pipeline.web.serving import Address, run
from riskgate.connection import UnavailableError
from riskgate.gate import Gate
from riskgate.messages import now_ms

__all__ = ["DoorServer", "serve"]

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 5.0  # For decisions that are under way.
STOP_SECONDS_MAX = 7
BACKLOG = 128
HEAD_BYTES_MAX = 8192
IDLE_SECONDS_MAX = 60


class DoorServer(uvicorn.Server):
    """A server that lets those who wait have their decision, for a while."""

    def __init__(self, settings: Settings, asks: Asks) -> None:
        config = uvicorn.Config(
            application(settings, asks),
            access_log=False,
            backlog=BACKLOG,
            h11_max_incomplete_event_size=HEAD_BYTES_MAX,
            http=DoorProtocol,
            lifespan="off",
            log_config=None,
            # Who asks is read from the proxy's own headers, by guard.py alone.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS_MAX,
            timeout_keep_alive=IDLE_SECONDS_MAX,
            ws="none",
        )
        super().__init__(config)
        self._asks = asks

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing more, and answer those who wait after CLOSE_SECONDS at the latest."""
        timer = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._asks.close)
        await super().shutdown(sockets)
        timer.cancel()


def serve(settings: Settings) -> None:
    """Run the door. Raise StartupError if it cannot begin."""
    try:
        gate = Gate(
            settings.brokers,
            topic_prefix=settings.topic_prefix,
            properties=settings.connection(),
        )
    except UnavailableError as error:
        raise StartupError(str(error)) from error
    with gate:
        asks = Asks(gate, waiting_max=settings.door_waiting_max, now_ms=now_ms)
        address = Address("door", settings.door_host, settings.door_port, "door_port")
        run(DoorServer(settings, asks), address)
    logger.info("the door is closed")
