"""Reject entries after too many or too fast losses; after a cooldown admit one smaller entry."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from pipeline.risk.account.rule_records import LOSSES_MAX, Breaker, Phase
from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.order.candidate_order import CandidateOrder, floored
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import Duration
from pipeline.risk.rules.measure import sentence
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check

_Losses = Annotated[int, Meta(ge=1, le=LOSSES_MAX)]


class CircuitBreaker(Rule, frozen=True, kw_only=True):
    consecutive_losses_max: _Losses | None = None  # Losing closes in a row that open it.
    loss_count_max: _Losses | None = None  # Losing closes within window_ms that open it.
    window_ms: Duration | None = None
    rapid_loss_ratio: Decimal | None = None  # Of the highest equity within rapid_window_ms.
    rapid_window_ms: Duration | None = None
    cooldown_ms: Duration | None = None  # How long it stays open; required by every limit.
    half_open_scale: Decimal = Decimal("0.5")  # Of the quantity that the entry requests.

    PLACE = 260
    UNIT = "quantity"
    NEEDED = (
        ("consecutive_losses_max", "cooldown_ms"),
        ("loss_count_max", "window_ms", "cooldown_ms"),
        ("rapid_loss_ratio", "rapid_window_ms", "cooldown_ms"),
    )
    LOOSER_UP = ("rapid_loss_ratio", "half_open_scale")
    LOOSER_DOWN = ("window_ms", "rapid_window_ms", "cooldown_ms")
    ENTRY = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.half_open_scale > ONE:
            raise ValueError("half_open_scale must be a number from 0 to 1")

    @property
    def is_rapid(self) -> bool:
        return self.rapid_loss_ratio is not None and self.rapid_window_ms is not None

    def phase(self, breaker: Breaker, now_ms: int) -> Phase:
        """Say how far it is; without a cooldown it stays open until a loss is resumed."""
        if breaker.opened_ms is None:
            return "closed"
        if self.cooldown_ms is None or now_ms < breaker.opened_ms + self.cooldown_ms:
            return "open"
        return "half-open"

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        if view.account.rules.circuit_breaker.opened_ms is None:
            return self.PASSED
        if not self.sizes(view, order):
            return self.BREACHED
        return self.exact_cap(order.quantity, self.max_quantity(view, order))

    def sizes(self, view: RiskView, order: CandidateOrder) -> bool:
        """Return whether it is half-open and free to admit one smaller entry."""
        account, breaker = view.account, view.account.rules.circuit_breaker
        busy = account.totals.opening or breaker.entered
        return self.phase(breaker, view.now_ms) == "half-open" and not busy

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        if check.measured is None:
            return "The circuit breaker is open after losses."
        says = "The half-open circuit breaker admits one order of at most {limit}, not {measured}."
        return sentence(says, check)

    def max_quantity(self, view: RiskView, order: CandidateOrder) -> Decimal:
        return floored(order.terms, self.half_open_scale * (order.terms.asked or ZERO))
