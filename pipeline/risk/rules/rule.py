"""What a rule is: parameters with defaults, its place in the gate, and up to three answers.

`check` judges an order before approval, `max_quantity` is the largest quantity that a breached rule
still allows, `measure` judges the account after every event. A rule is pure and knows no other.
"""

from decimal import Decimal
from functools import lru_cache
from typing import ClassVar

from pipeline.risk.account.exposures import Sum
from pipeline.risk.account.holding import Holding, StopLevels
from pipeline.risk.numbers import ZERO, exceeds
from pipeline.risk.order.candidate_order import CandidateOrder, OrderTerms, emptied, largest
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import Lacking, OnBreach, Parameters
from pipeline.risk.rules.measure import CheckVerdict, Measure, UnknownCheck, sentence
from topics.decisions import Check, Unit


class Rule(Parameters, frozen=True, kw_only=True):
    enabled: bool = True

    NAME: ClassVar[str] = ""  # Set by discovery: the file's name.
    PLACE: ClassVar[int] = 0  # Order in the gate, and after it of what only watches.
    GATE: ClassVar[bool] = True  # It judges proposals.
    ENTRY: ClassVar[bool] = False  # Proven exits are exempt.
    SIZES: ClassVar[bool] = False  # A breach can be cured by a smaller quantity.
    LAST: ClassVar[bool] = False  # It judges, and cuts once, what the other rules leave.
    MINIMUMS: ClassVar[bool] = False  # A smaller quantity can breach what a larger one passed.
    REPLACES: ClassVar[tuple[str, ...]] = ()  # Rules that are off while it is on.
    # Parameters without a default that it cannot judge without: all of one of these sets.
    NEEDED: ClassVar[tuple[tuple[str, ...], ...]] = ()
    KEEPS: ClassVar[tuple[Sum, ...]] = ()  # Sums that are kept only for rules like it.
    UNIT: ClassVar[Unit | None] = None  # Of its numbers; None where it has none.
    SAYS: ClassVar[str] = ""  # The sentence of a breach, with {measured} and {limit}.
    PASSED: ClassVar[Check]  # Answers without numbers, made once by discovery.
    BREACHED: ClassVar[Check]

    @property
    def ready(self) -> bool:
        """Whether every limit it needs has a value; without one the rule is absent."""
        return not self.NEEDED or not all(map(self._unset, self.NEEDED))

    @property
    def lacking(self) -> Lacking | None:
        """What is set in vain because another parameter is not; None: nothing is."""
        if all(len(each) == 1 for each in self.NEEDED):  # Whole, or unset.
            return None
        whole = {name for each in self.NEEDED if not self._unset(each) for name in each}
        parts = [
            Lacking(name, self._unset(each))
            # The first is what most likely is meant: least is missing, and most is there.
            for each in sorted(self.NEEDED, key=lambda each: (len(self._unset(each)), -len(each)))
            for name in each
            if name not in whole and getattr(self, name) is not None
        ]
        return parts[0] if parts else None

    @property
    def judges(self) -> bool:
        """Whether it has a say: it is on and has its limits, or only a part of them."""
        return self.enabled and (self.ready or self.lacking is not None)

    def _unset(self, needed: tuple[str, ...]) -> tuple[str, ...]:
        return tuple([name for name in needed if getattr(self, name) is None])

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        """Judge a proposal at its quantity."""
        raise NotImplementedError

    def message(self, view: RiskView, order: CandidateOrder, check: Check) -> str:
        """Explain a breach in one sentence with its numbers."""
        return sentence(self.SAYS, check)

    def is_only_too_small(self, order: CandidateOrder) -> bool:
        """Whether a breach is only of a minimum, which an order cut to its exit need not reach."""
        return False

    def sizes(self, view: RiskView, order: CandidateOrder) -> bool:
        """Whether a smaller quantity could satisfy it here, apart from the proven exit."""
        return self.SIZES

    def max_quantity(self, view: RiskView, order: CandidateOrder) -> Decimal:
        """The largest quantity in whole lots that satisfies it, at most the proposal's own."""
        return largest(
            order,
            lambda smaller: self.check(view, smaller).verdict != "breach",
            guess=self._guess(view, order),
        )

    def _guess(self, view: RiskView, order: CandidateOrder) -> Decimal | None:
        """Guess the room as if the measure grew evenly from nothing to the full quantity."""
        full, none = self.check(view, order), self.check(view, emptied(order))
        if full.measured is None or full.limit is None or none.measured is None:
            return None
        rise = full.measured - none.measured
        return order.quantity * (full.limit - none.measured) / rise if rise > 0 else None

    def numbers(
        self,
        verdict: CheckVerdict,
        measured: Decimal | None = None,
        limit: Decimal | None = None,
        *,
        headroom: Decimal | None = None,
    ) -> Check:
        """Answer with numbers in the rule's unit."""
        return Check(self.NAME, verdict, measured, limit, headroom, self.UNIT)

    def cap(self, measured: Decimal, limit: Decimal) -> Check:
        """Judge against a maximum; equality passes."""
        if measured > limit and exceeds(measured, limit):
            return Check(self.NAME, "breach", measured, limit, limit - measured, self.UNIT)
        return Check(self.NAME, "pass", measured, limit, limit - measured, self.UNIT)

    def cap_order(self, terms: OrderTerms, measured: Decimal, limit: Decimal) -> Check:
        """Judge money of an order: to its last digit where no division took part in it."""
        cap = self.exact_cap if terms.exact else self.cap
        return cap(measured, limit)

    def exact_cap(self, measured: Decimal, limit: Decimal) -> Check:
        """Judge a number whose every digit counts against a maximum; equality passes."""
        verdict: CheckVerdict = "breach" if measured > limit else "pass"
        return Check(self.NAME, verdict, measured, limit, limit - measured, self.UNIT)

    def floor(self, measured: Decimal, limit: Decimal) -> Check:
        """Judge against a minimum; equality passes."""
        verdict: CheckVerdict = "breach" if exceeds(limit, measured) else "pass"
        return Check(self.NAME, verdict, measured, limit, measured - limit, self.UNIT)

    def count(self, measured: int, limit: int) -> Check:
        """Cap a count or a time; the usual answers are made once."""
        return _counted(self.NAME, self.UNIT, measured, limit=limit)

    def flag(self, *, breached: bool) -> Check:
        """Answer without numbers."""
        return self.BREACHED if breached else self.PASSED

    def unknown(self, limit: Decimal | None = None) -> Check:
        """Breach for want of an input that another rule owns."""
        return UnknownCheck(self.NAME, "breach", None, limit, None, self.UNIT)

    def ratio(self, view: RiskView, notional: Decimal | None, *, limit: Decimal) -> Check:
        """Judge a notional as a fraction of equity; equity <= 0 breaches."""
        equity = view.equity
        if equity is None or (notional is None and equity > ZERO):
            return self.unknown(limit)
        if notional is None or not view.solvent:
            return self.meaningless(limit)
        measured = notional / equity
        verdict: CheckVerdict = "pass"
        if measured > limit and exceeds(measured, limit):
            verdict = "breach"
        return Check(self.NAME, verdict, measured, limit, limit - measured, self.UNIT)

    def meaningless(self, limit: Decimal | None) -> Check:
        """Breach where no ratio means anything: at equity <= 0, at a price <= 0."""
        return Check(self.NAME, "breach", None, limit, None, self.UNIT)


