"""Late fills, busts, idle accounts and odd days where they meet."""

import pytest

from tests.given import ms
from tests.spec.desk import DAY, HOUR, MINUTE, SECOND, Desk, day_of, open_desk
from tests.spec.rulebook import only


def zoned(zone: str, roll: str, at: str) -> str:
    """Return the day that an account is in, which began on the day before."""
    desk = Desk(now_ms=ms(at) - 2 * DAY)
    desk.limits(only(account={"zone": zone, "day_roll": roll}))
    desk.flow("opening", 1)
    desk.driver.now_ms = ms(at)
    day: str = desk.state()["daily"]["day"]
    return day


@pytest.mark.parametrize(
    ("zone", "roll", "at", "day"),
    [
        ("Africa/Cairo", "00:00", "2026-04-23T21:59:59.999", "2026-04-23"),
        ("Africa/Cairo", "00:00", "2026-04-23T22:00", "2026-04-24"),
        ("Atlantic/Azores", "00:00", "2026-10-24T23:59:59.999", "2026-10-24"),
        ("Atlantic/Azores", "00:00", "2026-10-25T00:00", "2026-10-25"),
        ("Atlantic/Azores", "00:00", "2026-10-25T01:00", "2026-10-25"),
        ("Australia/Lord_Howe", "01:45", "2026-04-04T14:44:59.999", "2026-04-04"),
        ("Australia/Lord_Howe", "01:45", "2026-04-04T14:45", "2026-04-05"),
        ("Australia/Lord_Howe", "01:45", "2026-04-05T15:14:59.999", "2026-04-05"),
        ("Australia/Lord_Howe", "02:15", "2026-10-03T15:29:59.999", "2026-10-03"),
        ("Australia/Lord_Howe", "02:15", "2026-10-03T15:30", "2026-10-04"),
        ("Pacific/Apia", "00:00", "2011-12-30T09:59:59.999", "2011-12-29"),
        ("Pacific/Apia", "00:00", "2011-12-30T10:00", "2011-12-31"),
    ],
)
def test_day_begins_where_the_zone_says(zone: str, roll: str, at: str, day: str) -> None:
    assert zoned(zone, roll, at) == day


def test_late_flip_takes_its_loss_and_its_change_of_value_to_yesterday() -> None:
    desk = open_desk(only(), mark=104)
    desk.fill("buy", 10, 100)
    executed_ms = desk.now_ms
    desk.wait(12 * HOUR + MINUTE)
    desk.price(110)

    desk.fill("sell", 15, 103, fee="2", executed_at_ms=executed_ms)

    # 30 - 2 realized; at 104 the value went from 40 to -5. -5 x 7 is left of today.
    assert day_of(desk) == ("-30", "0", "10023")


def test_each_open_is_corrected_when_a_fill_is_two_days_late() -> None:
    desk = open_desk(only(), mark=104)
    desk.fill("buy", 10, 100)
    executed_ms = desk.now_ms
    desk.wait(DAY)
    desk.price(120)
    desk.wait(DAY)
    desk.price(130)

    desk.fill("sell", 4, 103, executed_at_ms=executed_ms)

    # 12 - 4 x 20 at the last open, 12 - 4 x 4 at the first.
    assert day_of(desk) == ("60", "0", "10132")
    (alert,) = desk.alerts("late_fill")
    assert (alert["measured"], alert["limit"]) == ("36", "40")


def test_open_is_as_before_when_a_late_fill_is_busted() -> None:
    desk = open_desk(only(), mark=104)
    desk.fill("buy", 10, 100)
    late = {"fill_id": "late", "fee": "1", "executed_at_ms": desk.now_ms}
    desk.wait(12 * HOUR + MINUTE)
    desk.price(110)

    desk.fill("sell", 4, 103, **late)
    desk.fill("sell", 4, 103, **late, kind="bust")

    assert day_of(desk) == ("60", "0", "10040")
    alerts = [(alert["measured"], alert["limit"]) for alert in desk.alerts("late_fill")]
    assert alerts == [("35", "40"), ("40", "35")]


