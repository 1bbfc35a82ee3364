"""What a resumed loss rule measures from: only the rule that stopped starts anew."""

from tests.spec.desk import DAY, HOUR, SECOND, Desk, numbers_of, open_desk
from tests.spec.rulebook import only

LIMITS = {
    "daily_loss": {"daily_loss_ratio_max": "0.02"},
    "weekly_loss": {"weekly_loss_ratio_max": "0.05"},
    "drawdown": {"drawdown_ratio_max": "0.05"},
}
WEEK = {"weekly_loss": {"weekly_loss_ratio_max": "0.05", "on_breach": "flatten"}}
PEAK = {"drawdown": {"drawdown_ratio_max": "0.05"}}


def change(desk: Desk, amount: int) -> None:
    """Realize a gain or a loss at once."""
    begin, end = (1, 1 + amount) if amount > 0 else (1 - amount, 1)
    desk.fill("buy", 1, begin)
    desk.fill("sell", 1, end)


def resume(desk: Desk) -> None:
    """Resume the first open stop."""
    desk.control("resume", stop_id=desk.state()["stops"][0])


def test_week_and_drawdown_stop_when_losses_and_resumes_alternate() -> None:
    desk = open_desk(only(**LIMITS), balance=100_000)
    for _ in range(5):
        change(desk, -2400)
        resume(desk)

    # After 4800 the week is not over 5000 yet; after 7200 week and drawdown are, and the third
    # resume is the last of the day.
    state = desk.state()
    triggered = [rule for rule, status in desk.stops() if status == "triggered"]
    assert triggered == ["daily_loss", "daily_loss", "daily_loss", "drawdown"]
    assert (state["trading_state"], state["baselines"]) == ("halted", {"daily_loss": "92800"})
    assert (state["daily"]["pnl"], state["weekly"]["pnl"]) == ("-12000", "-12000")


def test_fourth_resume_is_refused_until_the_next_day() -> None:
    desk = open_desk(only(balance_floor={"balance_ratio_min": "0.99"}))
    change(desk, -101)
    for _ in range(4):
        resume(desk)
    refused = [row["message"] for row in desk.alerts("control")]
    lifted = [status for _, status in desk.stops()].count("resumed")

    desk.wait(DAY)
    resume(desk)

    # The floor of 9900 holds, so it stops again after each resume.
    assert (lifted, len(refused)) == (3, 1)
    assert refused[0].endswith("3 loss stops were resumed since the roll of the day")
    assert [status for _, status in desk.stops()].count("resumed") == 4


def test_resumes_are_refused_when_none_is_allowed() -> None:
    desk = open_desk(only(**WEEK) | {"stops": {"resumes_per_day_max": 0}})
    change(desk, -501)

    resume(desk)

    assert desk.state()["trading_state"] == "halted"


def test_resume_of_a_control_counts_for_nothing() -> None:
    desk = open_desk(only() | {"stops": {"resumes_per_day_max": 0}})
    desk.control("halt")

    resume(desk)

    assert desk.state()["trading_state"] == "active"


def test_gate_measures_from_the_baseline_too() -> None:
    desk = open_desk(only(daily_loss={}))
    change(desk, -201)
    resume(desk)
    desk.flow("deposit", 201)
    change(desk, -100)

    decision = desk.signal("buy", 1, limit_price="100")

    # 0.02 x (9799 + 201).
    assert numbers_of(decision, "daily_loss") == ("pass", "100", "200", "100")
    assert (decision["daily_pnl"], decision["verdict"]) == ("-301", "approved")


def test_baseline_of_the_day_ends_with_the_day() -> None:
    desk = open_desk(only(daily_loss={}))
    change(desk, -201)
    resume(desk)

    desk.wait(DAY)
    change(desk, -150)

    # 0.02 x 9799 = 195.98 of the new day; from the resume 351 would be lost.
    assert (desk.state()["baselines"], desk.state()["stops"]) == ({}, [])


def test_baseline_of_the_week_outlives_the_day_and_ends_with_the_week() -> None:
    desk = open_desk(only(**WEEK))
    change(desk, -501)
    resume(desk)

    desk.wait(DAY)
    tomorrow = desk.state()["baselines"]
    desk.wait(4 * DAY)

    assert (tomorrow, desk.state()["baselines"]) == ({"weekly_loss": "9499"}, {})


def test_baseline_of_the_drawdown_rises_with_equity_and_ends_at_the_peak() -> None:
    desk = open_desk(only(**PEAK))
    change(desk, -600)
    resume(desk)
    lifted = desk.state()["baselines"]

    change(desk, 100)
    risen = desk.state()["baselines"]
    change(desk, 500)

    assert (lifted, risen) == ({"drawdown": "9400"}, {"drawdown": "9500"})
    assert (desk.state()["baselines"], desk.state()["peak_equity"]) == ({}, "10000")


def test_drawdown_stops_again_when_equity_falls_from_its_baseline() -> None:
    desk = open_desk(only(**PEAK))
    change(desk, -600)
    resume(desk)
    change(desk, -470)
    at_limit = desk.state()["stops"]

    change(desk, -1)

    # 0.05 x 9400 = 470.
    assert (at_limit, len(desk.state()["stops"])) == ([], 1)


def test_baseline_of_the_drawdown_is_unitised_when_money_comes() -> None:
    desk = open_desk(only(**PEAK))
    change(desk, -600)
    resume(desk)
    change(desk, -376)

    desk.flow("deposit", 9024)

    # Equity 9024 doubles, so both peaks do: 0.04 below the baseline stays 0.04.
    state = desk.state()
    assert (state["peak_equity"], state["baselines"]) == ("20000", {"drawdown": "18800"})


def test_late_fill_moves_baseline_and_start_of_day_alike() -> None:
    desk = open_desk(only(daily_loss={}))
    desk.wait(13 * HOUR)
    change(desk, -201)
    resume(desk)

    desk.fill("sell", 1, 100, executed_at_ms=desk.now_ms - 13 * HOUR, fee=50)

    # The fee of 50 was lost yesterday; the mark is where it was sold.
    assert desk.state()["daily"]["start_equity"] == "9950"
    assert desk.state()["baselines"] == {"daily_loss": "9749"}


def test_headroom_is_measured_from_the_baseline() -> None:
    desk = open_desk(only(daily_loss={}))
    change(desk, -201)
    resume(desk)

    desk.wait(2 * SECOND)
    change(desk, -49)

    # 0.02 x 9799 = 195.98; 49 of it are used.
    assert desk.state()["statistics"]["daily_loss_headroom_ratio"] == "0.749974"
