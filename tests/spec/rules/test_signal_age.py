"""Signals that are too old, expired or from the future are rejected, exits too."""

import pytest

from tests.spec.desk import (
    answer_of,
    assert_not_judged,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.rulebook import only


@pytest.mark.parametrize(
    ("age_ms", "verdict"), [(4999, "pass"), (5000, "pass"), (5001, "breach"), (-1000, "pass")]
)
def test_signal_is_too_old_when_its_age_is_above_the_limit(age_ms: int, verdict: str) -> None:
    desk = open_desk(only(signal_age={"signal_age_ms_max": 5000}))

    decision = desk.signal("buy", 1, limit_price="100", created_at_ms=desk.now_ms - age_ms)

    assert numbers_of(decision, "signal_age") == (verdict, str(age_ms), "5000", str(5000 - age_ms))


def test_signal_is_refused_when_its_time_is_too_far_ahead() -> None:
    desk = open_desk(only(signal_age={}))

    decision = desk.signal("buy", 1, limit_price="100", created_at_ms=desk.now_ms + 1001)

    assert decision["reasons"] == ["signal_age"]


@pytest.mark.parametrize(("left_ms", "verdict"), [(1, "approved"), (0, "rejected")])
def test_signal_is_refused_when_it_has_expired(left_ms: int, verdict: str) -> None:
    desk = open_desk(only(signal_age={}))

    decision = desk.signal("buy", 1, limit_price="100", expires_at_ms=desk.now_ms + left_ms)

    assert decision["verdict"] == verdict


def test_age_is_shown_when_another_time_refuses_the_signal() -> None:
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

    decision = desk.signal("buy", 1, limit_price="100", created_at_ms=desk.now_ms - 6000)

    message = "The signal was created 6000 ms ago; the maximum is 5000 ms."
    assert explained(decision, "signal_age") == ("ms", message)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ({"created_at_ms": -5001},
         "The signal was created 5001 ms ago; the maximum is 5000 ms."),
        ({"created_at_ms": 1001}, "The signal was created 1001 ms in the future."),
        ({"expires_at_ms": -5}, "The signal expired 5 ms ago."),
    ],
)  # fmt: skip
def test_breach_says_which_time_is_wrong(times: dict[str, int], message: str) -> None:
    desk = open_desk(only(signal_age={}))

    decision = desk.signal(
        "buy", 1, limit_price="100", **{name: desk.now_ms + ms for name, ms in times.items()}
    )

    assert explained(decision, "signal_age") == ("ms", message)


def test_signal_passes_when_clocks_differ_as_much_as_allowed() -> None:
    desk = open_desk(only(signal_age={}))

    decision = desk.signal("buy", 1, limit_price="100", created_at_ms=desk.now_ms + 1000)

    assert numbers_of(decision, "signal_age") == ("pass", "-1000", "5000", "6000")


def test_old_signal_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(signal_age={"enabled": False}))

    decision = desk.signal("buy", 1, limit_price="100", created_at_ms=desk.now_ms - 5001)

    assert_not_judged(decision, "signal_age")
