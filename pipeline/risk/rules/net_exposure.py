"""Cap net exposure, with all orders of one side filled, as a fraction of equity."""

from decimal import Decimal

from pipeline.risk.account.exposures import NO_SIDES
from pipeline.risk.order.candidate_order import CandidateOrder
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check


class NetExposure(Rule, frozen=True, kw_only=True):
    net_exposure_ratio_max: Decimal | None = None  # Of equity.

    PLACE = 160
    UNIT = "ratio"
    SAYS = "Net exposure would be {measured} of equity, above the limit of {limit}."
    NEEDED = (("net_exposure_ratio_max",),)
    RATIO_USUAL_MAX = Decimal(20)  # Leveraged accounts go above 1.
    ENTRY = True
    SIZES = True
    KEEPS = ("sides",)

    def check(self, view: RiskView, order: CandidateOrder) -> Check:
        """Measure net long exposure for a buy, net short for a sell; orders offset nothing."""
        assert self.net_exposure_ratio_max is not None
        limit, totals = self.net_exposure_ratio_max, view.account.totals
        sides, net = totals.exposures.sides or NO_SIDES, None
        if order.order_notional is not None and not totals.unbounded:
            buys = order.terms.side == "buy"
            held = sides.net + sides.buys if buys else sides.sells - sides.net
            net = held + order.order_notional
        return self.ratio(view, net, limit=limit)
