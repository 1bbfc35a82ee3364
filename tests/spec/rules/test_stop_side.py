"""The stop of an entry lies on its losing side."""

import pytest

from tests.spec.desk import assert_not_judged, explained, numbers_of, open_desk
from tests.spec.desks import entry, held_desk
from tests.spec.rulebook import only


@pytest.mark.parametrize(
    ("side", "stop", "check"),
    [
        ("buy", "99.99", ("pass", "99.99", "100", "0.01")),
        ("buy", "100", ("breach", "100", "100", "0")),
        ("buy", "100.01", ("breach", "100.01", "100", "-0.01")),
        ("sell", "100.01", ("pass", "100.01", "100", "0.01")),
        ("sell", "100", ("breach", "100", "100", "0")),
        ("sell", "99.99", ("breach", "99.99", "100", "-0.01")),
    ],
)
def test_entry_is_rejected_when_its_stop_is_not_on_the_losing_side(
    side: str, stop: str, check: tuple[str, ...]
) -> None:
    desk = open_desk(only(stop_side={}))

    decision = desk.signal(side, 1, limit_price="100", stop_price=stop)

    assert numbers_of(decision, "stop_side") == check
    assert decision["reasons"] == (["stop_side"] if check[0] == "breach" else [])
    assert decision["approved_quantity"] == ("0" if check[0] == "breach" else "1")


def test_stop_of_a_market_order_is_measured_from_the_reference() -> None:
    desk = open_desk(only(stop_side={}, price_collar={"collar_ratio": "0.05"}))

    decision = desk.signal("buy", 1, stop_price="99.99")

    assert numbers_of(decision, "stop_side") == ("pass", "99.99", "100", "0.01")


def test_entry_passes_when_it_names_no_stop() -> None:
    desk = open_desk(only(stop_side={}))

    assert numbers_of(entry(desk), "stop_side") == ("pass", None, None, None)


def test_exit_is_exempt_when_its_stop_is_on_the_wrong_side() -> None:
    desk = held_desk(stop_side={})

    decision = desk.signal("sell", 10, limit_price="100", stop_price="90")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "stop_side") == ("exempt", "90", "100", "-10")


def test_missing_price_is_the_reason_when_a_side_is_unknown() -> None:
    desk = open_desk(only(stop_side={}, stale_mark={}), mark=None)

    decision = desk.signal("buy", 1, stop_price="90")

    assert decision["reasons"] == ["stale_mark"]
    assert numbers_of(decision, "stop_side") == ("breach", None, None, None)


def test_breach_is_explained_when_the_stop_is_on_the_winning_side() -> None:
    desk = open_desk(only(stop_side={}))

    decision = entry(desk, stop_price="101")

    message = "The stop price 101 is not on the losing side of the entry price 100."
    assert explained(decision, "stop_side") == ("price", message)


def test_stop_on_the_winning_side_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(stop_side={"enabled": False}))

    assert_not_judged(entry(desk, stop_price="101"), "stop_side")


def test_parameters_are_refused_when_the_rule_has_none() -> None:
    desk = open_desk(only())

    desk.limits({"stop_side": {"stop_ratio": "0.1"}})

    assert len(desk.alerts("limits")) == 1
    assert entry(desk)["limits_version"] == "1.0"
