"""What the parts of the console share: the model, whether it is fresh, Kafka, and the time."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from pipeline.console.model import Model
from pipeline.console.ordering import Outcome
from pipeline.outputs.health import Finding
from pipeline.outputs.record import Output
from pipeline.streams.settings import Settings
from topics.controls import Control

__all__ = ["Freshness", "Place"]


class Freshness(Protocol):
    """Says whether the model is what Kafka holds."""

    def why_stale(self) -> str | None:
        """Return a sentence while it may not be; None while it is."""


class Place(NamedTuple):
    """The console of one process; tests put records and a clock of their own here."""

    settings: Settings
    model: Model
    freshness: Freshness
    now_ms: Callable[[], int]
    fetch: Callable[[str, int, int], Output | None]  # Topic, partition, offset.
    findings: Callable[[], list[Finding]]
    send: Callable[[Control], Outcome]
