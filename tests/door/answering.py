"""A door without Kafka, and a gate that answers when a test says so."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

import httpx
import orjson
from msgspec.structs import replace
from starlette.applications import Starlette

from pipeline.door.application import application
from pipeline.door.asks import Asks
from pipeline.streams.settings import Settings
from riskgate.answers import no_answer
from tests.client.given_decisions import decision
from topics.codec import encode
from topics.decisions import Decision
from topics.signals import TOPIC, Signal

HOST = "http://localhost"
SECONDS_MAX = 10.0
NOW_MS = 1_767_225_600_000
T = TypeVar("T")
assert isinstance(TOPIC.example, Signal)
SIGNAL = replace(TOPIC.example, signal_id="s1", expires_at_ms=None)


class Gate:
    """Answers at once, unless a signal's id is in `silent` or `unsent`; keeps what was asked."""

    def __init__(self, *silent: str, unsent: tuple[str, ...] = ()) -> None:
        self.asked: list[Signal] = []
        self.silent = {*silent}
        self.unsent = {*unsent}

    async def ask_async(self, signal: Signal, timeout: float) -> Decision:  # noqa: ASYNC109
        self.asked.append(signal)
        if signal.signal_id in self.unsent:
            return no_answer(signal, "The queue of signals to send is full")
        async with asyncio.timeout(timeout):
            while signal.signal_id in self.silent:  # noqa: ASYNC110 - Tests have other threads.
                await asyncio.sleep(0.005)
        return decision(signal.signal_id, sequence=len(self.asked))


class Client:
    """A client with any number of threads; the door has one event loop for all of them."""

    def __init__(self, app: Starlette, address: str) -> None:
        transport = httpx.ASGITransport(app, client=(address, 50_000))
        self._client = httpx.AsyncClient(transport=transport, base_url=HOST)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self._run(self._client.get(path, **more))

    def options(self, path: str) -> httpx.Response:
        return self._run(self._client.options(path))

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self._run(self._client.post(path, **more))

    def _run(self, asked: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(SECONDS_MAX)

    async def _end(self) -> None:
        await self._client.aclose()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()


def door(gate: Gate, *, address: str = "127.0.0.1", **settings: Any) -> Client:
    """A client of a door; use it in `with`."""
    read = Settings.model_validate(settings)
    asks = Asks(gate, waiting_max=read.door_waiting_max, now_ms=lambda: NOW_MS)
    return Client(application(read, asks), address)


def fields(**changes: object) -> dict[str, Any]:
    """The fields of a signal as JSON, some of them others."""
    made: dict[str, Any] = orjson.loads(encode(SIGNAL))
    return made | changes
