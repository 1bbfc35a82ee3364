"""Connections that never finish a request, over real sockets."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from pipeline.streams.observe import http_protocol
from pipeline.streams.observe.health import Health, HealthServer
from pipeline.streams.observe.http_protocol import CONNECTIONS_MAX

UNFINISHED = b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: "


@pytest.fixture
def server() -> Iterator[HealthServer]:
    with HealthServer(
        Health(time.monotonic, list, lambda: None), host="127.0.0.1", port=0
    ) as server:
        yield server


def connect(server: HealthServer, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    connection.sendall(sent)
    return connection


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def status(server: HealthServer) -> int:
    return httpx.get(f"http://127.0.0.1:{server.port}/livez", timeout=2).status_code


def test_probe_is_answered_and_files_are_left_when_hundreds_of_requests_are_unfinished(
    server: HealthServer,
) -> None:
    before = open_files()
    with ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(connect(server, UNFINISHED))

        assert status(server) == 200
        ours = open_files() - before - 400
    assert ours <= CONNECTIONS_MAX + 40


@pytest.mark.parametrize("sent", [b"", UNFINISHED, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /l"])
def test_connection_is_closed_when_no_whole_request_comes_in_time(
    server: HealthServer, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(http_protocol, "REQUEST_SECONDS_MAX", 0.3)
    connection = connect(server, sent)

    began_s = time.monotonic()
    with connection:
        while _read(connection):
            pass

    assert time.monotonic() - began_s < 3


def test_connection_is_closed_when_it_drips(
    server: HealthServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "REQUEST_SECONDS_MAX", 0.3)
    with connect(server, UNFINISHED) as connection, pytest.raises(ConnectionError):
        drip(connection, seconds=3)


def test_request_is_refused_when_its_head_has_no_end(server: HealthServer) -> None:
    with connect(server, UNFINISHED + b"y" * 20_000) as connection:
        assert _read(connection).startswith(b"HTTP/1.1 4")


def drip(connection: socket.socket, *, seconds: float) -> None:
    for _ in range(int(seconds / 0.05)):
        connection.sendall(b"y")
        time.sleep(0.05)


def _read(connection: socket.socket) -> bytes:
    try:
        return connection.recv(10_000)
    except ConnectionResetError:
        return b""
