"""Which limit holds: an account's own, that of `*`, the default; each decision says which."""

import pytest

from tests.spec.desk import ACCOUNT, Desk, checks_of, numbers_of, open_desk
from tests.spec.rulebook import only

RATE = {"order_rate": {"orders_max": 5, "window_ms": 1000}}


def rate_of(desk: Desk) -> tuple[str | None, str]:
    """Return the limit of order_rate that judges now, and the documents that do."""
    decision = desk.signal("buy", 1, limit_price="100")
    check = checks_of(decision).get("order_rate")
    return (None if check is None else check["limit"]), decision["limits_version"]


def test_default_holds_when_no_document_names_a_parameter() -> None:
    assert rate_of(open_desk(only(order_rate={}))) == ("10", "1.0")


def test_document_of_everyone_wins_over_the_default() -> None:
    assert rate_of(open_desk(only(**RATE))) == ("5", "1.0")


def test_account_wins_over_everyone_parameter_by_parameter() -> None:
    desk = open_desk(only(**RATE))
    desk.limits({"order_rate": {"window_ms": 10}}, account=ACCOUNT, version=7)
    assert rate_of(desk) == ("5", "1.7")

    desk.limits({"order_rate": {"orders_max": 3}}, account=ACCOUNT, version=8)

    assert rate_of(desk) == ("3", "1.8")


def test_account_falls_back_to_everyone_when_its_next_document_is_silent() -> None:
    desk = open_desk(only(**RATE))
    desk.limits({"order_rate": {"orders_max": 3}}, account=ACCOUNT, version=7)

    desk.limits({}, account=ACCOUNT, version=8)

    assert rate_of(desk) == ("5", "1.8")


def test_rule_is_turned_off_for_one_account_and_on_again() -> None:
    desk = open_desk(only(**RATE))
    desk.limits({"order_rate": {"enabled": False}}, account=ACCOUNT, version=1)
    assert rate_of(desk) == (None, "1.1")

    desk.limits({"order_rate": {"enabled": True}}, account=ACCOUNT, version=2)

    assert rate_of(desk) == ("5", "1.2")


def test_rule_is_on_for_one_account_when_it_is_off_for_everyone() -> None:
    desk = open_desk(only())

    desk.limits({"order_rate": {"enabled": True}}, account=ACCOUNT, version=1)

    assert rate_of(desk) == ("10", "1.1")


def test_new_document_of_everyone_leaves_an_accounts_own_parameters_alone() -> None:
    desk = open_desk(only(**RATE))
    desk.limits({"order_rate": {"orders_max": 3}}, account=ACCOUNT, version=1)

    desk.limits(only(order_rate={"orders_max": 8}))

    assert rate_of(desk)[0] == "3"


@pytest.mark.parametrize(("symbol", "limit"), [("X", "700"), ("Y", "900")])
def test_symbol_has_its_own_limit_when_the_document_names_it(symbol: str, limit: str) -> None:
    desk = open_desk(only(order_notional={"order_notional_max": {"X": 700, "*": 900}}))
    desk.instrument("Y")
    desk.price(100, symbol="Y")

    decision = desk.signal("buy", 1, limit_price="100", symbol=symbol)

    assert numbers_of(decision, "order_notional")[2] == limit


@pytest.mark.parametrize(
    ("rule", "parameter", "limits", "numbers"),
    [
        ("position_ratio", "position_ratio_max", {"X": "0.5", "*": "0.2"},
         [("pass", "0.1", "0.5", "0.4"), ("pass", "0.1", "0.2", "0.1")]),
        ("position_quantity", "position_quantity_max", {"X": "50", "*": "20"},
         [("pass", "10", "50", "40"), ("pass", "10", "20", "10")]),
    ],
)  # fmt: skip
def test_position_has_its_symbols_limit_when_the_document_names_it(
    rule: str, parameter: str, limits: dict[str, str], numbers: list[object]
) -> None:
    desk = open_desk(only(**{rule: {parameter: limits}}))
    desk.instrument("Y")
    desk.price(100, symbol="Y")

    asked = [desk.signal("buy", 10, limit_price="100", symbol=symbol) for symbol in ("X", "Y")]

    assert [numbers_of(decision, rule) for decision in asked] == numbers


def test_notional_is_measured_though_no_limit_holds_for_its_symbol() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": {"Y": "1"}}))

    decision = desk.signal("buy", 7, limit_price="100")

    assert numbers_of(decision, "order_notional") == ("pass", "700", None, None)


def test_group_has_its_own_limit_when_the_document_names_it() -> None:
    limits = {"group_exposure_ratio_max": {"crypto": "0.05", "*": "0.5"}}
    desk = open_desk(only(group_exposure=limits))
    desk.instrument("Y", groups=["crypto"])
    desk.price(100, symbol="Y")

    decision = desk.signal("buy", 6, limit_price="100", symbol="Y")

    # 5 % of 10 000 is five at 100.
    assert decision["approved_quantity"] == "5"
    assert numbers_of(decision, "group_exposure")[:3] == ("breach", "0.06", "0.05")


def test_accounts_object_by_symbol_replaces_the_whole_of_everyones() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": {"X": 700, "*": 900}}))

    desk.limits({"order_notional": {"order_notional_max": {"Y": 100}}}, account=ACCOUNT, version=1)

    decision = desk.signal("buy", 9, limit_price="100")
    assert checks_of(decision)["order_notional"]["limit"] is None
    assert decision["verdict"] == "approved"