@lru_cache(maxsize=16_384)
def _counted(name: str, unit: Unit | None, measured: int, *, limit: int) -> Check:
    verdict: CheckVerdict = "breach" if measured > limit else "pass"
    headroom = Decimal(limit - measured)
    return Check(name, verdict, Decimal(measured), Decimal(limit), headroom, unit)


class AccountLimit(Rule, frozen=True, kw_only=True):
    """A rule that also looks after every event and acts by itself."""

    on_breach: OnBreach = "flatten"

    LOSS: ClassVar[bool] = True  # Resuming its stop starts the loss windows anew.
    CONFIRMS: ClassVar[bool] = True  # A breach must hold at confirming marks, too.

    def measure(self, view: RiskView, equity: Decimal) -> Measure | None:
        """Measure the account at an equity; None when there is nothing to measure."""
        raise NotImplementedError


class PositionStop(Rule, frozen=True, kw_only=True):
    """A stop of each position by itself; what it closes is that position."""

    on_breach: OnBreach = "flatten"

    GATE: ClassVar[bool] = False

    def hit(self, holding: Holding, stop_levels: StopLevels, now_ms: int) -> Measure | None:
        """Measure a held position that must be closed; None while it may stay."""
        raise NotImplementedError

    def due_ms(self, symbol: str, stop_levels: StopLevels) -> int | None:
        """When it hits without any event; None when only prices can bring it about."""
        return None
