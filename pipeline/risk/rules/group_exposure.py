"""Cap worst-case notional over the symbols of each group, as a fraction of equity."""

from decimal import Decimal

from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.parameters import PerSymbol, per_symbol
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class GroupExposure(Rule, frozen=True, kw_only=True):
    group_exposure_ratio_max: PerSymbol | None = None  # Of equity; one number, or by group.

    PLACE = 170
    UNIT = "ratio"
    SAYS = "Exposure of the group would be {measured} of equity, above the limit of {limit}."
    NEEDED = (("group_exposure_ratio_max",),)
    RATIO_USUAL_MAX = Decimal(20)  # Leveraged accounts go above 1.
    ENTRY = True
    SIZES = True
    KEEPS = ("groups",)

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        """Check every group of the symbol; report the one with the least headroom."""
        instrument = order.terms.holding.instrument
        if instrument is None or not instrument.groups:
            return self.PASSED
        added, checks = self._added(view, order), []
        sums = view.account.totals.exposures.groups or {}
        for group in instrument.groups:
            limit = per_symbol(self.group_exposure_ratio_max, group)
            if limit is None:
                continue
            gross = None if added is None else sums.get(group, ZERO) + added
            checks.append(self.ratio(view, gross, limit=limit))
        return checks[0] if len(checks) == 1 else min(checks, key=_headroom, default=self.PASSED)

    def _added(self, view: RiskView, order: CandidateOrder) -> Decimal | None:
        """Return what the order adds to its symbol's worst-case notional; None if unknown."""
        own, worst = order.terms.holding.figures.worst, order.worst_notional
        if own is None or worst is None or view.account.totals.unbounded:
            return None
        return worst - own


def _headroom(check: Check) -> Decimal:
    return check.headroom or ZERO
