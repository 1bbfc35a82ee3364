"""Fills that come after the roll of the day in which they were executed."""

from tests.spec.desk import DAY, HOUR, MINUTE, NOON, Desk, open_desk
from tests.spec.desks import euro_desk
from tests.spec.rulebook import only


def next_day(desk: Desk) -> int:
    """Cross midnight and return a time of the day before."""
    executed_ms = desk.now_ms
    desk.wait(12 * HOUR + MINUTE)
    return executed_ms


def test_loss_is_yesterdays_when_a_closing_fill_comes_late() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    executed_ms = next_day(desk)

    desk.fill("sell", 10, 90, executed_at_ms=executed_ms)

    daily, weekly = desk.state()["daily"], desk.state()["weekly"]
    assert (daily["pnl"], daily["start_equity"]) == ("0", "9900")
    assert (weekly["pnl"], weekly["start_equity"]) == ("-100", "10000")


def test_alert_has_both_pnls_when_a_fill_comes_late() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.fill("sell", 2, 95)
    executed_ms = next_day(desk)

    desk.fill("sell", 8, 90, executed_at_ms=executed_ms)

    # -10 as of the roll, and 8 x -10 more.
    (alert,) = desk.alerts("late_fill")
    assert (alert["measured"], alert["limit"]) == ("-90", "-10")


def test_day_counts_from_its_opening_mark_when_a_late_fill_adds() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    executed_ms = next_day(desk)

    desk.fill("buy", 5, 98, executed_at_ms=executed_ms)
    desk.price(105)
    desk.signal("hold")

    # 5 x 2 belong to yesterday; 15 x 5 are of today.
    daily = desk.state()["daily"]
    assert (daily["start_equity"], daily["pnl"]) == ("10010", "75")


def test_only_the_fee_is_yesterdays_when_nothing_was_held() -> None:
    desk = open_desk(only())
    desk.instrument("Y")
    desk.price(99, "Y")
    executed_ms = next_day(desk)

    desk.price(99, "Y")
    desk.fill("buy", 5, 98, fee="1", symbol="Y", executed_at_ms=executed_ms)

    # 5 x 1 since its own price is of today.
    daily = desk.state()["daily"]
    assert (daily["start_equity"], daily["pnl"], daily["realized"]) == ("9999", "5", "0")


def test_week_opens_lower_too_when_the_fill_is_of_the_week_before() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    executed_ms = desk.now_ms
    desk.wait(5 * DAY)

    desk.fill("sell", 10, 90, executed_at_ms=executed_ms)

    weekly = desk.state()["weekly"]
    assert (weekly["week"], weekly["start_equity"], weekly["pnl"]) == ("2026-W03", "9900", "0")


def test_fill_is_of_today_when_it_was_executed_at_the_open() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.wait(12 * HOUR)
    opened_ms = desk.now_ms
    desk.wait(MINUTE)

    desk.fill("sell", 10, 90, executed_at_ms=opened_ms)

    assert desk.alerts("late_fill") == []
    assert desk.state()["daily"]["pnl"] == "-100"


def test_fill_is_late_when_it_was_executed_a_millisecond_before_the_open() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.wait(12 * HOUR)
    opened_ms = desk.now_ms
    desk.wait(MINUTE)

    desk.fill("sell", 10, 90, executed_at_ms=opened_ms - 1)

    assert len(desk.alerts("late_fill")) == 1
    assert desk.state()["daily"]["pnl"] == "0"


def test_corrected_total_grows_when_another_fill_is_late() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    executed_ms = next_day(desk)

    desk.fill("sell", 5, 90, executed_at_ms=executed_ms)
    desk.fill("sell", 5, 98, executed_at_ms=executed_ms)

    # 0, -50, -60.
    assert [(alert["measured"], alert["limit"]) for alert in desk.alerts("late_fill")] == [
        ("-50", "0"),
        ("-60", "-50"),
    ]


def test_past_decisions_are_not_written_again_when_a_fill_comes_late() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    decision = desk.signal("buy", 1, limit_price="100")
    executed_ms = next_day(desk)

    desk.fill("sell", 10, 90, executed_at_ms=executed_ms)

    assert desk.sent("decisions") == [decision]


def test_late_fill_in_euros_corrects_the_open_in_dollars() -> None:
    desk = euro_desk("1.2")
    desk.fill("buy", 10, 5, symbol="E")
    executed_ms = next_day(desk)
    desk.price("1.2", "EURUSD")

    desk.fill("sell", 10, 4, symbol="E", fee="1", executed_at_ms=executed_ms)

    # 10 x (4 - 5) x 1.2 - 1.2 of yesterday.
    daily = desk.state()["daily"]
    assert (daily["start_equity"], daily["pnl"]) == ("9986.8", "0")
    assert desk.alerts("late_fill")[0]["measured"] == "-13.2"


def test_late_fill_of_an_inverse_contract_corrects_the_open_in_base() -> None:
    desk = open_desk(only(), mark=None)
    desk.instrument("BTCUSD", base_currency="BTC")
    desk.instrument("I", kind="inverse", base_currency="BTC", settlement_currency="BTC")
    desk.price(50_000, "BTCUSD")
    desk.price(50_000, "I")
    desk.fill("buy", 10_000, 50_000, symbol="I")
    executed_ms = next_day(desk)
    desk.price(50_000, "BTCUSD")

    desk.fill("sell", 10_000, 40_000, symbol="I", executed_at_ms=executed_ms)

    # 10 000 x (1/50 000 - 1/40 000) = -0.05 of 50 000.
    assert desk.state()["daily"]["start_equity"] == "7500"


def test_late_fill_precedes_a_first_day_that_began_with_money() -> None:
    desk = Desk(now_ms=NOON + 12 * HOUR)
    desk.limits(only())
    desk.instrument()
    desk.flow("opening", 10_000, as_of_ms=NOON)
    desk.price(100)

    desk.fill("buy", 10, 90, fee="5", executed_at_ms=NOON + HOUR)

    # The fee is yesterday's; what the position won at its own price, since the open, is today's.
    state = desk.state()
    assert (state["daily"]["start_equity"], state["daily"]["pnl"]) == ("9995", "100")
    assert (state["trading_state"], state["balance"]) == ("active", "9995")


def test_bust_counts_before_the_first_day_when_that_opened_with_its_money() -> None:
    desk = Desk(now_ms=NOON + 12 * HOUR)
    desk.limits(only())
    desk.instrument()
    desk.flow("opening", 10_000, as_of_ms=NOON)
    desk.fill("buy", 10, 90, fee="5", fill_id="f", executed_at_ms=NOON + HOUR)

    desk.fill("buy", 10, 90, fee="5", fill_id="f", executed_at_ms=NOON + HOUR, kind="bust")

    state = desk.state()
    assert (state["daily"]["start_equity"], state["daily"]["pnl"]) == ("10000", "0")
    assert (state["trading_state"], state["balance"]) == ("active", "10000")
