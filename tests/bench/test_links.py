"""A link lets through, holds back and breaks what goes between a process and its broker."""

import socket
import threading
from collections.abc import Iterator

import pytest

from bench.links import Links

NAME = "risk-one"
SILENCE_SECONDS = 0.2


@pytest.fixture
def broker() -> Iterator[int]:
    """Listen as a broker that sends back what it gets; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]


def answer(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        while content := connection.recv(1000):
            connection.sendall(content)


@pytest.fixture
def links(broker: int) -> Iterator[Links]:
    links = Links([broker])
    yield links
    links.close()


@pytest.fixture
def process(links: Links) -> Iterator[socket.socket]:
    """Connect as a process does whose port was handed over."""
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.create_server(("127.0.0.1", 0)) as listening:
        socket.send_fds(theirs, [b"-"], [listening.fileno()])
        links.take_over(NAME, ours)
        address = listening.getsockname()
    with socket.create_connection(address) as connection:
        yield connection


def test_bytes_come_back_when_nothing_is_wrong(process: socket.socket) -> None:
    process.sendall(b"hello")

    assert process.recv(100) == b"hello"


@pytest.mark.parametrize("way", ["there", "back"])
def test_bytes_wait_until_a_link_is_healed(links: Links, process: socket.socket, way: str) -> None:
    links.hold([NAME], ways=[way])
    process.settimeout(SILENCE_SECONDS)
    process.sendall(b"hello")
    with pytest.raises(TimeoutError):
        process.recv(100)

    links.heal()

    process.settimeout(None)
    assert process.recv(100) == b"hello"


def test_connection_ends_when_it_is_cut(links: Links, process: socket.socket) -> None:
    process.sendall(b"hello")
    process.recv(100)

    links.cut([NAME])

    assert process.recv(100) == b""
