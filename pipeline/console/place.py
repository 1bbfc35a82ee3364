"""What the parts of the console share: the model, whether it is fresh, Kafka, and the time."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from pipeline.console.budget_views import BudgetList
from pipeline.console.model import Model
from pipeline.console.ordering import Outcome
from pipeline.outputs.audit import Entry
from pipeline.outputs.health import Finding
from pipeline.outputs.record import Output
from pipeline.streams.settings import Settings
from topics.controls import Control
from topics.limits import LimitsDocument

__all__ = ["AuditQuery", "Freshness", "Place"]


class Freshness(Protocol):
    """Says whether the model is what Kafka holds."""

    def why_stale(self) -> str | None:
        """Return a sentence while it may not be; None while it is."""


class AuditQuery(NamedTuple):
    """Which part of the audit."""

    hours: int  # Back from now.
    account: str  # Empty for all.
    releases: bool  # Also which release decided; that reads every decision.


class Place(NamedTuple):
    """The console of one process; tests put records and a clock of their own here."""

    settings: Settings
    model: Model
    freshness: Freshness
    now_ms: Callable[[], int]
    fetch: Callable[[str, int, int], Output | None]  # Topic, partition, offset.
    findings: Callable[[], list[Finding]]
    audit: Callable[[AuditQuery], list[Entry]]  # Oldest first.
    send: Callable[[Sequence[Control]], list[Outcome]]
    budgets: Callable[[], BudgetList]
    publish: Callable[[LimitsDocument], Outcome]
    # What so many last hours would have been: account, rules in force there, hours.
    lately: Callable[[str, str, int], list[str]]
