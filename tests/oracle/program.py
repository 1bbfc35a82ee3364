"""The real program on a history: what its log held, and what it answered to each event."""

import json
from dataclasses import dataclass, field
from typing import Any

from pipeline.replay.machine import Line, Machine
from pipeline.risk.report import account_state
from pipeline.risk.step import Step
from pipeline.streams.settings import Settings
from topics.codec import encode, encode_event
from topics.decisions import Decision, Exit, Stop
from topics.events import Event

__all__ = ["Applied", "Program"]

Json = dict[str, Any]
# Short bars, so that a history of a minute has statistics.
SETTINGS = Settings.model_construct(bar_ms=1000, atr_periods=3, long_run_bars=5)
SHOWN = {Decision: "decision", Exit: "exit", Stop: "stop"}


@dataclass
class Applied:
    """One event of the log, and what the program made of it."""

    event: Json
    at_ms: int
    outputs: list[tuple[str, Json]] = field(default_factory=list)
    row: Json | None = None


class Program:
    """The roles of production, fed line by line."""

    def __init__(self) -> None:
        self._machine = Machine(SETTINGS, observe=self._observe)
        self._applied: list[Applied] = []

    def feed(self, line: Json) -> list[Applied]:
        """Feed one recorded line; return the events that it led to.

        A line of heartbeat is none of a recording: from the first on, no others come.
        """
        if line["topic"] == "heartbeat":
            self._machine.beat(line["timestamp_ms"])
            return []
        value = json.dumps(line["value"]).encode()
        key = line["key"].encode()
        self._machine.feed(Line(line["topic"], key, line["timestamp_ms"], value))
        return self._take()

    def finish(self) -> list[Applied]:
        """Return what is still due at the end."""
        self._machine.finish()
        return self._take()

    def _take(self) -> list[Applied]:
        taken, self._applied = self._applied, []
        return taken

    def _observe(self, event: Event, taken: Step, at_ms: int) -> None:
        found = Applied(json.loads(encode_event(event)), at_ms)
        for output in taken.outputs:
            kind = SHOWN.get(type(output))
            if kind is not None:
                found.outputs.append((kind, json.loads(encode(output))))
        if taken.account is not None and not taken.repeated:
            found.row = json.loads(encode(account_state(taken.account, taken.shared)))
        self._applied.append(found)
