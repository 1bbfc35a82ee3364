"""Reject entries in denied symbols, and in symbols missing from the allowed ones."""

from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check
from topics.fields import Symbol


class RestrictedSymbols(Rule, frozen=True, kw_only=True):
    denied: frozenset[Symbol] | None = None
    allowed: frozenset[Symbol] | None = None  # Unset allows every symbol; empty allows none.

    PLACE = 72
    NEEDED = (("denied",), ("allowed",))
    LOOSER_UP = ("allowed",)
    LOOSER_DOWN = ("denied",)
    ENTRY = True

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        symbol = order.terms.signal.symbol
        denied = self._denies(symbol)
        return self.flag(
            breached=denied or (self.allowed is not None and symbol not in self.allowed)
        )

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        symbol = order.terms.signal.symbol
        problem = "denied" if self._denies(symbol) else "not among the allowed symbols"
        return f"{symbol} is {problem}."

    def _denies(self, symbol: str) -> bool:
        return self.denied is not None and symbol in self.denied