def test_todays_sale_wins_otherwise_when_yesterdays_purchase_is_busted() -> None:
    desk = open_desk(only(), mark=125)
    executed_ms = desk.now_ms
    desk.fill("buy", 10, 100, fill_id="a")
    desk.fill("buy", 10, 120)
    desk.wait(DAY)
    desk.price(130)
    desk.fill("sell", 10, 130)

    desk.fill("buy", 10, 100, fill_id="a", kind="bust", executed_at_ms=executed_ms)

    # 10 from 125 to 130 today; 10 from 120 to 125 before.
    assert day_of(desk) == ("50", "100", "10050")


def test_todays_flip_opens_all_of_it_when_yesterdays_position_is_busted() -> None:
    desk = open_desk(only(), mark=105)
    executed_ms = desk.now_ms
    desk.fill("buy", 10, 100, fill_id="a")
    desk.wait(DAY)
    desk.price(108)
    desk.fill("sell", 15, 110)

    desk.fill("buy", 10, 100, fill_id="a", kind="bust", executed_at_ms=executed_ms)

    assert day_of(desk) == ("30", "0", "10000")
    assert desk.position()["quantity"] == "-15"


def test_week_opens_anew_when_last_weeks_close_is_busted() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fee="5")
    close = {"fill_id": "b", "fee": "5", "executed_at_ms": desk.now_ms}
    desk.fill("sell", 10, 104, **close)
    desk.wait(6 * DAY)
    desk.price(100)

    desk.fill("sell", 10, 104, **close, kind="bust")

    # At its own price the close changed no value: its fee comes back, and 10 x -4 are of now.
    weekly = desk.state()["weekly"]
    assert (weekly["pnl"], weekly["start_equity"]) == ("-40", "10035")
    assert day_of(desk) == ("-40", "0", "10035")


def test_late_loss_stops_the_week_and_not_the_day() -> None:
    desk = open_desk(only(daily_loss={}, weekly_loss={}))
    desk.fill("buy", 100, 100)
    executed_ms = desk.now_ms
    desk.wait(DAY)
    desk.price(100)

    desk.fill("sell", 100, 94, executed_at_ms=executed_ms)

    assert desk.stops() == [("weekly_loss", "triggered")]


def test_late_fill_of_an_unknown_instrument_is_yesterdays_once_that_comes() -> None:
    desk = open_desk(only())
    executed_ms = desk.now_ms
    desk.wait(12 * HOUR + MINUTE)
    desk.fill("buy", 10, 100, symbol="Z", fee="5", executed_at_ms=executed_ms)

    desk.instrument("Z")
    desk.price(90, "Z")
    desk.signal("hold", symbol="Z")

    assert day_of(desk) == ("-100", "0", "9995")


def test_fill_is_last_weeks_when_executed_before_mondays_roll() -> None:
    desk = Desk(now_ms=ms("2026-03-08T12:00"))  # The night the clocks went forward.
    desk.limits(only(account={"zone": "America/New_York", "day_roll": "17:00"}))
    desk.instrument()
    desk.flow("opening", 10_000)
    desk.driver.now_ms = roll_ms = ms("2026-03-09T21:00")
    desk.price(100)

    desk.fill("buy", 10, 100, fee="5", executed_at_ms=roll_ms - 1)
    desk.fill("buy", 10, 100, fee="9", executed_at_ms=roll_ms)

    weekly = desk.state()["weekly"]
    assert day_of(desk) == ("-9", "-9", "9995")
    assert (weekly["week"], weekly["pnl"], weekly["start_equity"]) == ("2026-W11", "-9", "9995")


def test_idle_account_ends_as_one_that_was_woken_every_day() -> None:
    ends = []
    for woken in (False, True):
        desk = open_desk(only())
        desk.fill("buy", 10, 100)
        desk.price(105)
        for _ in range(8):
            desk.driver.now_ms += DAY
            if woken:
                desk.signal("hold")
        desk.price(106)
        desk.signal("hold")
        state = desk.state()
        ends.append((state["daily"], state["weekly"], state["peak_equity"], state["equity"]))

    assert ends[0] == ends[1]


def test_withdrawal_lowers_no_base_and_a_deposit_raises_it() -> None:
    desk = open_desk(only(daily_loss={"on_breach": "warn"}))
    desk.flow("withdrawal", 6_000)
    desk.flow("deposit", 1_000)
    desk.fill("buy", 10, 100)
    desk.wait(SECOND)
    desk.price(78)

    check = next(row for row in desk.signal("buy", 1)["checks"] if row["rule"] == "daily_loss")

    assert (check["verdict"], check["measured"], check["limit"]) == ("pass", "220", "220")
