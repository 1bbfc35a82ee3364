"""The door on real sockets: clients that are slow or leave, and its end."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import httpx
import pytest

from pipeline.door import protocol, reading, server
from pipeline.door.asks import Asks
from pipeline.door.server import DoorServer
from pipeline.streams.observe import http_protocol, metrics
from pipeline.streams.settings import Settings
from tests.door.answering import NOW_MS, SECONDS_MAX, Gate, fields

HEAD = b"POST /signals HTTP/1.1\r\nHost: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"


class Served(NamedTuple):
    server: DoorServer
    port: int
    url: str

    def connect(self, sent: bytes) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), SECONDS_MAX)
        connection.sendall(sent)
        return connection

    def post(self, timeout_ms: int = 2000, **changes: object) -> httpx.Response:
        url = f"{self.url}?timeout_ms={timeout_ms}"
        return httpx.post(url, json=fields(**changes), timeout=SECONDS_MAX)


@contextmanager
def served(gate: Gate) -> Iterator[Served]:
    """Serve a door on a free port of this machine."""
    asks = Asks(gate, waiting_max=8, now_ms=lambda: NOW_MS)
    door = DoorServer(Settings(), asks)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        thread = threading.Thread(target=door.run, args=([bound],))
        thread.start()
        try:
            until(lambda: door.started)
            yield Served(door, port, f"http://127.0.0.1:{port}/signals")
        finally:
            door.should_exit = True
            thread.join(SECONDS_MAX)
    assert not thread.is_alive()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the door be out of patience soon."""
    monkeypatch.setattr(http_protocol, "REQUEST_SECONDS_MAX", 0.1)
    monkeypatch.setattr(protocol, "REQUEST_SECONDS_MAX", 0.1)
    monkeypatch.setattr(reading, "BODY_SECONDS_MAX", 0.1)


def until(is_true: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + SECONDS_MAX
    while not is_true():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def waiting() -> float:
    return metrics.value("riskgate_door_waiting")


@pytest.mark.usefixtures("hasty")
def test_connection_is_dropped_when_it_never_sends_its_head() -> None:
    with served(Gate()) as door, ExitStack() as stack:
        silent = [stack.enter_context(door.connect(sent)) for sent in (b"", HEAD)]
        answer = door.post()
        ends = [_read(connection) for connection in silent]

    assert (answer.status_code, ends) == (200, [b"", b""])


@pytest.mark.usefixtures("hasty")
def test_request_times_out_when_its_body_does_not_come() -> None:
    body = JSON + b"Content-Length: 300\r\n\r\n{"

    with served(Gate()) as door, door.connect(HEAD + body) as slow:
        answer = door.post()
        end = _read(slow)

    assert answer.status_code == 200
    assert end.startswith(b"HTTP/1.1 408 ")
    assert b'{"error":"Expected the whole body within 0.1 s"}' in end


@pytest.mark.usefixtures("hasty")
def test_answer_comes_when_the_wait_is_longer_than_any_patience() -> None:
    gate = Gate("s1")

    with served(gate) as door, ThreadPoolExecutor() as pool:
        asked = pool.submit(door.post)
        until(lambda: waiting() == 1)
        time.sleep(0.5)
        gate.silent.clear()

    assert asked.result().status_code == 200


@pytest.mark.usefixtures("hasty")
def test_connection_serves_the_next_request_when_it_was_idle() -> None:
    with served(Gate()) as door, httpx.Client() as client:
        ports = []
        for name in ("s1", "s2"):
            answer = client.post(door.url, json=fields(signal_id=name))
            ports.append(answer.extensions["network_stream"].get_extra_info("client_addr"))
            time.sleep(0.5)

    assert ports[0] == ports[1]


def test_place_is_free_again_when_a_client_leaves() -> None:
    body = httpx.Request("POST", "http://localhost", json=fields()).content
    gate = Gate("s1")

    with served(gate) as door:
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        with door.connect(HEAD + JSON + length + body):
            until(lambda: waiting() == 1)
        until(lambda: waiting() == 0)
        gate.silent.clear()
        again = door.post()

    assert (again.status_code, len(gate.asked)) == (200, 1)


def test_those_who_wait_are_answered_when_the_door_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLOSE_SECONDS", 0.3)
    gate = Gate("s1", "s2")

    with served(gate) as door, ThreadPoolExecutor() as pool:
        asked = [pool.submit(door.post, 9000, signal_id=name) for name in ("s1", "s2")]
        until(lambda: waiting() == 2)
        door.server.should_exit = True
        gate.silent.remove("s1")

    decided, undecided = (each.result() for each in asked)
    assert (decided.status_code, undecided.status_code) == (200, 504)
    assert undecided.json()["checks"][0]["message"] == "The door is closing"


def _read(connection: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    found = b""
    try:
        while part := connection.recv(65_536):
            found += part
    except ConnectionResetError:
        pass
    return found
