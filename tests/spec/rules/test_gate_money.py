"""Cash and losses: each at, just below and just above its limit."""

import pytest

from tests.spec.desk import HOUR, Desk, answer_of, numbers_of, open_desk
from tests.spec.rulebook import only


def test_second_order_is_rejected_when_the_first_took_all_cash_before_its_fill() -> None:
    desk = open_desk(only(cash={"fee_ratio": "0.001"}), balance=100_100, mark=1)

    first = desk.signal("buy", 100_000)
    second = desk.signal("buy", 100_000)

    # 100 000 x 1.001 is exactly 100 100.
    assert answer_of(first) == ("approved", "100000", [], None)
    assert numbers_of(first, "cash") == ("pass", "100100", "100100", "0")
    assert answer_of(second) == ("rejected", "0", ["cash"], "cash")
    assert numbers_of(second, "cash") == ("breach", "100100", "0", "-100100")


@pytest.mark.parametrize(
    ("quantity", "answer"),
    [
        (98, ("approved", "98", [], None)),
        (99, ("approved", "99", [], None)),
        (100, ("modified", "99", ["cash"], "cash")),
    ],
)
def test_order_is_cut_to_what_cash_pays_with_its_fee(
    quantity: int, answer: tuple[str, str, list[str], str | None]
) -> None:
    desk = open_desk(only(cash={"fee_ratio": "0.001"}), balance="991", mark=10)

    decision = desk.signal("buy", quantity, limit_price="10")

    # 99 x 10.01 = 990.99.
    assert answer_of(decision) == answer


def test_cash_of_a_position_is_bound_at_its_average_long_and_short() -> None:
    desk = open_desk(only(cash={}), balance=10_000)
    desk.instrument("Y")
    desk.price(100, "Y")
    desk.fill("buy", 10, 90)
    desk.fill("sell", 10, 120, symbol="Y")

    decision = desk.signal("buy", 1, limit_price="100")

    # 10 000 - 900 - 1200.
    assert numbers_of(decision, "cash") == ("pass", "100", "7900", "7800")


def test_free_cash_counts_realized_and_reserved_and_flows() -> None:
    desk = open_desk(only(cash={}), balance=1000)
    desk.flow("deposit", 500)
    desk.fill("buy", 10, 10)
    desk.fill("sell", 10, 8)
    desk.signal("buy", 2, limit_price="100")

    decision = desk.signal("buy", 1, limit_price="100")

    # 1000 + 500 - 20 - 200.
    assert numbers_of(decision, "cash")[2] == "1280"


def test_short_needs_cash_like_a_long() -> None:
    desk = open_desk(only(cash={}), balance=1000)

    decision = desk.signal("sell", 11, limit_price="100")

    assert answer_of(decision) == ("modified", "10", ["cash"], "cash")


def test_only_the_opening_part_needs_cash_when_an_order_goes_through_zero() -> None:
    desk = open_desk(only(cash={}), balance=1000)
    desk.fill("buy", 6, 100)

    decision = desk.signal("sell", 10, limit_price="100")

    # 4 open for 400; 1000 - 600 are free.
    assert answer_of(decision) == ("approved", "10", [], None)
    assert numbers_of(decision, "cash") == ("pass", "400", "400", "0")


def test_exit_reserves_no_cash() -> None:
    desk = open_desk(only(cash={}), balance=1000)
    desk.fill("buy", 6, 100)
    desk.signal("sell", 6, limit_price="100")

    decision = desk.signal("buy", 4, limit_price="100")

    assert numbers_of(decision, "cash") == ("pass", "400", "400", "0")


def test_sell_that_opens_needs_cash_at_the_reference_when_that_is_higher() -> None:
    desk = open_desk(only(cash={}), balance=1000)

    decision = desk.signal("sell", 10, limit_price="90")

    assert numbers_of(decision, "cash") == ("pass", "1000", "1000", "0")


LOSSES = [
    ("daily_loss", "daily_loss_ratio_max", "199.99", "approved"),
    ("daily_loss", "daily_loss_ratio_max", "200", "approved"),
    ("daily_loss", "daily_loss_ratio_max", "200.01", "rejected"),
    ("weekly_loss", "weekly_loss_ratio_max", "200", "approved"),
    ("weekly_loss", "weekly_loss_ratio_max", "200.01", "rejected"),
    ("drawdown", "drawdown_ratio_max", "200", "approved"),
    ("drawdown", "drawdown_ratio_max", "200.01", "rejected"),
]


