"""Ids are remembered for a time and up to a number; what is older than that is not trusted."""

import pytest

from tests.spec.desk import SECOND, Desk, open_desk
from tests.spec.rulebook import only

OLD = {"signal_age_ms_max": 10**9}


def short_memory(**dedupe: int) -> Desk:
    """Return a desk that forgets soon and lets old signals in."""
    return open_desk(only(signal_age=OLD) | {"dedupe": dedupe})


def fill_once(desk: Desk, at_ms: int) -> None:
    """Send the same fill, as it was executed at a time."""
    desk.fill("buy", 10, 100, fill_id="one", executed_at_ms=at_ms)


def test_signal_is_known_until_the_horizon_is_over() -> None:
    desk = short_memory(dedupe_horizon_ms=5000)
    desk.signal("buy", 1, limit_price="100", signal_id="one")

    desk.wait(4999)
    within = desk.signal("buy", 1, limit_price="100", signal_id="one")

    assert within["reasons"] == ["duplicate_signal"]


def test_signal_may_use_an_id_again_when_the_horizon_is_over() -> None:
    desk = short_memory(dedupe_horizon_ms=5000)
    desk.signal("buy", 1, limit_price="100", signal_id="one")

    desk.wait(5000)
    after = desk.signal("buy", 1, limit_price="100", signal_id="one")

    assert after["verdict"] == "approved"


@pytest.mark.parametrize("between", [True, False])
def test_fill_is_not_booked_twice_when_its_id_was_forgotten(*, between: bool) -> None:
    desk = short_memory(dedupe_horizon_ms=5000)
    executed_ms = desk.now_ms
    fill_once(desk, executed_ms)

    desk.wait(10 * SECOND)
    if between:
        desk.signal("hold")
    fill_once(desk, executed_ms)

    assert desk.position()["quantity"] == "10"
    assert desk.state()["trading_state"] == "reducing"
    assert [alert["level"] for alert in desk.alerts("fill_refused")] == ["critical"]
    assert desk.stops() == [("fill_refused", "triggered")]


@pytest.mark.parametrize("between", [True, False])
def test_signal_is_rejected_when_it_is_older_than_all_that_is_remembered(*, between: bool) -> None:
    desk = short_memory(dedupe_horizon_ms=5000)
    created_ms = desk.now_ms
    desk.signal("buy", 1, limit_price="100", signal_id="one")

    desk.wait(10 * SECOND)
    if between:
        desk.signal("hold")
    again = desk.signal("buy", 1, limit_price="100", signal_id="one", created_at_ms=created_ms)

    assert (again["verdict"], again["reasons"]) == ("rejected", ["signal_age"])


def test_oldest_is_forgotten_when_there_are_too_many() -> None:
    desk = short_memory(dedupe_max=3)
    created_ms = desk.now_ms
    for name in ("one", "two", "three", "four"):
        desk.signal("buy", 1, limit_price="100", signal_id=name)
        desk.wait(SECOND)

    first = desk.signal("buy", 1, limit_price="100", signal_id="one", created_at_ms=created_ms)
    last = desk.signal("buy", 1, limit_price="100", signal_id="four")

    assert first["reasons"] == ["signal_age"]
    assert last["reasons"] == ["duplicate_signal"]


@pytest.mark.parametrize("flood", ["signals", "flows"])
def test_fill_is_still_known_when_a_flood_of_another_kind_follows(flood: str) -> None:
    desk = short_memory(dedupe_max=3)
    executed_ms = desk.now_ms
    fill_once(desk, executed_ms)

    for number in range(8):
        desk.wait(SECOND)
        if flood == "signals":
            desk.signal("hold", signal_id=f"s{number}")
        else:
            desk.flow("deposit", 1, flow_id=f"d{number}")
    fill_once(desk, executed_ms)

    assert desk.position()["quantity"] == "10"
    assert (desk.state()["trading_state"], desk.alerts("fill_refused")) == ("active", [])


def test_flow_is_still_known_when_a_flood_of_signals_follows() -> None:
    desk = short_memory(dedupe_max=3)
    desk.flow("deposit", 100, flow_id="one")

    for number in range(8):
        desk.wait(SECOND)
        desk.signal("hold", signal_id=f"s{number}")
    desk.flow("deposit", 100, flow_id="one")

    (alert,) = desk.alerts("flow")
    assert alert["message"] == "one was already applied"
    assert desk.state()["balance"] == "10100"


def test_control_acts_once_when_a_flood_of_signals_follows() -> None:
    desk = short_memory(dedupe_max=3)
    desk.control("halt", control_id="c1")
    desk.control("resume", stop_id=desk.state()["stops"][0])

    for number in range(8):
        desk.wait(SECOND)
        desk.signal("hold", signal_id=f"s{number}")
    desk.control("halt", control_id="c1")

    assert desk.state()["trading_state"] == "active"


def test_seven_days_are_remembered_by_default() -> None:
    desk = open_desk(only())
    executed_ms = desk.now_ms
    fill_once(desk, executed_ms)

    desk.wait(7 * 86_400_000 - 1)
    fill_once(desk, executed_ms)

    assert desk.position()["quantity"] == "10"
    assert desk.alerts("fill_refused") == []


def test_flow_is_known_when_its_id_comes_again_days_later() -> None:
    desk = open_desk(only())
    desk.flow("deposit", 100, flow_id="one")

    desk.wait(6 * 86_400_000)
    desk.flow("deposit", 100, flow_id="one")

    assert desk.state()["balance"] == "10100"


def test_deposit_is_not_counted_when_older_than_all_remembered_ids() -> None:
    desk = short_memory(dedupe_horizon_ms=5000)
    old_ms = desk.now_ms
    desk.wait(10 * SECOND)
    desk.signal("hold")

    desk.flow("deposit", 500, flow_id="old", as_of_ms=old_ms)

    (alert,) = desk.alerts("dedupe")
    assert (alert["level"], alert["action"]) == ("critical", "warn")
    assert alert["message"] == "old is older than all remembered ids and is not applied"
    assert (desk.state()["balance"], desk.state()["trading_state"]) == ("10000", "active")
