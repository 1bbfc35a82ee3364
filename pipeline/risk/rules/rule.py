"""What a rule is: parameters with defaults, its place in the gate, and up to three answers.

`check` judges a proposal before approval, `room` says the largest quantity a breached rule still
allows, `watch` judges the account after every event. A rule is pure and knows no other rule.
"""

from decimal import Decimal
from functools import lru_cache
from typing import ClassVar, Literal

from msgspec import Struct

from pipeline.risk.account import Account
from pipeline.risk.book.holding import Guard, Holding
from pipeline.risk.gate.proposal import Proposal, emptied, largest
from pipeline.risk.gate.standing import Standing
from pipeline.risk.limits.parameters import OnBreach, Parameters
from pipeline.risk.numbers import ZERO
from pipeline.risk.valuation.exposures import Sum
from pipeline.risk.valuation.windows import Baseline, Window
from topics.decisions import Check


class UnknownCheck(Check, frozen=True, gc=False):
    """A breach because an input is unknown; the reason belongs to the rule that owns the input."""


class Measure(Struct, frozen=True, gc=False):
    """What a watch measured; it breaches when measured > limit."""

    measured: Decimal
    limit: Decimal

    def breached(self) -> bool:
        return self.measured > self.limit


class LeastMeasure(Measure, frozen=True, gc=False):
    """The same against a minimum: it breaches when measured < limit."""

    def breached(self) -> bool:
        return self.measured < self.limit


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
    KEEPS: ClassVar[tuple[Sum, ...]] = ()  # Sums that are kept only for rules like it.
    PASSED: ClassVar[Check]  # Answers without numbers, made once by discovery.
    BREACHED: ClassVar[Check]

    @property
    def ready(self) -> bool:
        """Whether every limit it needs has a value; without one the rule is absent."""
        return True

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        """Judge a proposal at its quantity."""
        raise NotImplementedError

    def sizes(self, standing: Standing, proposal: Proposal) -> bool:
        """Whether a smaller quantity could satisfy it here, apart from the proven exit."""
        return self.SIZES

    def room(self, standing: Standing, proposal: Proposal) -> Decimal:
        """The largest quantity in whole lots that satisfies it, at most the proposal's own."""
        return largest(
            proposal,
            lambda smaller: self.check(standing, smaller).verdict != "breach",
            guess=self._guess(standing, proposal),
        )

    def _guess(self, standing: Standing, proposal: Proposal) -> Decimal | None:
        """Guess the room as if the measure grew evenly from nothing to the full quantity."""
        full, none = self.check(standing, proposal), self.check(standing, emptied(proposal))
        if full.measured is None or full.limit is None or none.measured is None:
            return None
        rise = full.measured - none.measured
        return proposal.quantity * (full.limit - none.measured) / rise if rise > 0 else None

    def cap(self, measured: Decimal, limit: Decimal) -> Check:
        if measured > limit:
            return Check(self.NAME, "breach", measured, limit, limit - measured)
        return Check(self.NAME, "pass", measured, limit, limit - measured)

    def floor(self, measured: Decimal, limit: Decimal) -> Check:
        """Judge against a minimum; equality passes."""
        verdict: Literal["pass", "breach"] = "breach" if measured < limit else "pass"
        return Check(self.NAME, verdict, measured, limit, measured - limit)

    def count(self, measured: int, limit: int) -> Check:
        """Cap a count or a time; the usual answers are made once."""
        return _counted(self.NAME, measured, limit)

    def flag(self, *, breached: bool) -> Check:
        """Answer without numbers."""
        return self.BREACHED if breached else self.PASSED

    def unknown(self, limit: Decimal | None = None) -> Check:
        """Breach for want of an input that another rule owns."""
        return UnknownCheck(self.NAME, "breach", None, limit, None)

    def ratio(self, standing: Standing, notional: Decimal | None, *, limit: Decimal) -> Check:
        """Judge a notional as a fraction of equity; equity <= 0 breaches."""
        equity = standing.equity
        if equity is None or (notional is None and equity > ZERO):
            return self.unknown(limit)
        if notional is None or not standing.solvent:
            return self.meaningless(limit)
        measured = notional / equity
        verdict: Literal["pass", "breach"] = "breach" if measured > limit else "pass"
        return Check(self.NAME, verdict, measured, limit, limit - measured)

    def meaningless(self, limit: Decimal) -> Check:
        """Breach where no ratio means anything: at equity <= 0, at a price <= 0."""
        return Check(self.NAME, "breach", None, limit, None)


@lru_cache(maxsize=16_384)
def _counted(name: str, measured: int, limit: int) -> Check:
    verdict: Literal["pass", "breach"] = "breach" if measured > limit else "pass"
    return Check(name, verdict, Decimal(measured), Decimal(limit), Decimal(limit - measured))


class Watch(Rule, frozen=True, kw_only=True):
    """A rule that also looks after every event and acts by itself."""

    on_breach: OnBreach = "flatten"

    LOSS: ClassVar[bool] = True  # Resuming its stop starts the loss windows anew.
    CONFIRMS: ClassVar[bool] = True  # A breach must hold at confirming marks, too.

    def watch(self, standing: Standing, equity: Decimal) -> Measure | None:
        """Measure the account at an equity; None when there is nothing to measure."""
        raise NotImplementedError


class LossWatch(Watch, frozen=True, kw_only=True):
    """A loss limit of a window: measured from its open, or from a resume of its own stop."""

    ENTRY: ClassVar[bool] = True

    def window(self, account: Account) -> Window | None:
        """Return the window whose loss is limited."""
        raise NotImplementedError

    def limit_of(self, base: Decimal) -> Decimal:
        """Return the largest loss at a base: start equity + deposits since."""
        raise NotImplementedError

    def check(self, standing: Standing, proposal: Proposal) -> Check:
        """Judge the loss; a base <= 0 is breached, and an unknown equity still shows the limit."""
        since = self._since(standing.account)
        base = None if since is None else since.loss_base()
        if since is None or base is None:
            return self.unknown()
        limit, pnl = self.limit_of(base), since.pnl(standing.equity)
        if pnl is None:
            return self.unknown(limit)
        if base <= ZERO:
            return Check(self.NAME, "breach", -pnl, limit, limit + pnl)
        return self.cap(-pnl, limit)

    def watch(self, standing: Standing, equity: Decimal) -> Measure | None:
        since = self._since(standing.account)
        base = None if since is None else since.loss_base()
        if since is None or base is None or base <= ZERO:
            return None
        pnl = since.pnl(equity)
        return None if pnl is None else Measure(-pnl, self.limit_of(base))

    def _since(self, account: Account) -> Window | Baseline | None:
        if account.baselines and self.NAME in account.baselines:
            return account.baselines[self.NAME]
        return self.window(account)


class PositionStop(Rule, frozen=True, kw_only=True):
    """A stop of each position by itself; what it closes is that position."""

    on_breach: OnBreach = "flatten"

    GATE: ClassVar[bool] = False

    def hit(self, holding: Holding, guard: Guard, now_ms: int) -> Measure | None:
        """Measure a held position that must be closed; None while it may stay."""
        raise NotImplementedError

    def due_ms(self, symbol: str, guard: Guard) -> int | None:
        """When it hits without any event; None when only prices can bring it about."""
        return None
