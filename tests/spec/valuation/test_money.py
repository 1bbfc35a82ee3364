"""Balance, equity, exposure, cash flows, and a peak that flows do not distort."""

from decimal import Decimal

import pytest

from tests.spec.desk import NOON, SECOND, Desk, open_desk
from tests.spec.rulebook import only


def test_balance_is_opening_plus_flows_plus_realized() -> None:
    desk = open_desk(only())

    desk.flow("deposit", 500)
    desk.flow("withdrawal", 200)
    desk.flow("funding", "-7.5")
    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, 110, fee="3")

    # 10 000 + 500 - 200 - 7.5 + 100 - 3.
    assert desk.state()["balance"] == "10389.5"


@pytest.mark.parametrize(
    ("quote", "long", "short"),
    [
        ({"bid": "108", "ask": "112", "mark": "110", "last": "109"}, "108", "112"),
        ({"ask": "112", "mark": "110", "last": "109"}, "110", "112"),
        ({"bid": "108", "last": "109"}, "108", "109"),
        ({"mark": "110", "last": "109"}, "110", "110"),
        ({"last": "109"}, "109", "109"),
    ],
)
def test_position_is_marked_where_it_could_be_closed(
    quote: dict[str, str], long: str, short: str
) -> None:
    desk = open_desk(only(), mark=None)
    desk.instrument("Y")
    desk.price(**quote)
    desk.price(symbol="Y", **quote)

    desk.fill("buy", 1, 100)
    desk.fill("sell", 1, 100, symbol="Y")

    assert desk.position("X")["mark_price"] == long
    assert desk.position("Y")["mark_price"] == short
    assert desk.state()["equity"] == str(10_000 + int(long) - int(short))


def test_exposure_is_signed_when_both_sides_are_held() -> None:
    desk = open_desk(only())
    desk.instrument("Y")
    desk.price(50, "Y")

    desk.fill("buy", 10, 90)
    desk.fill("sell", 6, 55, symbol="Y")

    # 10 x 100 and 6 x 50; unrealized 100 + 30.
    state = desk.state()
    assert (state["gross_exposure"], state["net_exposure"]) == ("1300", "700")
    assert state["equity"] == "10130"


def test_equity_is_unknown_when_a_position_never_had_a_mark() -> None:
    desk = open_desk(only(), mark=None)

    desk.fill("buy", 10, 100)

    state = desk.state()
    assert (state["equity"], state["drawdown_ratio"], state["daily"]["pnl"]) == (None, None, None)
    assert state["positions"][0]["mark_price"] is None


@pytest.mark.parametrize(("age_ms", "equity"), [(60_000, "10000"), (60_001, None)])
def test_equity_is_unknown_when_a_mark_is_older_than_its_age_allows(
    age_ms: int, equity: str | None
) -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)

    desk.wait(age_ms)
    decision = desk.signal("hold")

    assert decision["equity"] == equity


def test_account_starts_with_a_snapshot_when_no_opening_came() -> None:
    desk = Desk()
    desk.limits(only())

    desk.flow("snapshot", "250.75")

    assert (desk.state()["balance"], desk.state()["peak_equity"]) == ("250.75", "250.75")


def test_second_opening_changes_nothing_when_the_account_has_begun() -> None:
    desk = open_desk(only())

    desk.flow("opening", 99)

    assert desk.state()["balance"] == "10000"
    assert len(desk.alerts("flow")) == 1


def test_flow_changes_nothing_when_its_id_is_known_or_its_currency_another() -> None:
    desk = open_desk(only())
    desk.flow("deposit", 100, flow_id="one")

    desk.flow("deposit", 100, flow_id="one")
    desk.flow("deposit", 100, currency="EUR")

    assert desk.state()["balance"] == "10100"
    assert len(desk.alerts("flow")) == 2


def test_deposit_changes_nothing_when_it_comes_before_the_opening() -> None:
    desk = Desk()
    desk.limits(only())

    desk.flow("deposit", 100)
    desk.flow("opening", 1000)

    assert desk.state()["balance"] == "1000"
    assert len(desk.alerts("flow")) == 1


@pytest.mark.parametrize(("after_ms", "balance"), [(-1, "10000"), (0, "10000"), (1, "10100")])
def test_fill_changes_the_balance_only_when_it_was_executed_after_the_opening(
    after_ms: int, balance: str
) -> None:
    desk = open_desk(only())  # Opened a second ago.
    opened_ms = NOON - SECOND

    desk.fill("buy", 10, 100, executed_at_ms=opened_ms + after_ms)
    desk.fill("sell", 10, 110, executed_at_ms=opened_ms + after_ms)

    assert desk.state()["balance"] == balance


