"""Group exposure: the worst cases of all symbols of a group, over equity."""

import pytest

from tests.spec.desk import (
    Desk,
    answer_of,
    assert_not_judged,
    checks_of,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.rulebook import Rules, only

CUT = ["group_exposure"]


def group_rules(limit: object = "0.5") -> Rules:
    return only(group_exposure={"group_exposure_ratio_max": limit})


def group_desk(rules: Rules | None = None) -> Desk:
    """Return a desk of 10 000: 10 X (coins, big), 20 short Y (coins), 5 Z (big), 50 W (none)."""
    desk = open_desk(rules or group_rules(), mark=None)
    held = {"X": (10, ["coins", "big"]), "Y": (-20, ["coins"]), "Z": (5, ["big"]), "W": (50, [])}
    for symbol, (quantity, groups) in held.items():
        desk.instrument(symbol, groups=groups)
        desk.price(100, symbol)
        side = "buy" if quantity > 0 else "sell"
        desk.fill(side, abs(quantity), 100, symbol=symbol)
    return desk


@pytest.mark.parametrize(
    ("quantity", "answer", "numbers"),
    [
        (19, ("approved", "19", [], None), ("pass", "0.49", "0.5", "0.01")),
        (20, ("approved", "20", [], None), ("pass", "0.5", "0.5", "0")),
        (21, ("modified", "20", CUT, CUT[0]), ("breach", "0.51", "0.5", "-0.01")),
    ],
)
def test_order_is_cut_when_its_worst_group_is_too_large(
    quantity: int, answer: object, numbers: object
) -> None:
    desk = group_desk()

    decision = desk.signal("buy", quantity, limit_price="100")

    # coins hold 1000 + 2000, big only 1000 + 500.
    assert answer_of(decision) == answer
    assert numbers_of(decision, "group_exposure") == numbers


@pytest.mark.parametrize(
    ("limits", "numbers", "quantity"),
    [
        ({"coins": "0.6", "big": "0.3"}, ("breach", "0.35", "0.3", "-0.05"), "15"),
        ({"coins": "0.45", "*": "1"}, ("breach", "0.5", "0.45", "-0.05"), "15"),
        ({"big": "0.4"}, ("pass", "0.35", "0.4", "0.05"), "20"),
        ({"metals": "0.1", "*": "0.48"}, ("breach", "0.5", "0.48", "-0.02"), "18"),
    ],
    ids=str,
)
def test_group_with_least_headroom_is_shown_when_limits_differ(
    limits: dict[str, str], numbers: object, quantity: str
) -> None:
    desk = group_desk(group_rules(limits))

    decision = desk.signal("buy", 20, limit_price="100")

    # coins would be 0.5, big 0.35.
    assert numbers_of(decision, "group_exposure") == numbers
    assert decision["approved_quantity"] == quantity


@pytest.mark.parametrize("symbol", ["W", "X"])
def test_symbol_passes_without_numbers_when_its_groups_are_unlimited(symbol: str) -> None:
    desk = group_desk(group_rules({"metals": "0.1"}))

    decision = desk.signal("buy", 1, limit_price="100", symbol=symbol)

    assert numbers_of(decision, "group_exposure") == ("pass", None, None, None)


def test_other_symbols_count_with_their_larger_side() -> None:
    desk = group_desk(group_rules("1"))
    desk.signal("buy", 50, limit_price="100", symbol="Y")
    desk.signal("sell", 25, limit_price="100")

    buy = desk.signal("buy", 1, limit_price="100")

    # Y may become long 30, X long 11 whatever is offered.
    assert numbers_of(buy, "group_exposure")[1] == "0.41"


def test_group_counts_no_more_when_its_symbols_are_closed() -> None:
    desk = group_desk()
    desk.signal("sell", 20, limit_price="100", symbol="Y", signal_id="ended")

    desk.order("ended", "cancelled", symbol="Y")
    desk.fill("buy", 20, 100, symbol="Y")

    decision = desk.signal("buy", 1, limit_price="100")
    assert numbers_of(decision, "group_exposure")[1] == "0.16"


def test_group_follows_when_an_instrument_joins_another_one() -> None:
    desk = group_desk()

    desk.instrument("Y", groups=["metals"])
    on_y = desk.signal("sell", 1, limit_price="100", symbol="Y")
    on_x = desk.signal("buy", 1, limit_price="100")

    # Y alone 2100; big 1600 is more than coins now, where X is alone.
    assert numbers_of(on_y, "group_exposure")[1] == "0.21"
    assert numbers_of(on_x, "group_exposure")[1] == "0.16"


def test_group_counts_once_when_an_instrument_names_it_twice() -> None:
    desk = open_desk(group_rules())
    desk.instrument(groups=["coins", "coins"])
    desk.fill("buy", 10, 100)

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "group_exposure")[1] == "0.11"


def test_sums_are_right_when_the_limit_was_off_in_between() -> None:
    desk = group_desk()
    desk.limits(only())
    desk.fill("buy", 10, 100)
    desk.signal("sell", 5, limit_price="100", symbol="Y")

    desk.limits(group_rules())
    decision = desk.signal("buy", 6, limit_price="100")

    # 2000 + 2500 + 600.
    assert numbers_of(decision, "group_exposure") == ("breach", "0.51", "0.5", "-0.01")
    assert answer_of(decision)[:2] == ("modified", "5")


def test_exit_is_exempt_when_its_group_is_too_large() -> None:
    desk = group_desk(group_rules("0.1"))

    decision = desk.signal("buy", 20, limit_price="100", symbol="Y")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "group_exposure") == ("exempt", "0.1", "0.1", "0")


def test_rule_is_absent_when_no_limit_is_set() -> None:
    desk = group_desk(only(group_exposure={}))

    assert "group_exposure" not in checks_of(desk.signal("buy", 1, limit_price="100"))


def test_entry_is_rejected_when_equity_is_not_above_zero() -> None:
    desk = open_desk(group_rules(), balance=0)
    desk.instrument(groups=["coins"])

    decision = desk.signal("buy", 1, limit_price="100")

    assert answer_of(decision)[:3] == ("rejected", "0", CUT)
    assert numbers_of(decision, "group_exposure") == ("breach", None, "0.5", None)


def test_missing_mark_is_the_reason_when_exposure_is_unknown() -> None:
    desk = group_desk(group_rules() | {"stale_mark": {}})
    desk.instrument("V", groups=["coins"])
    desk.fill("buy", 1, 100, symbol="V")

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["stale_mark"]
    assert numbers_of(decision, "group_exposure") == ("breach", None, "0.5", None)


@pytest.mark.parametrize("limit", ["-1", "much", {"coins": "NaN"}, {"coins": -1}, [1]], ids=str)
def test_limit_is_refused_when_it_means_nothing(limit: object) -> None:
    desk = group_desk()

    desk.limits({"group_exposure": {"group_exposure_ratio_max": limit}})

    assert len(desk.alerts("limits")) == 1
    assert desk.signal("buy", 21, limit_price="100")["approved_quantity"] == "20"


def test_breach_is_explained_when_a_group_would_be_too_large() -> None:
    decision = group_desk().signal("buy", 21, limit_price="100")

    message = "Exposure of the group would be 0.51 of equity, above the limit of 0.5."
    assert explained(decision, "group_exposure") == ("ratio", message)


def test_large_group_passes_when_the_rule_is_turned_off() -> None:
    desk = group_desk(only(group_exposure={"group_exposure_ratio_max": "0.5", "enabled": False}))

    assert_not_judged(desk.signal("buy", 21, limit_price="100"), "group_exposure")
