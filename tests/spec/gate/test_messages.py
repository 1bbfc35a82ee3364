"""Each check says the unit of its numbers, and a breach explains itself in one sentence."""

from typing import Any

from pipeline.risk.rules import RULES
from tests.spec.desk import MINUTE, Desk, Row, checks_of, open_desk
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
