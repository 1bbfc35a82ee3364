"""What unknown_rate says of a breach: the pair without a fresh rate."""

from decimal import Decimal

import pytest

from pipeline.risk.account.holding import Holding
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.order.candidate_order import candidate, order_terms
from pipeline.risk.order.risk_view import risk_view
from pipeline.risk.rules import RULES
from pipeline.risk.rules.unknown_rate import UnknownRate
from pipeline.risk.structs import replace
from pipeline.risk.valuation.equity import NeededRates, Valuation
from tests import given
from tests.risk.log import T0_MS, Log

EURO = given.instrument(settlement_currency="EUR")


def sentence(needed: NeededRates, *, rate_ms: int | None = None, foreign: bool = False) -> str:
    """Return what is said of an order in euros, or at home, of an account in dollars."""
    log = Log()
    log.open()
    assert log.account is not None
    money = Decimal(1000)
    view = risk_view(
        log.account,
        log.shared,
        common=limits_of("{}", "{}").common,
        valuation=Valuation(money, None, money, needed),
    )
    view = replace(view, now_ms=T0_MS + 70_000)
    holding = replace(log_holding(foreign=foreign), point_value=None if foreign else Decimal(1))
    terms = order_terms(given.signal("buy", 1), holding, fresh=True, collar=Decimal(0))
    order = candidate(replace(terms, rate_ms=rate_ms), Decimal(1))
    rule = RULES["unknown_rate"]()
    assert isinstance(rule, UnknownRate)
    return rule.message(view, order, rule.check(view, order))


def log_holding(*, foreign: bool) -> Holding:
    return Holding(given.SYMBOL, EURO if foreign else given.instrument())


@pytest.mark.parametrize(
    ("needed", "said"),
    [
        (NeededRates(missing="GBP"), "There is no rate for GBP/USD."),
        (
            NeededRates(T0_MS, "CHF"),
            "The rate for CHF/USD is 70000 ms old; the maximum is 60000 ms.",
        ),
    ],
)
def test_pair_of_what_is_held_is_named(needed: NeededRates, said: str) -> None:
    assert sentence(needed) == said


@pytest.mark.parametrize(
    ("rate_ms", "said"),
    [
        (None, "There is no rate for EUR/USD."),
        (T0_MS - 1, "The rate for EUR/USD is 70001 ms old; the maximum is 60000 ms."),
    ],
)
def test_pair_of_the_order_is_named(rate_ms: int | None, said: str) -> None:
    needed = NeededRates(T0_MS, "CHF") if rate_ms is not None else NeededRates()

    assert sentence(needed, rate_ms=rate_ms, foreign=True) == said