def loss_desk(rule: str, parameter: str, loss: str) -> Desk:
    """Return a desk of 10 000 that may lose 0.02 of it and has lost an amount, only warned."""
    desk = open_desk(only(**{rule: {parameter: "0.02", "on_breach": "warn"}}))
    desk.lose(loss)
    return desk


@pytest.mark.parametrize(("rule", "parameter", "loss", "verdict"), LOSSES)
def test_entry_is_rejected_when_the_loss_is_above_its_limit(
    rule: str, parameter: str, loss: str, verdict: str
) -> None:
    desk = loss_desk(rule, parameter, loss)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == verdict
    assert decision["reasons"] == ([] if verdict == "approved" else [rule])


def test_loss_and_limit_are_shown_in_money() -> None:
    desk = loss_desk("daily_loss", "daily_loss_ratio_max", "150")

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "daily_loss") == ("pass", "150", "200", "50")


def test_drawdown_is_shown_as_a_ratio() -> None:
    desk = loss_desk("drawdown", "drawdown_ratio_max", "150")

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "drawdown") == ("pass", "0.015", "0.02", "0.005")


@pytest.mark.parametrize(("mark", "verdict"), [("95", "approved"), ("94.999", "rejected")])
def test_unrealized_loss_counts_at_once_in_the_gate(mark: str, verdict: str) -> None:
    desk = loss_desk("daily_loss", "daily_loss_ratio_max", "150")
    desk.fill("buy", 10, 100)

    desk.price(mark)
    decision = desk.signal("buy", 1, limit_price="100")

    # 150 and 10 x 5, or 10 x 5.001.
    assert decision["verdict"] == verdict


@pytest.mark.parametrize(("kind", "limit"), [("deposit", "220"), ("withdrawal", "200")])
def test_deposits_raise_the_base_and_withdrawals_do_not_lower_it(kind: str, limit: str) -> None:
    desk = loss_desk("daily_loss", "daily_loss_ratio_max", "10")

    desk.flow(kind, 1000)
    decision = desk.signal("buy", 1, limit_price="100")

    # 0.02 x (10 000 + 1000); the loss stays 10.
    assert numbers_of(decision, "daily_loss")[1:3] == ("10", limit)


def test_deposit_of_yesterday_is_in_the_start_equity_once() -> None:
    desk = loss_desk("daily_loss", "daily_loss_ratio_max", "10")
    desk.flow("deposit", 1000)
    desk.wait(12 * HOUR)
    desk.price(100)

    decision = desk.signal("buy", 1, limit_price="100")

    # 0.02 x 10 990.
    assert numbers_of(decision, "daily_loss") == ("pass", "0", "219.8", "219.8")


@pytest.mark.parametrize("rule", ["daily_loss", "weekly_loss"])
def test_entry_is_rejected_and_no_stop_opens_when_the_base_is_not_above_zero(rule: str) -> None:
    desk = open_desk(only(**{rule: {}}), balance=0)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == [rule]
    assert desk.stops() == []


def test_exit_is_exempt_when_the_loss_is_above_its_limit() -> None:
    desk = loss_desk("daily_loss", "daily_loss_ratio_max", "500")
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "daily_loss") == ("exempt", "500", "200", "-300")


@pytest.mark.parametrize("rule", ["daily_loss", "weekly_loss"])
def test_loss_is_told_and_stops_nothing_when_the_base_is_zero(rule: str) -> None:
    desk = open_desk(only(**{rule: {}}), balance=0)
    desk.fill("buy", 1, 100, fee="5")

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, rule) == ("breach", "5", "0", "-5")
    assert desk.stops() == []


@pytest.mark.parametrize(("rule", "limit"), [("daily_loss", "200"), ("weekly_loss", "500")])
def test_entry_is_rejected_when_the_loss_is_unknown_for_want_of_a_fresh_mark(
    rule: str, limit: str
) -> None:
    desk = open_desk(only(**{rule: {}}))
    desk.fill("buy", 1, 100)
    desk.wait(60_001)

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, rule) == ("breach", None, limit, None)
    assert (decision["verdict"], decision["reasons"]) == ("rejected", [rule])


def test_orders_of_both_sides_count_what_they_open_when_a_position_is_held() -> None:
    desk = open_desk(only(cash={}))
    desk.fill("buy", 5, 100)
    desk.signal("buy", 2, limit_price="100")
    desk.signal("sell", 8, limit_price="100")

    decision = desk.signal("buy", 1, limit_price="100")

    # 10 000 less 500 paid, 2 x 100 bought more, and 3 x 100 sold beyond what is held.
    assert numbers_of(decision, "cash") == ("pass", "100", "9000", "8900")
