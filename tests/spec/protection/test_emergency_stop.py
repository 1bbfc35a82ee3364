"""An emergency stop from its trigger to the resume: cancel, exits, flat, latched."""

import pytest

from tests.spec.desk import DAY, HOUR, SECOND, Desk, Row, open_desk
from tests.spec.rulebook import only

DAILY = {"daily_loss_ratio_max": "0.02"}


def lose(desk: Desk, amount: int = 201) -> None:
    """Realize a loss beyond the daily limit."""
    desk.instrument("L")
    desk.price(1, "L")
    desk.lose(amount, "L")


def stopped_desk() -> Desk:
    """Return a desk that is stopped while it holds 10 of X and 4 short of Y."""
    desk = open_desk(only(daily_loss=DAILY))
    desk.instrument("Y")
    desk.price(200, "Y")
    desk.fill("buy", 10, 100)
    desk.fill("sell", 4, 200, symbol="Y")
    lose(desk)
    return desk


def confirm(desk: Desk, exit_: Row, price: int) -> None:
    """Fill an exit whole."""
    desk.fill(
        exit_["side"], exit_["quantity"], price, signal_id=exit_["exit_id"], symbol=exit_["symbol"]
    )


def test_stop_says_what_was_measured_and_what_is_held() -> None:
    desk = stopped_desk()

    row = desk.sent("emergency_stops")[0]
    assert (row["status"], row["rule"]) == ("triggered", "daily_loss")
    assert (row["measured"], row["limit"]) == ("201", "200")
    assert row["actions"] == ["cancel_all", "flatten"]
    assert row["positions"] == [
        {"symbol": "X", "quantity": "10"},
        {"symbol": "Y", "quantity": "-4"},
    ]
    assert row["author"] is None
    assert row["stop_id"] == f"acct-1:{row['sequence']}:{row['stop_id'].rsplit(':')[-1]}"


def test_whole_of_every_position_is_sent_at_once() -> None:
    desk = stopped_desk()

    exits = [
        (row["symbol"], row["side"], row["quantity"], row["reason"], row["reduce_only"])
        for row in desk.exits()
    ]

    assert exits == [
        ("X", "sell", "10", "emergency_stop", True),
        ("Y", "buy", "4", "emergency_stop", True),
    ]
    assert {row["valid_until_ms"] - row["at_ms"] for row in desk.exits()} == {2000}


def test_engine_sees_the_stop_before_the_exits() -> None:
    desk = stopped_desk()

    assert [row["kind"] for row in desk.sent("decisions")][:3] == ["stop", "exit", "exit"]


def test_alert_is_critical_when_the_rule_flattens() -> None:
    desk = stopped_desk()

    (alert,) = desk.alerts("daily_loss")
    assert (alert["level"], alert["action"]) == ("critical", "flatten")
    assert (alert["measured"], alert["limit"]) == ("201", "200")


def test_exits_are_reserved_like_orders() -> None:
    desk = stopped_desk()

    assert desk.reserved() == {row["exit_id"]: row["quantity"] for row in desk.exits()}


def test_rows_go_from_triggered_over_flattening_to_flat() -> None:
    desk = stopped_desk()
    first = desk.stops()

    for exit_, price in zip(desk.exits(), (99, 201), strict=True):
        confirm(desk, exit_, price)

    assert first[0] == ("daily_loss", "triggered")
    assert [status for _, status in desk.stops()] == ["triggered", "flattening", "flat"]
    assert desk.sent("emergency_stops")[-1]["positions"] == []


def test_entries_are_rejected_and_exits_pass_while_stopped() -> None:
    desk = stopped_desk()

    entry = desk.signal("buy", 1, limit_price="100")

    assert (entry["verdict"], entry["trading_state"]) == ("rejected", "halted")
    assert "trading_state" in entry["reasons"]


def test_nothing_more_is_sent_while_an_exit_works() -> None:
    desk = stopped_desk()

    desk.wait(30 * SECOND)
    desk.order(desk.exits()[0]["exit_id"], "accepted")
    desk.wait(HOUR)

    # The exit in Y expired without a word and was sent again.
    assert [row["symbol"] for row in desk.exits()].count("X") == 1
    assert [row["symbol"] for row in desk.exits()].count("Y") > 1


@pytest.mark.parametrize(("after_ms", "count"), [(999, 2), (1000, 3)])
def test_exit_is_sent_again_after_a_second_when_it_was_rejected(after_ms: int, count: int) -> None:
    desk = stopped_desk()

    desk.order(desk.exits()[0]["exit_id"], "rejected")
    desk.wait(after_ms)

    assert len(desk.exits()) == count


def test_rest_is_sent_again_when_an_exit_was_filled_in_part() -> None:
    desk = stopped_desk()
    exit_ = desk.exits()[0]

    desk.fill("sell", 7, 99, signal_id=exit_["exit_id"])
    desk.order(exit_["exit_id"], "cancelled")
    desk.wait(SECOND)

    assert [(row["symbol"], row["quantity"]) for row in desk.exits()[2:]] == [("X", "3")]


def test_exit_is_sent_in_pieces_when_it_is_above_the_maximum_quantity() -> None:
    desk = open_desk(only(daily_loss=DAILY))
    desk.instrument(max_quantity="4")
    desk.fill("buy", 10, 100)

    lose(desk)

    assert [row["quantity"] for row in desk.exits()] == ["4", "4", "2"]


def test_last_piece_is_sent_when_it_is_a_single_lot() -> None:
    desk = open_desk(only(daily_loss=DAILY))
    desk.instrument(max_quantity="4")
    desk.fill("buy", 9, 100)

    lose(desk)

    assert [row["quantity"] for row in desk.exits()] == ["4", "4", "1"]


