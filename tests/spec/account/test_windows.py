"""Days and weeks: where they begin, what opens them, and what counts in them."""

import pytest

from tests.given import ms
from tests.spec.desk import DAY, HOUR, MINUTE, NOON, SECOND, Desk, Row, open_desk
from tests.spec.rulebook import only

NEW_YORK = {"zone": "America/New_York"}


def opened_at(text: str, account: dict[str, str]) -> Desk:
    """Return a desk whose account opened at a UTC time with its own clock."""
    desk = Desk(now_ms=ms(text))
    desk.limits(only() | {"account": account})
    desk.instrument()
    desk.price(100)
    desk.flow("opening", 10_000)
    return desk


def lose_at(desk: Desk, text: str, amount: int) -> Row:
    """Realize a loss at a UTC time and return the day's window."""
    desk.wait(ms(text) - desk.now_ms)
    desk.lose(amount)
    daily: Row = desk.state()["daily"]
    return daily


def test_day_is_25_hours_long_when_new_york_turns_the_clock_back() -> None:
    desk = opened_at("2026-11-01T04:00", NEW_YORK)

    days = [
        lose_at(desk, at, 10) for at in ("2026-11-01T04:30", "2026-11-01T05:30", "2026-11-02T05:00")
    ]

    assert [day["day"] for day in days] == ["2026-11-01", "2026-11-01", "2026-11-02"]
    assert [day["realized"] for day in days] == ["-10", "-20", "-10"]


def test_day_lasts_to_the_last_millisecond_of_its_25_hours() -> None:
    desk = opened_at("2026-11-01T04:00", NEW_YORK)

    desk.wait(25 * HOUR - 1)
    assert desk.signal("hold")["daily_pnl"] == "0"

    assert desk.state()["daily"]["day"] == "2026-11-01"
    desk.wait(1)
    assert desk.state()["daily"]["day"] == "2026-11-02"


def test_day_is_23_hours_long_when_new_york_turns_the_clock_forward() -> None:
    desk = opened_at("2026-03-08T05:00", NEW_YORK)

    days = [lose_at(desk, at, 10)["day"] for at in ("2026-03-09T03:59", "2026-03-09T04:00")]

    assert days == ["2026-03-08", "2026-03-09"]


def test_boundary_belongs_to_the_new_day() -> None:
    desk = opened_at("2026-01-07T12:00", {})

    days = [lose_at(desk, at, 10)["day"] for at in ("2026-01-07T23:59:59.999", "2026-01-08T00:00")]

    assert days == ["2026-01-07", "2026-01-08"]


def test_fill_of_the_first_millisecond_counts_in_the_new_week() -> None:
    desk = opened_at("2026-01-07T12:00", {})

    lose_at(desk, "2026-01-12T00:00", 10)

    weekly = desk.state()["weekly"]
    assert (weekly["week"], weekly["realized"]) == ("2026-W03", "-10")


def test_day_is_that_of_its_start_when_it_rolls_in_the_afternoon() -> None:
    desk = opened_at("2026-01-07T12:00", {**NEW_YORK, "day_roll": "17:00"})

    # 17:00 in New York is 22:00 UTC in winter.
    days = [lose_at(desk, at, 10)["day"] for at in ("2026-01-07T21:59", "2026-01-07T22:00")]

    assert days == ["2026-01-06", "2026-01-07"]


@pytest.mark.parametrize(
    ("before", "roll_at", "day_roll"),
    [
        # 02:30 does not exist: the first instant after the gap is 03:00 EDT.
        ("2026-03-08T06:59:59.999", "2026-03-08T07:00", "02:30"),
        # 01:30 comes twice: the first is in EDT.
        ("2026-11-01T05:29:59.999", "2026-11-01T05:30", "01:30"),
    ],
)
def test_day_rolls_once_when_its_time_does_not_exist_or_comes_twice(
    before: str, roll_at: str, day_roll: str
) -> None:
    desk = opened_at(roll_at[:8] + "01T00:00", {**NEW_YORK, "day_roll": day_roll})
    day = before[:10]

    days = [lose_at(desk, at, 10) for at in (before, roll_at)]
    desk.wait(HOUR)  # In November half past one comes again now.

    assert days[0]["day"] < day
    assert (days[1]["day"], days[1]["realized"]) == (day, "-10")
    assert desk.state()["daily"] == days[1]


@pytest.mark.parametrize(
    ("at", "week"),
    [
        ("2025-12-28T23:59", "2025-W52"),
        ("2025-12-29T00:00", "2026-W01"),
        ("2026-01-04T23:59", "2026-W01"),
        ("2026-01-05T00:00", "2026-W02"),
    ],
)
def test_week_starts_on_monday_and_has_its_iso_name(at: str, week: str) -> None:
    desk = opened_at("2025-12-23T00:00", {})

    lose_at(desk, at, 10)

    assert desk.state()["weekly"]["week"] == week


@pytest.mark.parametrize(
    ("at", "week"), [("2026-01-05T21:59", "2026-W01"), ("2026-01-05T22:00", "2026-W02")]
)
def test_week_starts_at_the_roll_when_the_day_rolls_in_the_afternoon(at: str, week: str) -> None:
    desk = opened_at("2026-01-02T12:00", {**NEW_YORK, "day_roll": "17:00"})

    lose_at(desk, at, 10)

    assert desk.state()["weekly"]["week"] == week


