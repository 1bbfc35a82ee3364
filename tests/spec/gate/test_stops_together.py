"""Stops beside stops, and what flattening does where there is little or nothing to close."""

from tests.spec.desk import HOUR, SECOND, answer_of, open_desk
from tests.spec.rulebook import only


def test_flat_follows_at_once_when_there_is_nothing_to_flatten() -> None:
    desk = open_desk(only())

    desk.control("flatten")

    assert [status for _, status in desk.stops()] == ["triggered", "flat"]
    assert desk.exits() == []


def test_halt_sends_no_exits_and_never_becomes_flat() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)

    desk.control("halt")
    desk.wait(10 * SECOND)

    assert [status for _, status in desk.stops()] == ["triggered"]
    assert desk.exits() == []


def test_flatten_after_a_halt_sends_the_exits() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.control("halt")

    desk.control("flatten")

    assert [row["quantity"] for row in desk.exits()] == ["10"]


def test_exits_are_sent_without_any_price() -> None:
    desk = open_desk(only(), mark=None)
    desk.fill("sell", 10, 100)

    desk.control("flatten")

    assert [(row["side"], row["quantity"]) for row in desk.exits()] == [("buy", "10")]


def test_flattening_goes_on_after_the_day_rolls() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.control("flatten")
    desk.order(desk.exits()[0]["exit_id"], "accepted")
    desk.wait(13 * HOUR)

    desk.order(desk.exits()[0]["exit_id"], "cancelled")
    desk.wait(SECOND)

    assert len(desk.exits()) == 2


def test_hold_is_ignored_even_when_halted() -> None:
    desk = open_desk(only())
    desk.control("halt")

    assert answer_of(desk.signal("hold")) == ("ignored", "0", [], None)


def test_word_on_an_exit_is_matched_by_its_exit_id() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.control("flatten")
    exit_id = desk.exits()[0]["exit_id"]

    desk.order(exit_id, "accepted", order_id="venue-9")
    desk.fill("sell", 10, 99, order_id="venue-9")

    assert desk.reserved() == {}
    assert desk.stops()[-1] == ("control", "flat")


def test_flatten_leaves_less_than_a_lot_as_dust() -> None:
    desk = open_desk(only())
    desk.fill("buy", "10.5", 100)
    desk.control("flatten")

    desk.fill("sell", 10, 100, signal_id=desk.exits()[0]["exit_id"])

    assert [row["quantity"] for row in desk.exits()] == ["10"]
    assert desk.stops()[-1] == ("control", "flat")
    assert "X" in desk.sent("emergency_stops")[-1]["reason"]


def test_watch_alerts_again_when_a_second_breach_begins_after_a_resume() -> None:
    desk = open_desk(only(daily_loss={"daily_loss_ratio_max": "0.02"}))
    for _ in range(2):
        desk.lose(300)
        desk.wait(SECOND)
        desk.control("resume", stop_id=desk.state()["stops"][0])

    assert len(desk.alerts("daily_loss")) == 2


def test_second_stop_opens_when_it_is_stricter_than_the_open_one() -> None:
    desk = open_desk(only(daily_loss={"daily_loss_ratio_max": "0.02"}))
    desk.control("reduce")

    desk.lose(300)

    assert [rule for rule, status in desk.stops() if status == "triggered"] == [
        "control",
        "daily_loss",
    ]


def test_halt_of_a_person_keeps_a_rule_from_opening_a_milder_stop() -> None:
    desk = open_desk(only(weekly_loss={"weekly_loss_ratio_max": "0.02"}))
    desk.control("halt")

    desk.lose(300)

    assert desk.stops() == [("control", "triggered")]


def test_breach_that_still_holds_stops_again_when_the_stricter_stop_is_lifted() -> None:
    desk = open_desk(only(weekly_loss={"weekly_loss_ratio_max": "0.02"}))
    desk.control("halt")
    desk.lose(300)

    desk.control("resume", stop_id=desk.state()["stops"][0])

    assert desk.stops()[-1] == ("weekly_loss", "triggered")
    assert desk.state()["trading_state"] == "reducing"
