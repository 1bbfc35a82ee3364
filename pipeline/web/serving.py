"""Serve an application on one socket until SIGINT or SIGTERM."""

import logging
import signal
import socket
from typing import NamedTuple

import uvicorn

from pipeline.errors import StartupError
from pipeline.streams.settings import variable

__all__ = ["Address", "run"]

logger = logging.getLogger(__name__)

UNREAD_MS_MAX = 30_000  # Who takes nothing for so long is dropped.


class Address(NamedTuple):
    """Where a server answers."""

    server: str  # As a person calls it.
    host: str
    port: int  # 0 takes any free one.
    setting: str  # That of the port.


def run(server: uvicorn.Server, address: Address) -> None:
    """Serve until a signal ends it. Raise StartupError if the address cannot be had."""
    # uvicorn raises the signal again once it is done; what runs afterwards would not, by default.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    sockets = [_bound(address)]
    host, port = sockets[0].getsockname()[:2]
    logger.info("the %s is at http://%s:%d", address.server, host, port)
    server.run(sockets=sockets)


def _bound(address: Address) -> socket.socket:
    """Bind here, so that a port in use is one sentence."""
    host, port = address.host, address.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family)
    except OSError as error:
        raise StartupError(
            f"Port {port} of {host} cannot serve the {address.server} ({error.strerror}); free "
            f"it, or set {variable(address.setting)} (0 takes any free one)"
        ) from error
    # Connections inherit it. Otherwise one that is never read would hold its place for ever.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS_MAX)
    return bound
