"""Signals that are too old, expired or from the future are rejected, exits too."""

from typing import Any

import pytest

from tests.spec.desk import (
    Desk,
    Row,
    answer_of,
    checks_of,
    numbers_of,
    open_desk,
)
from tests.spec.rulebook import only


def check_of(rule: str, parameters: dict[str, Any], desk: Desk | None = None, **fields: Any) -> Row:
    """Return the check of a rule on a market order of 10 X at 100, with 10 000 of equity."""
    desk = desk or open_desk(only(**{rule: parameters}))
    signal = {"quantity": "10", "limit_price": "100", **fields}
    return checks_of(desk.signal(signal.pop("side", "buy"), **signal))[rule]


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


def test_larger_opposite_order_is_rejected_when_its_signal_is_too_old() -> None:
    desk = open_desk(only(signal_age={}))
    desk.fill("buy", 10, 100)

    decision = desk.signal("sell", 15, limit_price="100", created_at_ms=desk.now_ms - 6000)

    assert answer_of(decision) == ("rejected", "0", ["signal_age"], None)


def test_age_of_a_signal_is_explained() -> None:
    desk = open_desk(only(signal_age={}))

    check = check_of("signal_age", {}, desk, created_at_ms=desk.now_ms - 6000)

    assert check["message"] == "The signal was created 6000 ms ago; at most 5000 ms are allowed."
    assert check["unit"] == "ms"
