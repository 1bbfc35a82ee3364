"""Cash by currency: fees, PnL and flows stay in their own; equity converts each at its rate."""

from typing import Any

import pytest

from tests.spec.desk import HOUR, MINUTE, NOON, SECOND, Desk, day_of, numbers_of, open_desk
from tests.spec.desks import euro_desk, see_rate
from tests.spec.rulebook import only

BY_CURRENCY = {"account": {"cash": "by_currency"}}


def euros(desk: Desk, kind: str, amount: object, **fields: Any) -> None:
    """Send a flow of euros."""
    desk.flow(kind, str(amount), currency="EUR", **fields)


def test_no_cash_is_listed_while_it_is_converted() -> None:
    desk = open_desk(only())

    assert (desk.state()["cash"], desk.state()["balance"]) == ({}, "10000")


def test_account_starts_with_its_opening_in_its_own_currency() -> None:
    desk = euro_desk(**BY_CURRENCY)

    assert desk.state()["cash"] == {"USD": "10000"}


def test_realized_and_fees_stay_in_their_own_currencies() -> None:
    desk = euro_desk(**BY_CURRENCY)
    desk.instrument("BNBUSD", base_currency="BNB")
    desk.price(300, "BNBUSD")
    desk.fill("buy", 10, 5, symbol="E", fee="1")
    desk.fill("sell", 10, 7, symbol="E", fee="0.01", fee_currency="BNB")

    state = desk.state()

    # 20 - 1 euros and a hundredth of a coin; 19 x 1.1 - 3 dollars in all.
    assert state["cash"] == {"USD": "10000", "EUR": "19", "BNB": "-0.01"}
    assert (state["balance"], state["equity"]) == ("10017.9", "10017.9")


def test_equity_follows_the_rate_of_what_was_realized() -> None:
    desk = euro_desk(**BY_CURRENCY)
    desk.fill("buy", 10, 5, symbol="E")
    desk.fill("sell", 10, 15, symbol="E")

    see_rate(desk, "1.2")

    # 100 x 1.2; realized was 110 at its fill.
    assert (desk.state()["equity"], desk.position("E")["realized_pnl"]) == ("10120", "110")
    assert day_of(desk) == ("120", "110", "10000")


def test_balance_snapshot_agrees_when_a_fee_is_in_another_coin() -> None:
    desk = euro_desk(**BY_CURRENCY)
    desk.instrument("BNBUSD", base_currency="BNB")
    desk.price(300, "BNBUSD")
    desk.fill("buy", 10, 100, fee="1", fee_currency="BNB")
    desk.wait(SECOND)

    desk.flow("snapshot", 10_000)
    desk.wait(6 * SECOND)

    assert (desk.alerts("drift"), desk.state()["cash"]["USD"]) == ([], "10000")


def test_snapshot_is_compared_with_the_balance_of_its_currency_alone() -> None:
    desk = euro_desk(**BY_CURRENCY)
    euros(desk, "deposit", 100)
    desk.wait(SECOND)

    euros(desk, "snapshot", 90)
    desk.wait(6 * SECOND)

    state = desk.state()
    assert state["cash"] == {"USD": "10000", "EUR": "90"}
    # -10 x 1.1 are realized.
    assert (day_of(desk)[:2], len(desk.alerts("drift"))) == (("-11", "-11"), 1)


def test_snapshot_of_a_currency_never_seen_is_adopted_from_nothing() -> None:
    desk = euro_desk(**BY_CURRENCY)

    euros(desk, "snapshot", 50)
    desk.wait(6 * SECOND)

    assert desk.state()["cash"] == {"USD": "10000", "EUR": "50"}


@pytest.mark.parametrize(("after_ms", "cash"), [(0, "90"), (1, "80")])
def test_fill_that_the_adopted_snapshot_of_its_currency_holds_changes_no_cash(
    after_ms: int, cash: str
) -> None:
    desk = euro_desk(**BY_CURRENCY)
    euros(desk, "deposit", 100)
    as_of_ms = desk.now_ms
    euros(desk, "snapshot", 90)
    desk.wait(6 * SECOND)

    desk.fill("buy", 1, 5, symbol="E", fee="10", executed_at_ms=as_of_ms + after_ms)

    assert desk.state()["cash"]["EUR"] == cash


def test_cash_account_expects_what_positions_of_a_currency_cost_in_it() -> None:
    desk = euro_desk(cash={}, **BY_CURRENCY)
    euros(desk, "deposit", 1000)
    desk.fill("buy", 100, 5, symbol="E")
    desk.wait(SECOND)

    euros(desk, "snapshot", 500)
    desk.flow("snapshot", 10_000)
    desk.wait(6 * SECOND)

    assert (desk.alerts("drift"), desk.state()["cash"]["EUR"]) == ([], "1000")


def test_free_cash_counts_every_currency_and_cost_at_the_newest_rate() -> None:
    desk = euro_desk(cash={}, **BY_CURRENCY)
    euros(desk, "deposit", 1000)
    desk.fill("buy", 100, 5, symbol="E")

    see_rate(desk, "1.2")
    decision = desk.signal("buy", 1, limit_price="100")

    # 10 000 + (1000 - 500) x 1.2.
    assert numbers_of(decision, "cash")[2] == "10600"