def test_position_is_held_when_its_fill_was_executed_before_the_opening() -> None:
    desk = open_desk(only(), mark=110)

    desk.fill("buy", 10, 100, fee="4", executed_at_ms=NOON - 2 * SECOND)

    assert desk.position()["quantity"] == "10"
    assert (desk.state()["balance"], desk.state()["equity"]) == ("10000", "10100")


def test_funding_is_pnl_and_deposits_are_not() -> None:
    desk = open_desk(only())

    desk.flow("deposit", 500)
    desk.flow("withdrawal", 100)
    desk.flow("funding", -30)

    daily = desk.state()["daily"]
    assert (daily["pnl"], daily["realized"], daily["start_equity"]) == ("-30", "-30", "10000")


def test_peak_rises_at_once_when_a_gain_is_realized() -> None:
    desk = open_desk(only())

    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, 110)

    assert desk.state()["peak_equity"] == "10100"


def test_peak_stays_when_a_single_tick_was_high() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)

    for mark in (1000, 100):
        desk.price(mark)
        desk.wait(SECOND)

    assert (desk.state()["peak_equity"], desk.state()["drawdown_ratio"]) == ("10000", "0")


def test_peak_rises_when_later_marks_confirm_the_gain() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)

    for mark in (110, 110, 110, 110):
        desk.price(mark)
        desk.wait(SECOND)
        desk.signal("hold")

    assert desk.state()["peak_equity"] == "10100"


def test_drawdown_is_measured_from_the_peak_when_equity_falls() -> None:
    desk = open_desk(only(), balance=1000)

    desk.lose(50)

    state = desk.state()
    assert (state["peak_equity"], state["drawdown_ratio"]) == ("1000", "0.05")


def test_drawdown_stays_when_money_is_paid_in() -> None:
    desk = open_desk(only(), balance=1000)
    desk.lose(400)

    desk.flow("deposit", 1000)

    assert round(Decimal(desk.state()["drawdown_ratio"]), 20) == Decimal("0.4")


def test_drawdown_stays_when_money_is_paid_out() -> None:
    desk = open_desk(only(), balance=1000)
    desk.lose(400)

    desk.flow("withdrawal", 300)

    # 1000 x (600 - 300) / 600.
    assert (desk.state()["peak_equity"], desk.state()["drawdown_ratio"]) == ("500", "0.4")


def test_peak_moves_by_the_flow_when_equity_is_below_zero() -> None:
    desk = open_desk(only(), balance=1000)
    desk.lose(1500)

    desk.flow("deposit", 1000)

    # The largest of 1000 + 1000, -500 + 1000 and 0; 1500 of 2000.
    assert (desk.state()["peak_equity"], desk.state()["drawdown_ratio"]) == ("2000", "0.75")


def test_peak_moves_by_the_flow_when_it_takes_all_equity_away() -> None:
    desk = open_desk(only(), balance=1000)
    desk.lose(400)

    desk.flow("withdrawal", 600)

    # max(1000 - 600, 0, 0).
    assert (desk.state()["peak_equity"], desk.state()["drawdown_ratio"]) == ("400", "1")


def test_peak_moves_by_the_flow_when_a_mark_is_missing() -> None:
    desk = open_desk(only(), balance=1000, mark=None)
    desk.fill("buy", 1, 100)

    desk.flow("deposit", 100)

    assert desk.state()["peak_equity"] == "1100"


def test_peak_is_unitised_when_a_mark_is_only_old() -> None:
    desk = open_desk(only(), balance=1000)
    desk.lose(400)
    desk.fill("buy", 1, 100)
    desk.wait(100_000)

    desk.flow("withdrawal", 300)

    # Equity 600 at the stale mark of 100: 1000 x 300 / 600.
    assert desk.state()["peak_equity"] == "500"


@pytest.mark.parametrize(("loss", "ratio"), [(0, "0"), (10, "1")])
def test_drawdown_is_none_or_all_when_there_never_was_a_peak(loss: int, ratio: str) -> None:
    desk = open_desk(only(), balance=0)

    if loss:
        desk.lose(loss)

    assert desk.state()["drawdown_ratio"] == ratio
