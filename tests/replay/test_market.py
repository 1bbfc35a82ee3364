"""A recorded file is judged by the bars and the sessions of its own times."""

import json
from typing import Any

from tests import given
from tests.replay.histories import line_of, replayed
from topics.signals import Signal

T0_MS = given.T0_MS  # New Year's midnight, UTC.
MINUTE = 60_000
HOUR = 60 * MINUTE
VALUE_AT_RISK = {"value_at_risk": {"var_ratio_max": "1", "horizon_bars": 1}}


def checks(lines: list[bytes], rule: str) -> list[dict[str, Any]]:
    """Replay lines and return what a rule said of each signal."""
    rows = [json.loads(line) for line in replayed(lines).splitlines()]
    decisions = [row["value"] for row in rows if row["topic"] == "decisions"]
    told = [check for decision in decisions for check in decision["checks"]]
    return [check for check in told if check["rule"] == rule]


def signal_at(at_ms: int) -> Signal:
    return given.signal("buy", 1, signal_id=f"s{at_ms}", limit_price="100", created_at_ms=at_ms)


# Closes of 100 and 110: 100 at ln 1.1 and 2.326 deviations. A third quote opens the third bar.
def test_signal_is_judged_by_the_bars_that_are_closed_when_it_comes() -> None:
    begun = [given.limits(given.only("value_at_risk") | VALUE_AT_RISK), given.instrument()]
    lines = [line_of(message, T0_MS) for message in (*begun, given.account())]
    for number, price in enumerate((100, 110, 100)):
        at_ms = T0_MS + number * MINUTE
        lines += [line_of(given.price(price), at_ms), line_of(signal_at(at_ms), at_ms)]

    told = checks(lines, "value_at_risk")

    assert [check["measured"] for check in told[:2]] == [None, None]
    assert told[2]["measured"].startswith("22.17246")


# New York opens at 14:30 UTC on Friday, 2 January, and stays closed on New Year's Day.
def test_signal_is_judged_by_the_calendar_of_its_own_day() -> None:
    begun = [given.limits(given.only("trading_hours")), given.instrument(session="XNYS")]
    lines = [line_of(message, T0_MS) for message in (*begun, given.account())]
    for hours in (15, 24 + 14, 24 + 15, 24 + 21):
        at_ms = T0_MS + hours * HOUR
        lines += [line_of(given.price(100), at_ms), line_of(signal_at(at_ms), at_ms)]

    told = checks(lines, "trading_hours")

    assert [check["verdict"] for check in told] == ["breach", "breach", "pass", "breach"]


def test_bytes_are_the_same_when_a_file_with_bars_and_sessions_is_replayed_twice() -> None:
    begun = [given.limits({}), given.instrument(session="24/7"), given.account()]
    lines = [line_of(message, T0_MS) for message in begun]
    for number in range(40):
        at_ms = T0_MS + number * MINUTE // 2
        price = given.price(100 + number * number % 7)
        lines += [line_of(price, at_ms), line_of(signal_at(at_ms), at_ms)]

    assert replayed(lines) == replayed(lines)
    assert len(checks(lines, "risk_score")) == 40
