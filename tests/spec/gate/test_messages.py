"""Each check says the unit of its numbers, and a breach explains itself in one sentence."""

from typing import Any

import pytest

from pipeline.risk.rules import RULES
from tests.spec.desk import DAY, MINUTE, Desk, Row, checks_of, open_desk
from tests.spec.rulebook import only

UNITS = {"ratio", "money", "quantity", "price", "ms", "count"}


def check_of(rule: str, parameters: dict[str, Any], desk: Desk | None = None, **fields: Any) -> Row:
    """Return the check of a rule on a market order of 10 X at 100, with 10 000 of equity."""
    desk = desk or open_desk(only(**{rule: parameters}))
    signal = {"quantity": "10", "limit_price": "100", **fields}
    return checks_of(desk.signal(signal.pop("side", "buy"), **signal))[rule]


def test_number_is_written_out_when_six_digits_would_hide_the_breach() -> None:
    check = check_of("position_ratio", {"position_ratio_max": "0.0999999999"})

    assert (check["verdict"], check["unit"], check["message"]) == (
        "breach", "ratio",
        "The position would be 0.1 of equity, above the limit of 0.0999999999.",
    )  # fmt: skip


def test_passed_check_has_its_unit_and_no_message() -> None:
    check = check_of("order_notional", {"order_notional_max": 5000})

    assert (check["unit"], "message" in check) == ("money", False)


def test_missing_price_is_explained_by_the_rule_that_owns_it() -> None:
    desk = open_desk(only(stale_mark={}, order_notional={"order_notional_max": 1}), mark=None)

    decision = desk.signal("buy", 1)

    messages = {name: check.get("message") for name, check in checks_of(decision).items()}
    assert messages["stale_mark"] == "There is no price of X or of a held position."
    assert messages["order_notional"] == (
        "order_notional cannot be measured: an input is unknown. Its limit is 1."
    )


def insolvent_desk(rule: str, **parameters: Any) -> Desk:
    """Return a desk that holds nothing and owes 5: known equity of -5."""
    desk = open_desk(only(**{rule: parameters}), balance=100)
    desk.lose(105)
    return desk


@pytest.mark.parametrize(
    ("rule", "parameters", "limit"),
    [
        ("order_ratio", {"order_ratio_max": "0.5"}, " Its limit is 0.5."),
        ("position_ratio", {"position_ratio_max": "0.5"}, " Its limit is 0.5."),
        ("gross_exposure", {"gross_exposure_ratio_max": "0.5"}, " Its limit is 0.5."),
        ("net_exposure", {"net_exposure_ratio_max": "0.5"}, " Its limit is 0.5."),
        ("margin", {"leverage": 5}, ""),
        ("risk_per_trade", {"risk_per_trade_ratio": "0.1"}, " Its limit is -0.5."),
        ("risk_score", {}, " Its limit is 0.6."),
    ],
)
def test_message_gives_the_equity_when_it_is_not_positive(
    rule: str, parameters: dict[str, str], limit: str
) -> None:
    desk = insolvent_desk(rule, **parameters)

    check = checks_of(desk.signal("buy", 1, limit_price="100"))[rule]

    why = f"{rule} cannot be measured: equity is -5, which is not above zero."
    assert (check["measured"], check["message"]) == (None, why + limit)


def test_message_says_that_the_volatility_is_unknown_though_equity_is_known() -> None:
    check = check_of("value_at_risk", {"var_ratio_max": "0.1"})

    assert check["message"] == (
        "value_at_risk cannot be measured: the volatility of a symbol is unknown. "
        "Its limit is 1000."
    )


def test_message_says_what_the_reference_price_is_when_it_is_below_zero() -> None:
    desk = open_desk(only(price_collar={}), mark=None)
    desk.instrument(prices_may_be_negative=True)
    desk.price("-37")

    check = checks_of(desk.signal("buy", 1, limit_price="-37"))["price_collar"]

    assert check["message"] == (
        "price_collar cannot be measured: the reference price is -37, which is not above zero. "
        "Its limit is 0.05."
    )


def test_message_says_that_a_signal_has_no_confidence() -> None:
    check = check_of("confidence", {"confidence_min": "0.5"})

    assert check["message"] == (
        "confidence cannot be measured: the signal has no confidence. Its limit is 0.5."
    )


def test_message_says_what_the_base_is_when_a_day_opens_without_money() -> None:
    desk = insolvent_desk("daily_loss")
    desk.wait(DAY)
    desk.price(100)

    check = checks_of(desk.signal("buy", 1, limit_price="100"))["daily_loss"]

    assert (check["measured"], check["message"]) == (
        "0", "daily_loss allows no entry: its base is -5, which is not above zero.",
    )  # fmt: skip


@pytest.mark.parametrize(("ratio", "floor"), [("0.1", "10"), ("0", "0")])
def test_message_says_that_equity_is_not_above_zero_whatever_the_floor(
    ratio: str, floor: str
) -> None:
    desk = insolvent_desk("balance_floor", balance_ratio_min=ratio)

    check = checks_of(desk.signal("buy", 1, limit_price="100"))["balance_floor"]

    message = f"Equity of -5 is not above zero; the floor is {floor}."
    assert (check["verdict"], check["message"]) == ("breach", message)


def test_unit_of_every_rule_of_the_gate_is_one_of_the_contract() -> None:
    units = {name: rule.UNIT for name, rule in RULES.items() if rule.GATE}

    assert {name for name, unit in units.items() if unit is not None and unit not in UNITS} == set()


def test_every_check_of_a_decision_has_its_unit_where_it_has_numbers() -> None:
    desk = open_desk({})
    desk.fill("buy", 5, 100)
    desk.wait(2 * MINUTE)

    decision = desk.signal("buy", 10)

    without = [c["rule"] for c in decision["checks"] if c["unit"] is None]
    assert [c["rule"] for c in decision["checks"] if c["rule"] in without and c["limit"]] == []
    breaches = [c for c in decision["checks"] if c["verdict"] == "breach"]
    assert [c["rule"] for c in breaches if not c["message"].endswith(".")] == []
