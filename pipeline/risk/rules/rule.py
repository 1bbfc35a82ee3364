"""The base classes of rules: parameters with defaults, a place in the gate, up to three answers.

`check` judges an order before approval, `max_quantity` finds the largest quantity that a breached
rule still allows, and `measure` judges the account after every event. A rule is pure, never acts
and never imports another rule.
"""

from decimal import Decimal
from typing import ClassVar

from pipeline.risk.account.exposures import Sum
from pipeline.risk.account.holding import Holding, StopLevels
from pipeline.risk.numbers import ZERO, exceeds
from pipeline.risk.order.candidate_order import CandidateOrder, OrderTerms, emptied, largest
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import Lacking, OnBreach, Parameters
from pipeline.risk.rules.measure import (
    CheckVerdict,
    Measure,
    counted,
    not_above_zero,
    sentence,
    unmeasured,
)
from pipeline.risk.unknown_check import UnknownCheck
from topics.decisions import Check, Unit


class Rule(Parameters, frozen=True, kw_only=True):
    enabled: bool = True

    NAME: ClassVar[str] = ""  # Set by discovery: the file's name.
    PLACE: ClassVar[int] = 0  # Order in the gate, then of rules that only monitor.
    GATE: ClassVar[bool] = True  # It judges orders.
    ENTRY: ClassVar[bool] = False  # Proven exits are exempt.
    SIZES: ClassVar[bool] = False  # A smaller quantity can cure a breach.
    LAST: ClassVar[bool] = False  # It judges, and cuts once, the size others leave.
    MINIMUMS: ClassVar[bool] = False  # A smaller quantity can breach where a larger passes.
    REPLACES: ClassVar[tuple[str, ...]] = ()  # Rules that are off while this is on.
    # Sets of parameters without a default; the rule works once all of any one set are given.
    NEEDED: ClassVar[tuple[tuple[str, ...], ...]] = ()
    KEEPS: ClassVar[tuple[Sum, ...]] = ()  # Account sums kept only while a rule reads them.
    UNIT: ClassVar[Unit | None] = None  # Of its numbers; None without numbers.
    SAYS: ClassVar[str] = ""  # A breach in words, with {measured} and {limit}.
    # Checks without numbers. Discovery creates them once; they are frozen, so sharing is safe.
    PASSED: ClassVar[Check]
    BREACHED: ClassVar[Check]

    @property
    def ready(self) -> bool:
        """Return whether every limit it needs is set; otherwise the rule is absent."""
        return not self.NEEDED or not all(map(self._unset, self.NEEDED))

    @property
    def lacking(self) -> Lacking | None:
        """Return a parameter without effect because others are unset; None if there is none."""
        if all(len(needed) == 1 for needed in self.NEEDED):  # Single limits are set or unset.
            return None
        complete = {name for needed in self.NEEDED if not self._unset(needed) for name in needed}
        # The most complete set comes first: it is most likely the one that was meant.
        likely = sorted(self.NEEDED, key=lambda needed: (len(self._unset(needed)), -len(needed)))
        found = [
            Lacking(name, self._unset(needed))
            for needed in likely
            for name in needed
            if name not in complete and getattr(self, name) is not None
        ]
        return found[0] if found else None

    @property
    def judges(self) -> bool:
        """Return whether it judges: it is on and has all of its limits, or only some of them."""
        return self.enabled and (self.ready or self.lacking is not None)

    def _unset(self, needed: tuple[str, ...]) -> tuple[str, ...]:
        return tuple([name for name in needed if getattr(self, name) is None])

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        """Judge an order at its quantity."""
        raise NotImplementedError

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        """Explain a breach in one sentence with its numbers."""
        return sentence(self.SAYS, check)

    def is_only_too_small(self, order: CandidateOrder) -> bool:
        """Return whether only a minimum is breached; an order cut to its exit need not meet it."""
        return False

    def sizes(self, view: RiskView, order: CandidateOrder) -> bool:
        """Return whether a smaller entry could pass, not only the proven exit."""
        return self.SIZES

    def max_quantity(self, view: RiskView, order: CandidateOrder) -> Decimal:
        """Return the largest quantity that passes, in whole lots, at most the order's own."""
        return largest(
            order,
            lambda smaller: self.check(view, smaller).verdict != "breach",
            guess=self._guess(view, order),
        )

    def _guess(self, view: RiskView, order: CandidateOrder) -> Decimal | None:
        """Interpolate between quantity 0 and the order's; exact for measures linear in quantity."""
        full, empty = self.check(view, order), self.check(view, emptied(order))
        if full.measured is None or full.limit is None or empty.measured is None:
            return None
        rise = full.measured - empty.measured
        return order.quantity * (full.limit - empty.measured) / rise if rise > 0 else None

    def numbers(
        self,
        verdict: CheckVerdict,
        measured: Decimal | None = None,
        limit: Decimal | None = None,
        *,
        headroom: Decimal | None = None,
    ) -> Check:
        """Return a check with numbers in the rule's unit."""
        return Check(self.NAME, verdict, measured, limit, headroom, self.UNIT)

    def cap(self, measured: Decimal, limit: Decimal) -> Check:
        """Judge against a maximum; equality passes."""
        # The plain comparison decides nearly every check without a call.
        if measured > limit and exceeds(measured, limit):
            return Check(self.NAME, "breach", measured, limit, limit - measured, self.UNIT)
        return Check(self.NAME, "pass", measured, limit, limit - measured, self.UNIT)

    def cap_order(self, terms: OrderTerms, measured: Decimal, limit: Decimal) -> Check:
        """Judge an order's money against a maximum: exactly, unless a division rounded it."""
        cap = self.exact_cap if terms.exact else self.cap
        return cap(measured, limit)

    def exact_cap(self, measured: Decimal, limit: Decimal) -> Check:
        """Judge an unrounded number against a maximum, to its last digit; equality passes."""
        verdict: CheckVerdict = "breach" if measured > limit else "pass"
        return Check(self.NAME, verdict, measured, limit, limit - measured, self.UNIT)

    def floor(self, measured: Decimal, limit: Decimal) -> Check:
        """Judge against a minimum; equality passes."""
        verdict: CheckVerdict = "breach" if exceeds(limit, measured) else "pass"
        return Check(self.NAME, verdict, measured, limit, measured - limit, self.UNIT)

    def count(self, measured: int, limit: int) -> Check:
        """Judge a count or a time in ms against a maximum; equality passes."""
        return counted(self.NAME, self.UNIT, measured, limit=limit)

    def flag(self, *, breached: bool) -> Check:
        """Return a check without numbers."""
        return self.BREACHED if breached else self.PASSED

    def unknown(self, limit: Decimal | None = None) -> Check:
        """Breach because an input that another rule owns is unknown."""
        return UnknownCheck(self.NAME, "breach", None, limit, None, self.UNIT)

    def ratio(self, view: RiskView, notional: Decimal | None, *, limit: Decimal) -> Check:
        """Judge a notional as a fraction of equity; equity <= 0 breaches. Inlines `cap`."""
        equity = view.equity
        if equity is None or (notional is None and equity > ZERO):
            return self.unknown(limit)
        if notional is None or not view.solvent:
            return self.unmeasured(limit, not_above_zero("equity", equity))
        measured = notional / equity
        verdict: CheckVerdict = "pass"
        if measured > limit and exceeds(measured, limit):
            verdict = "breach"
        return Check(self.NAME, verdict, measured, limit, limit - measured, self.UNIT)

    def unmeasured(self, limit: Decimal | None, why: str) -> Check:
        """Breach without a number, for a reason that no other rule owns."""
        message = unmeasured(self.NAME, why, limit)
        return Check(self.NAME, "breach", None, limit, None, self.UNIT, message)


class AccountLimit(Rule, frozen=True, kw_only=True):
    """A rule that also measures the account after every event and can stop it."""

    on_breach: OnBreach = "flatten"

    LOSS: ClassVar[bool] = True  # Resuming its stop sets a new baseline.
    CONFIRMS: ClassVar[bool] = True  # A breach must also hold at confirming marks.

    def measure(self, view: RiskView, equity: Decimal) -> Measure | None:
        """Measure the account at a given equity; None when there is nothing to measure."""
        raise NotImplementedError


class PositionStop(Rule, frozen=True, kw_only=True):
    """A stop rule for single positions: a breach closes that position only."""

    on_breach: OnBreach = "flatten"

    GATE: ClassVar[bool] = False

    def hit(self, holding: Holding, stop_levels: StopLevels, now_ms: int) -> Measure | None:
        """Return the breach of a position that must be closed; None while it may stay open."""
        raise NotImplementedError

    def due_ms(self, symbol: str, stop_levels: StopLevels) -> int | None:
        """Return when time alone triggers the stop; None when only a price can."""
        return None
