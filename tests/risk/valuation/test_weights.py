"""The sum of exposures weighed by volatility is what the holdings add up to, after any history."""

from decimal import Decimal

from hypothesis import given as over
from hypothesis import settings
from msgspec.structs import replace

from pipeline.risk.account.exposures import Weights
from pipeline.risk.numbers import EXACT
from tests import given
from tests.risk.log import T0_MS, Log
from tests.risk.valuation.test_totals import STEPS
from topics.events import LimitsEvent, Quote


class WildLog(Log):
    """Its quotes carry a volatility that follows the price; every seventh knows none."""

    def quote(self, price: int, at_ms: int) -> Quote:
        ewma = None if price % 7 == 0 else Decimal(price) / 1000
        return replace(super().quote(price, at_ms), ewma=ewma)

    def weigh(self, *, wanted: bool) -> None:
        """Turn the rule that asks for the sum on or off."""
        rule = {"enabled": wanted, "var_ratio_max": "1000"}
        version = self.shared.limits.version + 1
        body = replace(given.limits({"value_at_risk": rule}), version=version)
        self.append(LimitsEvent(account_id="*", source=self.source(), body=body), T0_MS)


@over(steps=STEPS)
@settings(max_examples=100, deadline=None)
def test_sum_is_that_of_the_holdings(steps: list[tuple[str, int, int]]) -> None:
    log = WildLog()
    log.open()
    log.weigh(wanted=True)
    for number, (what, quantity, price) in enumerate(steps):
        at_ms = T0_MS + 400 * number
        if what == "ask":
            log.ask(f"s{number}", at_ms, quantity=abs(quantity) + 1, price=price)
        elif what == "fill" and quantity:
            log.fill(f"f{number}", quantity, at_ms, price=price)
        elif what == "wait":
            log.weigh(wanted=price % 2 == 0)
    log.weigh(wanted=True)
    log.revaluation(100, T0_MS + 400 * len(steps))

    assert log.account is not None
    (worst,) = (holding.figures.worst for holding in log.account.holdings.values())
    known = EXACT.multiply(worst or Decimal(0), Decimal("0.1"))
    assert log.account.totals.exposures.weights == Weights(known, worst is None)
