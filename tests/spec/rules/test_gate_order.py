"""Rules about the order itself: duplicates, account, instrument, age, price, size."""

import pytest

from tests.spec.desk import MINUTE, SECOND, Desk, answer_of, checks_of, numbers_of, open_desk
from tests.spec.rulebook import Rules, only

GATE = [
    "duplicate_signal", "trading_state", "unknown_account", "unknown_instrument", "heartbeat",
    "signal_age", "instrument", "instrument_status", "stale_mark", "unknown_rate", "price_collar",
    "reduce_only", "order_notional",
    "order_ratio", "position_ratio", "gross_exposure", "cash", "daily_loss", "weekly_loss",
    "drawdown", "order_rate", "too_many",
]  # fmt: skip


def test_all_checks_are_reported_in_the_tables_order_when_an_order_is_approved() -> None:
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


def test_second_answer_is_ignored_when_a_signal_comes_again() -> None:
    desk = open_desk(only())
    first = desk.signal("buy", 1, limit_price="100", signal_id="same")
    desk.wait(MINUTE)

    again = desk.signal("sell", 3, limit_price="90", signal_id="same")

    assert answer_of(again) == ("ignored", "0", ["duplicate_signal"], None)
    assert again["checks"] == []
    assert first["decision_id"] == "same"
    assert again["decision_id"] == f"acct-1:{again['sequence']}:1"


def test_rejected_signal_is_a_duplicate_too_when_it_comes_again() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "0"}))
    desk.signal("buy", 1, limit_price="100", signal_id="same")

    again = desk.signal("buy", 1, limit_price="100", signal_id="same")

    assert again["reasons"] == ["duplicate_signal"]


def test_same_id_is_another_signal_in_another_account() -> None:
    desk = open_desk(only())
    desk.flow("opening", 5000, account_id="acct-2", flow_id="other")

    verdicts = [
        desk.signal("buy", 1, limit_price="100", signal_id="same", account_id=name)["verdict"]
        for name in ("acct-1", "acct-2")
    ]

    assert verdicts == ["approved", "approved"]


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


def test_entry_is_rejected_when_the_account_never_opened() -> None:
    desk = Desk()
    desk.limits(only())
    desk.instrument()
    desk.price(100)

    decision = desk.signal("buy", 1, limit_price="100")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["unknown_account"])
    assert decision["equity"] is None


def test_every_order_is_rejected_when_its_instrument_is_unknown() -> None:
    desk = open_desk(only())

    decision = desk.signal("buy", 1, limit_price="100", symbol="NOWHERE")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["unknown_instrument"])


@pytest.mark.parametrize(
    ("age_ms", "verdict"), [(4999, "pass"), (5000, "pass"), (5001, "breach"), (-1000, "pass")]
)
def test_signal_is_too_old_when_its_age_is_above_the_limit(age_ms: int, verdict: str) -> None:
    desk = open_desk(only(signal_age={"signal_age_ms_max": 5000}))

    decision = desk.signal("buy", 1, limit_price="100", created_at_ms=desk.now_ms - age_ms)

    assert numbers_of(decision, "signal_age") == (verdict, str(age_ms), "5000", str(5000 - age_ms))


def test_signal_is_refused_when_it_comes_from_further_in_the_future_than_clocks_differ() -> None:
    desk = open_desk(only(signal_age={}))

    decision = desk.signal("buy", 1, limit_price="100", created_at_ms=desk.now_ms + 1001)

    assert decision["reasons"] == ["signal_age"]


@pytest.mark.parametrize(("left_ms", "verdict"), [(1, "approved"), (0, "rejected")])
def test_signal_is_refused_when_it_has_expired(left_ms: int, verdict: str) -> None:
    desk = open_desk(only(signal_age={}))

    decision = desk.signal("buy", 1, limit_price="100", expires_at_ms=desk.now_ms + left_ms)

    assert decision["verdict"] == verdict


def test_age_is_shown_beside_its_limit_when_a_signal_is_refused_for_another_time() -> None:
    desk = open_desk(only(signal_age={"signal_age_ms_max": 5000}))
    times = {"created_at_ms": desk.now_ms - 3000, "expires_at_ms": desk.now_ms}

    decision = desk.signal("buy", 1, limit_price="100", **times)

    assert numbers_of(decision, "signal_age") == ("breach", "3000", "5000", "2000")


def test_exit_is_refused_too_when_its_signal_is_too_old() -> None:
    desk = open_desk(only(signal_age={}))
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 10, limit_price="100", created_at_ms=desk.now_ms - 5001)

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["signal_age"])


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