def test_pnl_restarts_with_the_equity_of_the_roll_when_a_day_ends() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.price(95)
    desk.wait(12 * HOUR - MINUTE)
    desk.signal("hold")

    desk.wait(2 * MINUTE)

    # Unrealized -50 belongs to yesterday and still to this week.
    state = desk.state()
    assert (state["daily"]["day"], state["daily"]["start_equity"]) == ("2026-01-08", "9950")
    assert state["weekly"]["start_equity"] == "10000"


def test_mark_that_crosses_the_roll_counts_in_the_new_day() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)

    desk.wait(12 * HOUR)
    desk.price(90)
    desk.wait(SECOND)

    daily = desk.state()["daily"]
    assert (daily["start_equity"], daily["pnl"]) == ("10000", "-100")


def test_pnl_counts_unrealized_and_realized_and_no_flows() -> None:
    desk = open_desk(only())

    desk.fill("buy", 10, 100, fee="1")
    desk.fill("sell", 4, 103, fee="1")
    desk.price(102)
    desk.flow("deposit", 700)
    desk.wait(SECOND)

    # 12 - 2 realized, 6 x 2 unrealized.
    for window in (desk.state()["daily"], desk.state()["weekly"]):
        assert (window["pnl"], window["realized"], window["start_equity"]) == ("22", "10", "10000")


def test_all_missed_days_open_alike_when_an_account_was_idle() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.fill("sell", 10, 97)

    desk.wait(9 * DAY)

    state = desk.state()
    assert state["daily"] == {
        "pnl": "0", "realized": "0", "start_equity": "9970", "day": "2026-01-16",
    }  # fmt: skip
    assert state["weekly"] == {
        "pnl": "0", "realized": "0", "start_equity": "9970", "week": "2026-W03",
    }  # fmt: skip


def test_changed_zone_waits_for_the_next_roll_of_the_old_one() -> None:
    desk = opened_at("2026-01-07T12:00", {})
    desk.limits(only() | {"account": NEW_YORK})

    # Midnight is 05:00 UTC in New York. The UTC day ends first, and then the zone changes.
    days = [
        lose_at(desk, at, 10)["day"]
        for at in ("2026-01-07T23:59", "2026-01-08T00:00", "2026-01-08T04:59", "2026-01-08T05:00")
    ]

    assert days == ["2026-01-07", "2026-01-07", "2026-01-07", "2026-01-08"]


@pytest.mark.parametrize(
    ("zone", "ends"),
    [
        # Sunday's UTC day ends on Monday 00:00. New York's week lasts until 05:00 UTC.
        ("America/New_York", "2026-01-12T05:00"),
        # Tokyo's ended on Sunday 15:00 UTC already, before the zone took effect.
        ("Asia/Tokyo", "2026-01-12T00:00"),
    ],
)
def test_running_week_keeps_its_start_when_the_zone_changes(zone: str, ends: str) -> None:
    desk = opened_at("2026-01-07T12:00", {})
    lose_at(desk, "2026-01-11T12:00", 10)
    desk.limits(only() | {"account": {"zone": zone}})
    desk.wait(ms(ends) - 1 - desk.now_ms)
    before = desk.state()["weekly"]

    desk.wait(1)

    after = desk.state()["weekly"]
    assert (before["week"], before["start_equity"], before["pnl"]) == ("2026-W02", "10000", "-10")
    assert (after["week"], after["start_equity"], after["pnl"]) == ("2026-W03", "9990", "0")


def test_week_keeps_one_start_equity_when_the_zone_changes_within_it() -> None:
    desk = opened_at("2026-01-12T02:00", {})
    desk.limits(only() | {"account": NEW_YORK})
    starts = []
    for at in ("2026-01-12T06:00", "2026-01-13T00:00", "2026-01-13T06:00", "2026-01-19T04:59"):
        lose_at(desk, at, 10)
        weekly = desk.state()["weekly"]
        starts.append((weekly["week"], weekly["start_equity"]))

    # Monday 02:00 UTC is still Sunday in New York; the week that runs is not begun again.
    assert starts == [("2026-W03", "10000")] * 4


def test_account_rolls_by_its_own_zone_when_everyone_has_another() -> None:
    desk = Desk(now_ms=NOON)
    desk.limits(only())
    desk.limits({"account": {"zone": "Asia/Tokyo"}}, account=desk.account, version=1)

    desk.flow("opening", 10_000)

    # Noon UTC is 21:00 in Tokyo: its day began at 15:00 UTC the day before.
    assert desk.state()["daily"]["day"] == "2026-01-07"
    desk.wait(3 * HOUR)
    assert desk.state()["daily"]["day"] == "2026-01-08"


def test_start_equity_is_unknown_when_a_mark_is_missing_at_the_roll() -> None:
    desk = open_desk(only(), mark=None)
    desk.fill("buy", 10, 100)

    desk.wait(12 * HOUR)
    unknown = desk.state()["daily"]
    desk.price(104)
    desk.signal("hold")

    assert (unknown["day"], unknown["start_equity"], unknown["pnl"]) == ("2026-01-08", None, None)
    daily = desk.state()["daily"]
    assert (daily["start_equity"], daily["pnl"]) == ("10040", "0")
