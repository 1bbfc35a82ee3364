"""Entries need a fresh rate of every currency that they, what is held or what waits is in."""

import pytest

from tests.spec.desk import (
    MINUTE,
    SECOND,
    Desk,
    assert_not_judged,
    checks_of,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.desks import euro_desk
from tests.spec.rulebook import Rules, only

LIMIT = "60000"
JUDGED: Rules = {"unknown_rate": {}, "stale_mark": {}}


def later(desk: Desk, milliseconds: int) -> None:
    """Let time pass, with fresh prices of X and E at its end."""
    desk.wait(milliseconds)
    desk.price(100)
    desk.price(5, "E")


@pytest.mark.parametrize(
    ("age_ms", "verdict", "headroom"), [(59_999, "pass", "1"), (60_000, "pass", "0"),
    (60_001, "breach", "-1")],
)  # fmt: skip
def test_entry_is_rejected_when_the_rate_of_its_currency_is_too_old(
    age_ms: int, verdict: str, headroom: str
) -> None:
    desk = euro_desk(**JUDGED)
    later(desk, age_ms)

    decision = desk.signal("buy", 1, symbol="E", limit_price="5")

    assert numbers_of(decision, "unknown_rate") == (verdict, str(age_ms), LIMIT, headroom)
    assert decision["reasons"] == ([] if verdict == "pass" else ["unknown_rate"])


def test_measured_is_null_when_the_rate_is_missing() -> None:
    desk = euro_desk(None, **JUDGED)

    decision = desk.signal("buy", 1, symbol="E", limit_price="5")

    assert numbers_of(decision, "unknown_rate") == ("breach", None, LIMIT, None)
    assert decision["reasons"] == ["unknown_rate"]


def test_nothing_is_measured_when_no_rate_is_needed() -> None:
    desk = euro_desk(**JUDGED)

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "unknown_rate") == ("pass", None, LIMIT, None)


def test_entry_elsewhere_is_rejected_when_a_position_has_a_stale_rate() -> None:
    desk = euro_desk(**JUDGED)
    desk.fill("buy", 1, 5, symbol="E")
    later(desk, MINUTE + 1)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["unknown_rate"]
    assert numbers_of(decision, "stale_mark")[0] == "pass"


def test_oldest_of_the_rates_is_measured() -> None:
    desk = euro_desk(**JUDGED)
    desk.instrument("GBPUSD", base_currency="GBP")
    desk.instrument("G", settlement_currency="GBP")
    desk.fill("buy", 1, 5, symbol="E")
    desk.wait(SECOND)
    desk.price("1.3", "GBPUSD")
    desk.price(5, "G")
    desk.wait(SECOND)

    decision = desk.signal("buy", 1, symbol="G", limit_price="5")

    assert numbers_of(decision, "unknown_rate")[1] == "2000"


@pytest.mark.parametrize("fee_currency", ["BNB", "EUR"])
def test_entry_is_rejected_while_money_waits_for_its_rate(fee_currency: str) -> None:
    desk = euro_desk(None, **JUDGED)
    desk.fill("buy", 1, 100, fee="1", fee_currency=fee_currency)

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["unknown_rate"]
    assert numbers_of(decision, "unknown_rate")[1] is None


def test_no_other_rule_is_a_reason_when_a_rate_is_missing() -> None:
    rules: dict[str, dict[str, object]] = {
        "gross_exposure": {}, "cash": {}, "risk_per_trade": {}, "drawdown": {}, "daily_loss": {},
        "balance_floor": {}, "position_ratio": {},
    }  # fmt: skip
    desk = euro_desk(None, **rules, **JUDGED)
    desk.fill("buy", 1, 5, symbol="E")

    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["reasons"] == ["unknown_rate"]
    assert checks_of(decision)["cash"]["verdict"] == "breach"


def test_exit_is_exempt_when_its_rate_is_stale() -> None:
    desk = euro_desk(**JUDGED)
    desk.fill("buy", 1, 5, symbol="E")
    later(desk, MINUTE + 1)

    decision = desk.signal("sell", 1, symbol="E", limit_price="5")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "unknown_rate") == ("exempt", "60001", LIMIT, "-1")


def test_entry_is_allowed_again_when_what_needed_the_rate_is_sold() -> None:
    desk = euro_desk(**JUDGED)
    desk.fill("buy", 1, 5, symbol="E")
    desk.fill("sell", 1, 5, symbol="E")
    later(desk, MINUTE + 1)

    assert desk.signal("buy", 1, limit_price="100")["verdict"] == "approved"


def test_stale_data_does_not_speak_for_rates() -> None:
    desk = euro_desk(stale_data={}, **JUDGED)
    desk.fill("buy", 1, 5, symbol="E")

    for _ in range(10):
        later(desk, 30 * SECOND)

    assert desk.stops() == []


def test_alert_names_the_pair_when_money_is_booked_without_a_rate() -> None:
    desk = euro_desk(None, **JUDGED)

    desk.fill("buy", 1, 100, fee="1", fee_currency="BNB")

    (alert,) = desk.alerts("unknown_rate")
    assert alert["message"] == "no rate for BNB/USD: equity is unknown"


@pytest.mark.parametrize(("side", "verdict"), [("buy", "rejected"), ("sell", "approved")])
def test_entry_without_a_rate_is_rejected_when_no_rule_asks_for_one(
    side: str, verdict: str
) -> None:
    desk = open_desk(only())
    desk.instrument("E", settlement_currency="EUR")
    desk.price(5, "E")
    desk.fill("buy", 1, 5, symbol="E")

    decision = desk.signal(side, 1, symbol="E", limit_price="5")

    assert decision["verdict"] == verdict
    assert decision["reasons"] == ([] if side == "sell" else ["unknown_rate"])


def test_breach_names_the_pair_when_its_rate_is_too_old() -> None:
    desk = euro_desk(**JUDGED)
    later(desk, 60_001)

    decision = desk.signal("buy", 1, symbol="E", limit_price="5")

    message = "The rate for EUR/USD is 60001 ms old; the maximum is 60000 ms."
    assert explained(decision, "unknown_rate") == ("ms", message)


def test_check_is_absent_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(unknown_rate={"enabled": False}))

    assert_not_judged(desk.signal("buy", 1, limit_price="100"), "unknown_rate")
