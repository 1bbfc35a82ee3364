"""The parameters of limits documents that the judge needs, at their least strict so far."""

from decimal import Decimal, InvalidOperation

from topics.events import FillEvent, LimitsEvent
from topics.fields import EVERYONE

__all__ = ["Parameters"]


class Parameters:
    """What any document of one partition named so far, and the built-in defaults."""

    def __init__(self) -> None:
        self.shortest_ms = 60_000  # Of reservation_ttl_ms.
        self.longest_ms = 60_000
        self.collar_ratio = Decimal("0.05")  # A market order counts at a price this much better.
        self._fill_topics: dict[
            str, frozenset[str]
        ] = {}  # Of the documents in force that name any.

    def apply(self, event: LimitsEvent) -> None:
        """Take what a document names; a proposal has no effect, and its approval names it again."""
        if event.body.approval == "propose":
            return
        lifetime_ms = _named(event, "reservation", "reservation_ttl_ms")
        if lifetime_ms is not None:
            self.shortest_ms = min(self.shortest_ms, int(lifetime_ms))
            self.longest_ms = max(self.longest_ms, int(lifetime_ms))
        collar = _named(event, "price_collar", "collar_ratio")
        if collar is not None:
            self.collar_ratio = max(self.collar_ratio, collar)
        if event.body.duration_ms is not None:
            return  # Parameters of the account are never temporary.
        account = event.body.rules.get("account")
        topics = account.get("fill_topics") if isinstance(account, dict) else None
        if isinstance(topics, list):
            self._fill_topics[event.account_id] = frozenset(map(str, topics))
        else:
            self._fill_topics.pop(event.account_id, None)

    def accepts(self, event: FillEvent) -> bool:
        """Return whether the account takes fills from this topic; else risk refused it."""
        topics = self._fill_topics.get(event.account_id, self._fill_topics.get(EVERYONE))
        return topics is None or (event.source is not None and event.source.topic in topics)


def _named(event: LimitsEvent, rule: str, parameter: str) -> Decimal | None:
    parameters = event.body.rules.get(rule)
    value = parameters.get(parameter) if isinstance(parameters, dict) else None
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None  # Risk refuses that document.
