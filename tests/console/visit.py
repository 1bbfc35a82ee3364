"""A console on recorded outputs, without Kafka, and a browser that asks it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from msgspec import Struct
from starlette.applications import Starlette

from pipeline.console.application import application
from pipeline.console.budget_views import BudgetBook
from pipeline.console.model import Model
from pipeline.console.ordering import Outcome
from pipeline.console.place import Place
from pipeline.outputs.audit import Entry
from pipeline.outputs.health import Finding
from pipeline.outputs.record import Output
from pipeline.streams.settings import Settings
from tests import given
from tests.outputs.recorded import STEP_MS, outputs
from topics.catalogue import TOPICS
from topics.codec import encode, key_of

ORDER = ("controls", "limits", "decisions", "alerts", "emergency_stops", "dead_letters")
NOW_MS = given.T0_MS + 60_000
HOST = "http://localhost"
AUDIT = [
    Entry(
        at_ms=given.T0_MS, kind="limits", account_id="*", author="ada", text="LIMITS * v1",
        changes=["drawdown.drawdown_ratio_max: 0.1 (default) -> 0.05"], topic="limits", partition=0,
        offset=0, chain="",
    ),
]  # fmt: skip


@dataclass
class Fresh:
    why: str | None = None

    def why_stale(self) -> str | None:
        return self.why


def model_of(found: Sequence[Output]) -> Model:
    """A model that took some outputs in the order in which a console reads them."""
    model = Model()
    for topic in (*ORDER, "account_states"):
        for output in found:
            if output.topic == topic:
                model.take(output)
    return model


def record(message: Struct, topic: str, *, offset: int = 0) -> Output:
    """A record as somebody wrote it, decided by nobody."""
    key = key_of(TOPICS[topic], message) if topic != "dead_letters" else ""
    at_ms = getattr(message, "at_ms", given.T0_MS)
    sequence = getattr(message, "sequence", 0)
    return Output(topic, 0, offset, at_ms, key, sequence, encode(message))


def place_of(found: Sequence[Output], why_stale: str | None = None, **settings: Any) -> Place:
    """A console that knows some outputs, a minute after the first."""
    model = model_of(found)
    where = {(each.topic, each.partition, each.offset): each for each in found}
    return Place(
        settings=Settings.model_validate(settings),
        model=model,
        freshness=Fresh(why_stale),
        now_ms=lambda: NOW_MS,
        fetch=lambda *place: where.get(place),
        findings=lambda: [Finding("risk", good=False, text="no worker is running")],
        audit=lambda query: AUDIT,
        budgets=BudgetBook(settings.get("console_budgets"), model),
        publish=lambda document: Outcome("unconfirmed", str(document.version)),
        lately=lambda account, rules, hours: [f"all accounts: approved {hours} -> 0"],
        send=lambda controls: [Outcome("unconfirmed", each.control_id) for each in controls],
    )


class Browser:
    """A browser at an address; it keeps no cookies."""

    def __init__(self, app: Starlette, address: str) -> None:
        self._transport = httpx.ASGITransport(app, client=(address, 50_000))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, more))

    def post(self, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, more))

    async def _ask(self, method: str, path: str, more: dict[str, Any]) -> httpx.Response:
        async with httpx.AsyncClient(transport=self._transport, base_url=HOST) as client:
            return await client.request(method, path, **more)


def browser(place: Place, address: str = "127.0.0.1") -> Browser:
    return Browser(application(place), address)


def visited(*messages: Struct) -> Browser:
    """A browser at a console of what riskgate made of some inputs."""
    return browser(place_of(outputs(*messages)))


__all__ = [
    "AUDIT",
    "HOST",
    "NOW_MS",
    "STEP_MS",
    "browser",
    "model_of",
    "place_of",
    "record",
    "visited",
]