def test_deposit_of_another_currency_is_no_pnl() -> None:
    desk = euro_desk(**BY_CURRENCY)

    euros(desk, "deposit", 1000)

    state = desk.state()
    assert (state["equity"], state["peak_equity"], state["drawdown_ratio"]) == (
        "11100", "11100", "0",
    )  # fmt: skip
    assert day_of(desk) == ("0", "0", "10000")


def test_what_a_deposit_gains_by_its_rate_later_is_pnl() -> None:
    desk = euro_desk(**BY_CURRENCY)
    euros(desk, "deposit", 1000)

    see_rate(desk, "1.2")

    assert day_of(desk) == ("100", "0", "10000")


def test_withdrawal_of_another_currency_counts_at_the_rate_of_its_arrival() -> None:
    desk = euro_desk(balance_floor={"balance_ratio_min": "0.5"}, **BY_CURRENCY)
    euros(desk, "deposit", 1000)
    see_rate(desk, "1.2")

    euros(desk, "withdrawal", 500, flow_id="out")
    decision = desk.signal("buy", 1, limit_price="100")

    # Put in: 10 000 + 1100 - 600; half of it is 5250. Left: 10 000 + 500 x 1.2.
    assert day_of(desk) == ("100", "0", "10000")
    assert numbers_of(decision, "balance_floor")[1:3] == ("10600", "5250")


def test_drawdown_stays_when_another_currency_is_deposited() -> None:
    desk = euro_desk(**BY_CURRENCY)
    desk.fill("buy", 50, 100)
    desk.fill("sell", 50, 60)

    euros(desk, "deposit", 1000)

    # 2000 of 10 000 lost; a peak of 10 000 x 9100 / 8000.
    state = desk.state()
    assert (state["peak_equity"], state["drawdown_ratio"]) == ("11375", "0.2")


def test_funding_of_another_currency_is_pnl() -> None:
    desk = euro_desk(**BY_CURRENCY)

    euros(desk, "funding", -10)

    assert desk.state()["cash"] == {"USD": "10000", "EUR": "-10"}
    assert day_of(desk) == ("-11", "-11", "10000")


def test_flow_whose_rate_never_came_moves_the_measures_at_the_first_one() -> None:
    desk = euro_desk(None, **BY_CURRENCY)
    euros(desk, "deposit", 1000)
    waiting = desk.state()

    desk.price("1.1", "EURUSD")
    desk.wait(SECOND)

    assert (waiting["equity"], waiting["cash"]["EUR"]) == (None, "1000")
    state = desk.state()
    assert (state["equity"], state["peak_equity"]) == ("11100", "11100")
    assert day_of(desk) == ("0", "0", "10000")


def test_withdrawal_at_a_stale_rate_stops_nothing() -> None:
    desk = euro_desk(daily_loss={"daily_loss_ratio_max": "0.02"}, **BY_CURRENCY)
    euros(desk, "deposit", 1000)
    desk.wait(2 * MINUTE)

    euros(desk, "withdrawal", 1000, flow_id="out")
    desk.wait(MINUTE)

    assert (desk.stops(), desk.state()["equity"]) == ([], "10000")


def test_equity_is_unknown_while_a_balance_has_no_rate() -> None:
    desk = euro_desk(unknown_rate={}, **BY_CURRENCY)
    desk.fill("buy", 1, 100, fee="1", fee_currency="CHF")

    decision = desk.signal("buy", 1, limit_price="100")

    assert (decision["equity"], decision["reasons"]) == (None, ["unknown_rate"])


def test_gate_has_no_equity_while_a_balance_has_a_stale_rate() -> None:
    desk = euro_desk(unknown_rate={}, cash={}, **BY_CURRENCY)
    euros(desk, "deposit", 100)
    desk.wait(MINUTE + 1)
    desk.price(100)

    decision = desk.signal("buy", 1, limit_price="100")

    assert (decision["equity"], decision["reasons"]) == (None, ["unknown_rate"])
    assert numbers_of(decision, "unknown_rate")[1] == "60001"


@pytest.mark.parametrize(("fee", "stopped"), [("1", True), ("-1", False)])
def test_loss_is_not_hidden_when_only_a_fee_has_no_rate(
    fee: str,
    stopped: bool,  # noqa: FBT001 - A table's column.
) -> None:
    desk = euro_desk(drawdown={"drawdown_ratio_max": "0.05"}, **BY_CURRENCY)
    desk.fill("buy", 10, 100, fee=fee, fee_currency="CHF")

    for _ in range(3):
        desk.price(40)
        desk.wait(SECOND)

    assert (desk.state()["equity"], desk.stops() != []) == (None, stopped)


