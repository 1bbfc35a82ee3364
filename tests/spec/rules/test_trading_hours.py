"""Entries wait for the exchange; exits do not. New York is five hours behind UTC in November."""

from datetime import UTC, datetime

import pytest

from tests.spec.desk import SECOND, Desk, answer_of, assert_not_judged, explained, numbers_of
from tests.spec.rulebook import only

DAY_AFTER_THANKSGIVING = "2025-11-28"  # Closes at 13:00 in New York, 18:00 UTC.


def desk_at(text: str, session: str | None = "XNYS", **parameters: object) -> Desk:
    """Open a desk at a UTC time, judged by trading hours alone."""
    at_ms = int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    desk = Desk(now_ms=at_ms - SECOND)
    desk.limits(only(trading_hours=parameters))
    desk.instrument(session=session)
    desk.flow("opening", 10_000)
    desk.wait(SECOND)
    desk.price(100)
    return desk


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        ("14:29:59.999", "rejected"),
        ("14:30", "approved"),
        ("17:59:59.999", "approved"),
        ("18:00", "rejected"),
        ("20:00", "rejected"),
    ],
)
def test_entry_is_refused_when_the_session_of_a_half_day_is_over(at: str, verdict: str) -> None:
    desk = desk_at(f"{DAY_AFTER_THANKSGIVING}T{at}")

    assert desk.signal("buy", 1)["verdict"] == verdict


@pytest.mark.parametrize(
    ("at", "session", "verdict"),
    [
        ("2025-11-26T20:59", "XNYS", "approved"),
        ("2025-12-25T15:00", "XNYS", "rejected"),
        ("2025-11-29T15:00", "XNYS", "rejected"),
        ("2025-12-25T15:00", "24/7", "approved"),
        ("2025-12-25T15:00", None, "approved"),
        ("2025-12-23T03:59:59", "XHKG", "approved"),
        ("2025-12-23T04:00", "XHKG", "rejected"),
        ("2025-12-23T04:59:59", "XHKG", "rejected"),
        ("2025-12-23T05:00", "XHKG", "approved"),
    ],
)
def test_entry_follows_the_calendar_of_its_instrument(
    at: str, session: str | None, verdict: str
) -> None:
    decision = desk_at(at, session).signal("buy", 1)

    reasons = ["trading_hours"] if verdict == "rejected" else []
    assert (decision["verdict"], decision["reasons"]) == (verdict, reasons)
    shown = "breach" if reasons else "pass"
    assert numbers_of(decision, "trading_hours") == (shown, None, None, None)


@pytest.mark.parametrize(
    ("at", "numbers"),
    [
        ("17:44", ("pass", "960000", "900000", "60000")),
        ("17:45", ("pass", "900000", "900000", "0")),
        ("17:45:30", ("breach", "870000", "900000", "-30000")),
        ("18:00", ("breach", None, None, None)),
    ],
)
def test_entry_is_refused_when_the_close_is_near(at: str, numbers: tuple[str | None, ...]) -> None:
    desk = desk_at(f"{DAY_AFTER_THANKSGIVING}T{at}", minutes_before_close=15)

    decision = desk.signal("buy", 1)

    assert numbers_of(decision, "trading_hours") == numbers
    assert decision["verdict"] == ("approved" if numbers[0] == "pass" else "rejected")


def test_larger_order_is_cut_to_the_exit_when_the_exchange_is_closed() -> None:
    desk = desk_at("2025-12-25T15:00")
    desk.fill("buy", 5, 100)

    larger, whole = desk.signal("sell", 7), desk.signal("sell", 1)

    assert answer_of(larger) == ("modified", "5", ["trading_hours"], "trading_hours")
    assert whole["verdict"] == "rejected"  # All five are on their way out.


def test_exit_is_exempt_when_the_exchange_is_closed() -> None:
    desk = desk_at("2025-12-25T15:00")
    desk.fill("buy", 5, 100)

    decision = desk.signal("sell", 5)

    assert answer_of(decision) == ("approved", "5", [], None)
    assert numbers_of(decision, "trading_hours") == ("exempt", None, None, None)


def test_instrument_is_a_dead_letter_when_its_calendar_is_unknown() -> None:
    desk = desk_at("2025-11-26T15:00", "XNYX")

    (letter,) = desk.sent("dead_letters")

    assert letter["path"] == "$.session"
    assert "did you mean XNYS?" in letter["error"]
    assert desk.signal("buy", 1)["reasons"] == ["unknown_instrument"]


def test_entry_opens_by_itself_when_the_exchange_does() -> None:
    desk = desk_at("2025-11-26T14:29:59")

    before = desk.signal("buy", 1)["verdict"]
    desk.wait(SECOND)

    assert (before, desk.signal("buy", 1)["verdict"]) == ("rejected", "approved")


@pytest.mark.parametrize(
    ("at", "unit", "message"),
    [
        (
            "17:45:30",
            "ms",
            "The exchange closes in 870000 ms; entries end 900000 ms before the close.",
        ),
        ("18:00", None, "The instrument's exchange is closed, or its trading hours are unknown."),
    ],
)
def test_breach_says_when_the_exchange_closes(at: str, unit: str | None, message: str) -> None:
    desk = desk_at(f"{DAY_AFTER_THANKSGIVING}T{at}", minutes_before_close=15)

    assert explained(desk.signal("buy", 1), "trading_hours") == (unit, message)


def test_hours_are_unknown_when_the_instrument_is() -> None:
    desk = desk_at(f"{DAY_AFTER_THANKSGIVING}T15:00")

    decision = desk.signal("buy", 1, limit_price="100", symbol="NOWHERE")

    assert numbers_of(decision, "trading_hours") == ("breach", None, None, None)
    assert decision["reasons"] == ["unknown_instrument"]


def test_entry_passes_at_night_when_the_rule_is_turned_off() -> None:
    desk = desk_at(f"{DAY_AFTER_THANKSGIVING}T20:00", enabled=False)

    assert_not_judged(desk.signal("buy", 1), "trading_hours")
