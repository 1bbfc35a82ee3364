"""What all positions and orders may lose together, measured with the volatility of closed bars."""

from decimal import Decimal

import pytest

from tests.spec.desk import (
    MINUTE,
    Desk,
    answer_of,
    assert_not_judged,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.desks import entry
from tests.spec.rulebook import only

# Closes of 100 and 110 make one return: ln 1.1. A confidence of 0.99 is this many deviations.
EWMA = Decimal("0.0953101798043")
Z = Decimal("2.32634787404")
PER_UNIT = Z * EWMA * 100  # Of one unit at 100 over one bar: 22.17...


def shown(number: Decimal) -> Decimal:
    """Round to the 18 places that outputs have."""
    return round(number, 18)


def after_bars(desk: Desk, *closes: object, symbol: str = "X") -> Desk:
    """Close one bar at each price, and quote 100 in the next."""
    for close in closes:
        desk.price(str(close), symbol)
        desk.wait(MINUTE)
    desk.price(100, symbol)
    return desk


def desk_with(var_ratio_max: object, *closes: int, **parameters: object) -> Desk:
    """Open a desk with 10 000 that is judged by value at risk alone, over one bar."""
    rule = {"var_ratio_max": str(var_ratio_max), "horizon_bars": 1, **parameters}
    return after_bars(open_desk(only(value_at_risk=rule)), *closes)


def test_rule_is_absent_when_no_document_sets_its_limit() -> None:
    desk = after_bars(open_desk(only(value_at_risk={})), 100, 110)

    assert "value_at_risk" not in [check["rule"] for check in entry(desk, 10)["checks"]]


# Ten units risk 221.72...: exactly the limit, and then just above it.
@pytest.mark.parametrize(
    ("less", "answer"),
    [
        ("0", ("approved", "10", [], None)),
        ("1e-15", ("modified", "9", ["value_at_risk"], "value_at_risk")),
    ],
)
def test_order_is_cut_when_it_would_risk_more_than_allowed(
    less: str, answer: tuple[object, ...]
) -> None:
    desk = desk_with(10 * PER_UNIT / 10_000 - Decimal(less), 100, 110)

    assert answer_of(entry(desk, 10)) == answer


def test_numbers_are_money_when_it_is_judged() -> None:
    verdict, measured, limit, _ = numbers_of(
        entry(desk_with("0.03", 100, 110), 10), "value_at_risk"
    )

    assert (verdict, Decimal(str(measured)), limit) == ("pass", shown(10 * PER_UNIT), "300")


# Sixteen bars: four times as much; a confidence of 0.95 is 1.6448536... deviations.
@pytest.mark.parametrize(
    ("parameters", "deviations"),
    [({"horizon_bars": 16}, 4 * Z), ({"var_confidence": "0.95"}, Decimal("1.64485362695"))],
)
def test_measure_grows_with_confidence_and_the_root_of_time(
    parameters: dict[str, object], deviations: Decimal
) -> None:
    desk = desk_with(1, 100, 110, **parameters)

    _, measured, _, _ = numbers_of(entry(desk, 10), "value_at_risk")

    assert Decimal(str(measured)) == shown(deviations * EWMA * 1000)


# Held 4, reserved buys 3 and sells 2 in X; 5 of Y at its own volatility ln 1.21; asked 1 more.
def test_everything_held_and_reserved_adds_up_when_it_is_judged() -> None:
    desk = desk_with(1, 100, 110)
    desk.instrument("Y")
    after_bars(desk, 100, 121, symbol="Y")
    after_bars(desk)
    desk.fill("buy", 4, 100)
    entry(desk, 3)
    desk.signal("sell", 2, limit_price="100")
    entry(desk, 5, symbol="Y")

    _, measured, _, _ = numbers_of(entry(desk, 1), "value_at_risk")

    assert Decimal(str(measured)) == shown(Z * (800 * EWMA + 500 * Decimal("0.190620359609")))


def test_entry_is_refused_when_the_volatility_is_unknown() -> None:
    decision = entry(desk_with("0.03", 100), 10)

    assert answer_of(decision)[:3] == ("rejected", "0", ["value_at_risk"])
    assert numbers_of(decision, "value_at_risk") == ("breach", None, "300", None)


def test_entry_is_refused_when_that_of_another_held_symbol_is_unknown() -> None:
    desk = desk_with("0.03", 100, 110)
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.fill("buy", 1, 100, symbol="Y")

    assert answer_of(entry(desk, 1))[:3] == ("rejected", "0", ["value_at_risk"])


def test_exit_passes_when_the_volatility_is_unknown() -> None:
    desk = desk_with("0.03", 100)
    desk.fill("buy", 5, 100)

    decision = desk.signal("sell", 5, limit_price="100")

    assert answer_of(decision) == ("approved", "5", [], None)
    assert numbers_of(decision, "value_at_risk") == ("exempt", None, "300", None)


# Held 10: at ln 1.1 they risk 221.7; a bar that falls from 110 to 99 makes the volatility larger.
def test_account_reduces_at_once_when_the_market_grows_wild() -> None:
    desk = desk_with(10 * PER_UNIT / 10_000, 100, 110)
    desk.fill("buy", 10, 100)
    assert desk.stops() == []

    desk.price(99)
    desk.wait(MINUTE)
    desk.price(100)
    desk.wait(1000)

    assert desk.stops() == [("value_at_risk", "triggered")]
    assert desk.state()["trading_state"] == "reducing"


def test_nothing_happens_when_the_risk_is_exactly_at_the_limit() -> None:
    desk = desk_with(10 * PER_UNIT / 10_000, 100, 110)
    answer = answer_of(entry(desk, 10))
    desk.wait(30_000)

    assert (answer[0], desk.stops()) == ("approved", [])


def test_sum_is_right_when_the_rule_is_turned_on_later() -> None:
    desk = after_bars(open_desk(only()), 100, 110)
    desk.fill("buy", 4, 100)

    desk.limits(only(value_at_risk={"var_ratio_max": "1", "horizon_bars": 1}))

    _, measured, _, _ = numbers_of(entry(desk, 1), "value_at_risk")
    assert Decimal(str(measured)) == shown(5 * PER_UNIT)


def test_entries_pass_again_when_the_volatility_of_what_is_held_becomes_known() -> None:
    desk = desk_with(1, 100, 110)
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.fill("buy", 4, 100, symbol="Y")
    before = entry(desk, 1)["verdict"]

    after_bars(desk, 100, 110, symbol="Y")
    desk.signal("hold", symbol="Y")
    after_bars(desk)

    _, measured, _, _ = numbers_of(entry(desk, 1), "value_at_risk")
    assert (before, Decimal(str(measured))) == ("rejected", shown(5 * PER_UNIT))


@pytest.mark.parametrize("confidence", ["0.5", "1", "0", "-1", "text"])
def test_document_is_refused_when_its_confidence_means_nothing(confidence: str) -> None:
    desk = open_desk(only())

    desk.limits(only(value_at_risk={"var_ratio_max": "1", "var_confidence": confidence}))

    assert len(desk.alerts("limits")) == 1


def test_breach_is_explained_when_too_much_is_at_risk() -> None:
    decision = entry(desk_with("0.02", 100, 110), 10)

    # 10 x 22.1724...
    message = "Value at risk would be 221.725, above the maximum of 200."
    assert explained(decision, "value_at_risk") == ("money", message)


def test_exit_is_exempt_when_too_much_is_at_risk() -> None:
    desk = desk_with("0.01", 100, 110, on_breach="warn")
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10, limit_price="100")

    # Nothing would be short.
    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "value_at_risk") == ("exempt", "0", "100", "100")


def test_risky_order_passes_when_the_rule_is_turned_off() -> None:
    assert_not_judged(entry(desk_with("0.02", 100, 110, enabled=False), 10), "value_at_risk")
