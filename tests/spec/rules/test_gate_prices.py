"""Rules about prices: marks that are missing or stale, the collar, references."""

import pytest

from tests.spec.desk import Desk, answer_of, numbers_of, open_desk
from tests.spec.rulebook import only


@pytest.mark.parametrize(("age_ms", "verdict"), [(60_000, "approved"), (60_001, "rejected")])
def test_entry_is_rejected_when_the_quote_is_older_than_its_age_allows(
    age_ms: int, verdict: str
) -> None:
    desk = open_desk(only(stale_mark={}))

    desk.wait(age_ms)
    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == verdict
    assert decision["reasons"] == ([] if verdict == "approved" else ["stale_mark"])


def test_other_age_counts_when_limits_set_it() -> None:
    desk = open_desk(only(stale_mark={}) | {"prices": {"mark_age_ms_max": 500}})

    desk.wait(501)

    assert desk.signal("buy", 1, limit_price="100")["reasons"] == ["stale_mark"]


def test_entry_is_rejected_when_the_symbol_has_no_quote() -> None:
    desk = open_desk(only(stale_mark={}), mark=None)

    assert desk.signal("buy", 1, limit_price="100")["reasons"] == ["stale_mark"]


@pytest.mark.parametrize(("age_ms", "verdict"), [(60_000, "approved"), (60_001, "rejected")])
def test_entry_is_rejected_when_the_quote_of_another_held_symbol_is_stale(
    age_ms: int, verdict: str
) -> None:
    desk = open_desk(only(stale_mark={}))
    desk.instrument("Y")
    desk.price(50, "Y")
    desk.fill("buy", 1, 50, symbol="Y")

    desk.wait(age_ms)
    desk.price(100)
    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == verdict


def test_unknown_input_breaches_without_a_number_and_only_its_owner_is_a_reason() -> None:
    desk = open_desk(only(stale_mark={}, gross_exposure={}, cash={}))
    desk.fill("buy", 1, 100)
    desk.wait(60_001)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["stale_mark"]
    assert numbers_of(decision, "gross_exposure") == ("breach", None, "0.8", None)


def test_quote_is_not_used_when_it_comes_from_the_future() -> None:
    desk = open_desk(only(stale_mark={}), mark=None)

    desk.price(100, as_of_ms=desk.now_ms + 1001)
    too_early = desk.signal("buy", 1, limit_price="100")
    desk.price(100, as_of_ms=desk.now_ms + 1000)
    early = desk.signal("buy", 1, limit_price="100")

    assert (too_early["verdict"], early["verdict"]) == ("rejected", "approved")


def test_older_quote_stays_when_a_newer_one_is_refused() -> None:
    desk = open_desk(only(stale_mark={}))

    desk.price(50, as_of_ms=desk.now_ms + 5000)
    desk.fill("buy", 1, 100)

    assert desk.position()["mark_price"] == "100"


@pytest.mark.parametrize(
    ("side", "price", "verdict", "measured"),
    [
        ("buy", "104.99", "approved", "0.0499"),
        ("buy", "105", "approved", "0.05"),
        ("buy", "105.01", "rejected", "0.0501"),
        ("buy", "95", "approved", "0.05"),
        ("buy", "94.99", "rejected", "0.0501"),
        ("sell", "95", "approved", "0.05"),
        ("sell", "94.99", "rejected", "0.0501"),
        ("sell", "105.01", "rejected", "0.0501"),
    ],
)
def test_limit_price_stays_within_the_collar_around_the_reference(
    side: str, price: str, verdict: str, measured: str
) -> None:
    desk = open_desk(only(price_collar={}))

    decision = desk.signal(side, 1, limit_price=price)

    assert decision["verdict"] == verdict
    assert numbers_of(decision, "price_collar")[1:3] == (measured, "0.05")


@pytest.mark.parametrize(("side", "price"), [("buy", "210"), ("sell", "105")])
def test_reference_is_ask_for_a_buy_and_bid_for_a_sell(side: str, price: str) -> None:
    desk = open_desk(only(price_collar={}), mark=None)
    desk.price(bid="100", ask="200", mark="150")

    decision = desk.signal(side, 1, limit_price=price)

    assert numbers_of(decision, "price_collar") == ("pass", "0.05", "0.05", "0")


def test_market_order_passes_the_collar() -> None:
    desk = open_desk(only(price_collar={}))

    assert desk.signal("buy", 1)["verdict"] == "approved"


