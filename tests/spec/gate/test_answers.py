"""What a decision carries: every check in the order of the table, reasons, money, validity."""

import pytest

from tests.spec.desk import SECOND, answer_of, checks_of, numbers_of, open_desk
from tests.spec.rulebook import Rules, only

GATE = [
    "duplicate_signal", "trading_state", "unknown_account", "unknown_instrument", "heartbeat",
    "signal_age", "instrument", "instrument_status", "stale_mark", "unknown_rate", "price_collar",
    "reduce_only", "order_notional",
    "order_ratio", "position_ratio", "gross_exposure", "cash", "daily_loss", "weekly_loss",
    "drawdown", "order_rate", "too_many",
]  # fmt: skip


def test_all_checks_are_in_order_when_an_order_is_approved() -> None:
    on: Rules = {name: {} for name in GATE}
    on |= {"order_notional": {"order_notional_max": "1000"}, "order_ratio": {"order_ratio_max": 1}}
    desk = open_desk(only(**on))

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == "approved"
    assert [check["rule"] for check in decision["checks"]] == GATE
    assert {check["verdict"] for check in decision["checks"]} == {"pass"}


def test_reasons_are_all_breached_rules_in_the_tables_order() -> None:
    desk = open_desk(
        only(
            order_ratio={"order_ratio_max": "0.01"},
            order_notional={"order_notional_max": "50"},
            signal_age={},
        )
    )

    decision = desk.signal("buy", 2, limit_price="100", created_at_ms=desk.now_ms - 5001)

    assert decision["reasons"] == ["signal_age", "order_notional", "order_ratio"]
    assert decision["binding_rule"] is None


def test_rule_is_absent_from_checks_when_it_is_turned_off() -> None:
    desk = open_desk(only())

    decision = desk.signal("buy", 1, limit_price="100")

    assert "cash" not in checks_of(decision)


def test_rule_is_absent_when_its_limit_is_not_set() -> None:
    desk = open_desk(only(order_notional={}, order_ratio={"enabled": True}))

    decision = desk.signal("buy", 1, limit_price="100")

    assert {"order_notional", "order_ratio"} & set(checks_of(decision)) == set()


def test_hold_is_ignored_and_its_id_counts_as_seen() -> None:
    desk = open_desk(only())

    hold = desk.signal("hold", signal_id="same")
    again = desk.signal("buy", 1, limit_price="100", signal_id="same")

    assert answer_of(hold) == ("ignored", "0", [], None)
    assert hold["checks"] == []
    assert again["reasons"] == ["duplicate_signal"]


def test_hold_again_has_no_reasons_either() -> None:
    desk = open_desk(only())
    desk.signal("hold", signal_id="same")

    assert desk.signal("hold", signal_id="same")["reasons"] == []


@pytest.mark.parametrize(
    ("left_ms", "valid_ms"), [(None, 2000), (1500, 1500), (2000, 2000), (9000, 2000)]
)
def test_approval_is_valid_for_two_seconds_or_until_the_signal_expires(
    left_ms: int | None, valid_ms: int
) -> None:
    desk = open_desk(only())
    expires = {} if left_ms is None else {"expires_at_ms": desk.now_ms + left_ms}

    decision = desk.signal("buy", 1, limit_price="100", **expires)

    assert decision["valid_until_ms"] == desk.now_ms + valid_ms


def test_decision_carries_the_money_it_was_made_on() -> None:
    desk = open_desk(only(), balance=1000)
    desk.fill("buy", 1, 100)
    desk.fill("sell", 1, 60)
    desk.wait(SECOND)

    decision = desk.signal("buy", 1, limit_price="100", strategy_id="slow", stop_price="90")

    assert (decision["equity"], decision["drawdown_ratio"]) == ("960", "0.04")
    assert (decision["daily_pnl"], decision["weekly_pnl"]) == ("-40", "-40")
    assert (decision["strategy_id"], decision["limit_price"]) == ("slow", "100")


def test_only_the_owner_is_a_reason_when_an_input_is_unknown() -> None:
    desk = open_desk(only(stale_mark={}, gross_exposure={}, cash={}))
    desk.fill("buy", 1, 100)
    desk.wait(60_001)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["stale_mark"]
    assert numbers_of(decision, "gross_exposure") == ("breach", None, "0.8", None)