def test_nothing_stops_when_a_single_rate_of_a_balance_was_bad() -> None:
    desk = euro_desk(drawdown={"drawdown_ratio_max": "0.05"}, **BY_CURRENCY)
    euros(desk, "deposit", 1000)
    see_rate(desk, "1.1")

    stopped = []
    for value in ("0.1", "1.1", "0.1", "0.1", "0.1"):
        desk.wait(100)
        desk.price(value, "EURUSD")
        desk.signal("hold", symbol="E")
        stopped.append(desk.stops() != [])

    # 1000 of 11 100 at 0.1, and only the third in a row is believed.
    assert stopped == [False, False, False, False, True]


def test_no_peak_is_faked_by_a_single_rate_of_a_balance() -> None:
    desk = euro_desk(**BY_CURRENCY)
    euros(desk, "deposit", 1000)

    for value in ("1.1", "9", "1.1"):
        see_rate(desk, value)

    assert desk.state()["peak_equity"] == "11100"


def test_cash_and_positions_of_a_currency_share_one_confirming_rate() -> None:
    desk = euro_desk(daily_loss={"daily_loss_ratio_max": "0.5"}, **BY_CURRENCY)
    euros(desk, "deposit", 10_000)
    desk.fill("buy", 1000, 14, symbol="E")
    for _ in range(3):
        desk.price(5, "E")
        desk.signal("hold", symbol="E")

    stopped = []
    for value in ("0.1", "0.2", "0.1"):
        desk.wait(100)
        desk.price(value, "EURUSD")
        desk.signal("hold", symbol="E")
        stopped.append(desk.stops() != [])

    # 10 000 of cash and -9000 unrealized: 1000 euros, at 0.2 at best 10 800 below the 21 000 that
    # were put in. The cash at 0.2 and the position at 0.1 would be 9900 below, within the half.
    assert stopped == [False, False, True]


def test_bust_gives_back_in_the_currency_that_was_paid() -> None:
    desk = euro_desk(**BY_CURRENCY)
    desk.fill("buy", 10, 5, symbol="E", fee="1", fill_id="a")
    see_rate(desk, "1.2")

    desk.fill("buy", 10, 5, symbol="E", fee="1", fill_id="a", kind="bust")

    state = desk.state()
    assert (state["cash"], state["equity"]) == ({"USD": "10000"}, "10000")
    assert desk.position("E")["realized_pnl"] == "0"


def test_bust_of_a_fill_without_a_rate_gives_back_too() -> None:
    desk = euro_desk(None, **BY_CURRENCY)
    desk.fill("buy", 10, 5, symbol="E", fee="1", fill_id="a")

    desk.fill("buy", 10, 5, symbol="E", fee="1", fill_id="a", kind="bust")

    assert (desk.state()["cash"], desk.state()["equity"]) == ({"USD": "10000"}, "10000")


def test_what_was_realized_before_the_opening_is_cash_of_its_currency() -> None:
    desk = Desk()
    desk.limits(only() | BY_CURRENCY)
    desk.instrument("EURUSD", base_currency="EUR")
    desk.instrument("E", settlement_currency="EUR")
    desk.price(5, "E")
    desk.fill("buy", 10, 5, symbol="E")
    desk.fill("sell", 10, 6, symbol="E")

    desk.flow("opening", 1000, as_of_ms=desk.now_ms - 1)
    desk.price("1.1", "EURUSD")
    desk.signal("hold", symbol="E")

    assert desk.state()["cash"] == {"USD": "1000", "EUR": "10"}
    assert desk.state()["equity"] == "1011"


def test_day_rolls_at_the_worth_of_all_cash() -> None:
    desk = euro_desk(**BY_CURRENCY)
    euros(desk, "deposit", 1000)
    desk.wait(NOON + 12 * HOUR - desk.now_ms)

    see_rate(desk, "1.2")

    assert day_of(desk) == ("100", "0", "11100")


@pytest.mark.parametrize("account", ["*", "acct-1"])
def test_mode_does_not_change_when_the_account_has_a_history(account: str) -> None:
    desk = euro_desk(**BY_CURRENCY)
    euros(desk, "deposit", 100)

    desk.limits({"account": {"cash": "converted"}}, account=account)
    desk.signal("hold")

    (alert,) = desk.alerts("limits")
    assert alert["message"].startswith("account.cash cannot change")
    assert desk.state()["cash"] == {"USD": "10000", "EUR": "100"}


def test_mode_changes_when_nothing_was_booked_yet() -> None:
    desk = open_desk(only())

    desk.limits(BY_CURRENCY)
    desk.signal("hold")

    assert (desk.alerts("limits"), desk.state()["cash"]) == ([], {"USD": "10000"})


def test_flow_of_another_currency_is_still_refused_while_cash_is_converted() -> None:
    desk = open_desk(only())

    desk.flow("deposit", 100, currency="EUR")

    (alert,) = desk.alerts("flow")
    assert alert["message"].endswith("is in EUR, not USD")
    assert desk.state()["balance"] == "10000"


def test_second_opening_changes_nothing_in_any_currency() -> None:
    desk = euro_desk(**BY_CURRENCY)

    euros(desk, "opening", 500)

    assert (len(desk.alerts("flow")), desk.state()["cash"]) == (1, {"USD": "10000"})