def test_dust_is_left_and_named_when_it_is_below_the_minimum_quantity() -> None:
    desk = open_desk(only(daily_loss=DAILY))
    desk.instrument(lot_size="0.1", min_quantity="1")
    desk.fill("buy", "0.4", 100)

    lose(desk)

    assert desk.exits() == []
    row = desk.sent("emergency_stops")[-1]
    assert row["status"] == "flat"
    assert "X" in row["reason"]


def test_account_is_not_flat_while_an_order_is_still_reserved() -> None:
    desk = open_desk(only(daily_loss=DAILY))
    desk.signal("buy", 5, limit_price="100", signal_id="working")
    desk.order("working", "accepted")

    lose(desk)
    before = [status for _, status in desk.stops()]
    desk.order("working", "cancelled")

    assert before == ["triggered"]
    assert desk.stops()[-1] == ("daily_loss", "flat")


def test_fill_of_an_old_order_is_exited_too() -> None:
    desk = open_desk(only(daily_loss=DAILY))
    desk.signal("buy", 5, limit_price="100", signal_id="working")
    lose(desk)

    desk.fill("buy", 5, 100, signal_id="working")
    desk.wait(SECOND)

    assert [(row["side"], row["quantity"]) for row in desk.exits()] == [("sell", "5")]


def test_only_what_no_working_exit_closes_is_sent() -> None:
    desk = open_desk(only(daily_loss=DAILY))
    desk.fill("buy", 10, 100)
    desk.signal("sell", 6, limit_price="100", signal_id="own")

    lose(desk)
    first = [row["quantity"] for row in desk.exits()]
    confirm(desk, desk.exits()[0], 100)
    desk.order("own", "cancelled")
    desk.wait(SECOND)

    assert (first, [row["quantity"] for row in desk.exits()]) == (["4"], ["4", "6"])


def test_stop_stays_when_the_loss_is_won_back() -> None:
    desk = open_desk(only(daily_loss=DAILY))
    lose(desk)

    desk.fill("buy", 1, 1, symbol="L")
    desk.fill("sell", 1, 5000, symbol="L")
    desk.wait(9 * DAY)

    assert desk.state()["trading_state"] == "halted"
    assert desk.signal("buy", 1, limit_price="100")["verdict"] == "rejected"


def test_rule_opens_no_second_stop_while_one_is_open() -> None:
    desk = open_desk(only(daily_loss=DAILY, drawdown={"drawdown_ratio_max": "0.03"}))

    lose(desk)
    lose(desk, 500)

    assert {rule for rule, _ in desk.stops()} == {"daily_loss"}
    assert len(desk.state()["stops"]) == 1


def test_stricter_rule_opens_its_own_stop_while_a_milder_one_is_open() -> None:
    weekly = {"weekly_loss_ratio_max": "0.01"}
    desk = open_desk(only(daily_loss=DAILY, weekly_loss=weekly))

    lose(desk, 101)
    reduced = desk.state()["trading_state"], desk.stops()
    lose(desk, 100)

    assert reduced == ("reducing", [("weekly_loss", "triggered")])
    assert desk.stops()[1] == ("daily_loss", "triggered")
    assert len(desk.state()["stops"]) == 2


def test_strictest_rule_is_named_when_several_breach_in_one_event() -> None:
    rules = {
        "daily_loss": {"daily_loss_ratio_max": "0.02", "on_breach": "reduce"},
        "weekly_loss": {"weekly_loss_ratio_max": "0.02", "on_breach": "halt"},
        "drawdown": {"drawdown_ratio_max": "0.02", "on_breach": "halt"},
    }
    desk = open_desk(only(**rules))

    lose(desk)

    assert desk.stops() == [("weekly_loss", "triggered")]


def test_first_rule_of_the_gate_is_named_when_breaches_are_equally_strict() -> None:
    rules = {
        "daily_loss": {"daily_loss_ratio_max": "0.001", "on_breach": "reduce"},
        "position_ratio": {"position_ratio_max": "0.001", "on_breach": "reduce"},
    }
    desk = open_desk(only(**rules))

    desk.fill("buy", 10, 100, fee="500")

    assert desk.stops() == [("position_ratio", "triggered")]


@pytest.mark.parametrize(
    ("on_breach", "state", "level", "actions"),
    [
        ("warn", "active", "low", None),
        ("reduce", "reducing", "high", []),
        ("halt", "halted", "critical", ["cancel_all"]),
    ],
)
def test_limits_choose_what_a_breach_does(
    on_breach: str, state: str, level: str, actions: list[str] | None
) -> None:
    desk = open_desk(only(daily_loss=DAILY | {"on_breach": on_breach}))
    desk.fill("buy", 10, 100)

    lose(desk)

    assert desk.state()["trading_state"] == state
    assert [row["actions"] for row in desk.sent("emergency_stops")] == (
        [] if actions is None else [actions]
    )
    assert (desk.alerts("daily_loss")[0]["level"], desk.exits()) == (level, [])


def test_weekly_loss_reduces_by_default() -> None:
    desk = open_desk(only(weekly_loss={"weekly_loss_ratio_max": "0.02"}))

    lose(desk)

    assert desk.state()["trading_state"] == "reducing"


def test_watch_alerts_again_only_after_its_cooldown() -> None:
    desk = open_desk(only(daily_loss=DAILY | {"on_breach": "warn"}))
    lose(desk)

    counts = []
    for wait_ms in (0, 299_999, 1):
        desk.wait(wait_ms)
        desk.signal("hold")
        counts.append(len(desk.alerts("daily_loss")))

    assert counts == [1, 1, 2]