@pytest.mark.parametrize(
    ("price", "verdict"), [("100.05", "approved"), ("100.051", "rejected"), ("100.0", "approved")]
)
def test_order_is_rejected_when_its_price_is_no_multiple_of_the_tick(
    price: str, verdict: str
) -> None:
    desk = open_desk(only())
    desk.instrument(tick_size="0.05")

    decision = desk.signal("buy", 1, limit_price=price)

    assert decision["verdict"] == verdict


def test_tick_is_the_limit_that_is_shown_when_a_price_is_off_it() -> None:
    desk = open_desk(only())

    decision = desk.signal("buy", 1, limit_price="100.005")

    assert numbers_of(decision, "instrument") == ("breach", "100.005", "0.01", None)


def test_quantity_is_floored_to_the_lot_without_a_reason() -> None:
    desk = open_desk(only())
    desk.instrument(lot_size="0.01", min_quantity="0.01")

    decision = desk.signal("buy", "1.239", limit_price="100")

    assert answer_of(decision) == ("modified", "1.23", [], "instrument")
    assert decision["requested_quantity"] == "1.239"


@pytest.mark.parametrize(
    ("quantity", "verdict"), [("2.9", "rejected"), ("3", "approved"), ("0.5", "rejected")]
)
def test_order_is_rejected_when_it_is_below_the_minimum_quantity(
    quantity: str, verdict: str
) -> None:
    desk = open_desk(only())
    desk.instrument(min_quantity="3")

    decision = desk.signal("buy", quantity, limit_price="100")

    assert decision["verdict"] == verdict
    if verdict == "rejected":
        assert answer_of(decision) == ("rejected", "0", ["instrument"], None)


@pytest.mark.parametrize(("quantity", "verdict"), [(4, "rejected"), (5, "approved")])
def test_order_is_rejected_when_it_is_below_the_minimum_notional(
    quantity: int, verdict: str
) -> None:
    desk = open_desk(only())
    desk.instrument(min_notional="500")

    decision = desk.signal("buy", quantity, limit_price="100")

    assert decision["verdict"] == verdict


def test_order_is_cut_to_the_maximum_quantity() -> None:
    desk = open_desk(only())
    desk.instrument(max_quantity="7")

    at_limit = desk.signal("buy", 7, limit_price="100")
    above = desk.signal("buy", 8, limit_price="100")

    assert at_limit["verdict"] == "approved"
    assert answer_of(above) == ("modified", "7", ["instrument"], "instrument")


def test_exit_may_be_below_the_minimums_when_it_is_the_whole_rest() -> None:
    desk = open_desk(only())
    desk.fill("buy", 2, 100)
    desk.instrument(min_quantity="3", min_notional="1000")

    part = desk.signal("sell", 1, limit_price="100")
    whole = desk.signal("sell", 2, limit_price="100")

    assert (part["verdict"], part["reasons"]) == ("rejected", ["instrument"])
    assert answer_of(whole) == ("approved", "2", [], None)


def test_exit_is_cut_to_the_maximum_quantity() -> None:
    desk = open_desk(only())
    desk.fill("buy", 20, 100)
    desk.instrument(max_quantity="7")

    decision = desk.signal("sell", 20, limit_price="100")

    assert answer_of(decision) == ("modified", "7", ["instrument"], "instrument")


def test_exit_is_rejected_when_its_price_is_no_multiple_of_the_tick() -> None:
    desk = open_desk(only())
    desk.fill("buy", 20, 100)

    decision = desk.signal("sell", 20, limit_price="100.001")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["instrument"])


def test_heartbeat_passes_when_heartbeats_are_fresh() -> None:
    desk = open_desk(only(watch={}))
    desk.wait(MINUTE)

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "heartbeat") == ("pass", "0", "5000", "5000")


def test_decision_carries_the_money_it_was_made_on() -> None:
    desk = open_desk(only(), balance=1000)
    desk.fill("buy", 1, 100)
    desk.fill("sell", 1, 60)
    desk.wait(SECOND)

    decision = desk.signal("buy", 1, limit_price="100", strategy_id="slow", stop_price="90")

    assert (decision["equity"], decision["drawdown_ratio"]) == ("960", "0.04")
    assert (decision["daily_pnl"], decision["weekly_pnl"]) == ("-40", "-40")
    assert (decision["strategy_id"], decision["limit_price"]) == ("slow", "100")


def test_order_of_less_than_a_lot_is_rejected_when_nobody_asks_for_whole_lots() -> None:
    desk = open_desk(only(instrument={"enabled": False}))

    decision = desk.signal("buy", "0.5", limit_price="100")

    assert answer_of(decision) == ("rejected", "0", ["instrument"], None)