def test_exit_is_held_to_the_collar_too() -> None:
    desk = open_desk(only(price_collar={}))
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10, limit_price="94.99")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["price_collar"])


def test_exit_is_exempt_from_the_collar_when_there_is_no_usable_reference() -> None:
    desk = open_desk(only(price_collar={}))
    desk.fill("buy", 10, 100)
    desk.wait(60_001)

    decision = desk.signal("sell", 10, limit_price="1")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "price_collar")[0] == "exempt"


@pytest.mark.parametrize("reference", [0, -5])
def test_entry_breaches_the_collar_when_the_reference_is_not_above_zero(reference: int) -> None:
    desk = open_desk(only(price_collar={}), mark=reference)

    decision = desk.signal("buy", 1, limit_price="1")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["price_collar"])
    assert numbers_of(decision, "price_collar") == ("breach", None, "0.05", None)


def notional_desk(limit: str, **rules: dict[str, object]) -> Desk:
    """Return a desk with a largest notional, quoted 99 to 101."""
    desk = open_desk(only(order_notional={"order_notional_max": limit}, **rules), mark=None)
    desk.price(bid="99", ask="101")
    return desk


@pytest.mark.parametrize(
    ("side", "fields", "measured"),
    [
        ("buy", {"limit_price": "98"}, "980"),
        ("buy", {}, "1060.5"),
        ("sell", {"limit_price": "98"}, "990"),
        ("sell", {"limit_price": "102"}, "1020"),
        ("sell", {}, "990"),
    ],
)
def test_notional_is_at_the_order_price_and_of_a_sell_at_the_reference_if_higher(
    side: str, fields: dict[str, str], measured: str
) -> None:
    desk = notional_desk("5000", price_collar={"collar_ratio": "0.05"})

    decision = desk.signal(side, 10, **fields)

    # A market buy is at 101 x 1.05; a market sell at 99 x 0.95, less than the bid of 99.
    assert numbers_of(decision, "order_notional")[1] == measured


@pytest.mark.parametrize(
    ("quantity", "answer"),
    [
        (9, ("approved", "9", [], None)),
        (10, ("approved", "10", [], None)),
        (11, ("modified", "10", ["order_notional"], "order_notional")),
    ],
)
def test_order_is_cut_to_the_largest_notional(
    quantity: int, answer: tuple[str, str, list[str], str | None]
) -> None:
    desk = notional_desk("1000")

    decision = desk.signal("buy", quantity, limit_price="100")

    assert answer_of(decision) == answer
    measured, headroom = str(quantity * 100), str(1000 - quantity * 100)
    assert numbers_of(decision, "order_notional")[1:] == (measured, "1000", headroom)


def test_order_is_rejected_when_not_even_one_lot_fits() -> None:
    desk = notional_desk("99.99")

    decision = desk.signal("buy", 5, limit_price="100")

    assert answer_of(decision) == ("rejected", "0", ["order_notional"], "order_notional")


def test_limit_may_differ_per_symbol() -> None:
    rule = {"order_notional_max": {"Y": "300", "*": 1000}}
    desk = open_desk(only(order_notional=rule))
    desk.instrument("Y")
    desk.price(100, "Y")

    approved = [
        desk.signal("buy", 20, limit_price="100", symbol=symbol)["approved_quantity"]
        for symbol in ("X", "Y")
    ]

    assert approved == ["10", "3"]


@pytest.mark.parametrize(
    ("quantity", "answer"),
    [
        (4, ("approved", "4", [], None)),
        (5, ("approved", "5", [], None)),
        (6, ("modified", "5", ["order_ratio"], "order_ratio")),
    ],
)
def test_order_is_cut_to_its_share_of_equity(
    quantity: int, answer: tuple[str, str, list[str], str | None]
) -> None:
    desk = open_desk(only(order_ratio={"order_ratio_max": "0.05"}))

    decision = desk.signal("buy", quantity, limit_price="100")

    assert answer_of(decision) == answer
    assert numbers_of(decision, "order_ratio")[1:3] == (f"0.0{quantity}", "0.05")


def test_ratio_breaches_without_a_number_when_equity_is_not_above_zero() -> None:
    desk = open_desk(only(order_ratio={"order_ratio_max": "9"}, gross_exposure={}), balance=0)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["order_ratio", "gross_exposure"]
    assert numbers_of(decision, "order_ratio") == ("breach", None, "9", None)
