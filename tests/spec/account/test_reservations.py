"""The whole life of what an approved order reserves."""

import pytest

from tests.spec.desk import HOUR, SECOND, open_desk
from tests.spec.desks import approved
from tests.spec.rulebook import only

TTL = 60_000


def test_whole_quantity_is_reserved_when_an_order_is_approved() -> None:
    desk = open_desk(only())

    signal_id = approved(desk)

    assert desk.state()["reservations"] == [
        {"signal_id": signal_id, "symbol": "X", "side": "buy", "quantity": "10", "price": "100"}
    ]


@pytest.mark.parametrize(("side", "price"), [("buy", "106.05"), ("sell", "94.05")])
def test_market_order_is_reserved_at_the_far_end_of_the_collar(side: str, price: str) -> None:
    desk = open_desk(only(price_collar={"collar_ratio": "0.05"}), mark=None)
    desk.price(bid="99", ask="101")

    desk.signal(side, 10)

    # 101 x 1.05 and 99 x 0.95.
    assert [row["price"] for row in desk.state()["reservations"]] == [price]


@pytest.mark.parametrize(("side", "price"), [("buy", "101"), ("sell", "99")])
def test_market_order_is_reserved_at_the_reference_when_there_is_no_collar(
    side: str, price: str
) -> None:
    desk = open_desk(only(), mark=None)
    desk.price(bid="99", ask="101")

    desk.signal(side, 10)

    assert [row["price"] for row in desk.state()["reservations"]] == [price]


def test_reserved_shrinks_with_fills_and_ends_with_the_cancel() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)

    seen = [desk.reserved()]
    desk.fill("buy", 4, 100, signal_id=signal_id)
    seen.append(desk.reserved())
    desk.order(signal_id, "cancelled")
    seen.append(desk.reserved())

    # At 100: 1000, then 600 beside a position of 400, then nothing.
    assert seen == [{signal_id: "10"}, {signal_id: "6"}, {}]
    assert desk.state()["gross_exposure"] == "400"


@pytest.mark.parametrize("status", ["rejected", "cancelled", "expired"])
def test_all_is_released_when_an_order_ends_without_a_fill(status: str) -> None:
    desk = open_desk(only())
    signal_id = approved(desk)

    desk.order(signal_id, status)

    assert desk.reserved() == {}


def test_reservation_lasts_until_its_time_is_over_when_no_word_comes() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)

    desk.wait(TTL - 1)
    before = desk.reserved()
    desk.wait(1)

    assert (before, desk.reserved()) == ({signal_id: "10"}, {})
    assert len(desk.alerts("reservation_expired")) == 1


def test_other_time_counts_when_limits_set_it() -> None:
    desk = open_desk(only() | {"reservation": {"reservation_ttl_ms": 5000}})
    signal_id = approved(desk)

    desk.wait(4999)
    before = desk.reserved()
    desk.wait(1)

    assert (before, desk.reserved()) == ({signal_id: "10"}, {})


def test_reservation_stays_however_long_when_the_order_was_accepted() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)
    desk.order(signal_id, "accepted")

    desk.wait(50 * HOUR)

    assert desk.reserved() == {signal_id: "10"}
    assert desk.alerts("reservation_expired") == []


def test_reservation_stays_however_long_when_a_fill_came() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)
    desk.fill("buy", 4, 100, signal_id=signal_id)

    desk.wait(50 * HOUR)

    assert desk.reserved() == {signal_id: "6"}


def test_silence_alerts_and_releases_nothing_when_it_is_too_long() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)
    desk.order(signal_id, "accepted")

    desk.wait(HOUR - SECOND)
    before = len(desk.alerts("order_silent"))
    desk.wait(2 * SECOND)

    assert (before, len(desk.alerts("order_silent"))) == (0, 1)
    assert desk.reserved() == {signal_id: "10"}


@pytest.mark.parametrize("status", ["accepted", "filled"])
def test_word_restores_what_is_left_when_the_reservation_had_expired(status: str) -> None:
    desk = open_desk(only())
    signal_id = approved(desk)
    desk.wait(TTL)

    desk.order(signal_id, status)

    assert desk.reserved() == {signal_id: "10"}


def test_fill_restores_what_is_left_when_the_reservation_had_expired() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)
    desk.wait(TTL)

    desk.fill("buy", 4, 100, signal_id=signal_id)

    assert desk.reserved() == {signal_id: "6"}


def test_fill_releases_when_only_its_order_id_is_known_from_a_word() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)
    desk.order(signal_id, "accepted", order_id="venue-7")

    desk.fill("buy", 4, 100, order_id="venue-7")

    assert desk.reserved() == {signal_id: "6"}
    assert desk.alerts("unmatched_fill") == []


@pytest.mark.parametrize(
    "fields",
    [{}, {"signal_id": "nobody"}, {"order_id": "unknown"}],
    ids=["none", "signal", "order"],
)
def test_fill_releases_nothing_and_alerts_when_it_matches_no_order(fields: dict[str, str]) -> None:
    desk = open_desk(only())
    signal_id = approved(desk)

    desk.fill("buy", 4, 100, **fields)

    assert desk.reserved() == {signal_id: "10"}
    assert desk.position()["quantity"] == "4"
    assert len(desk.alerts("unmatched_fill")) == 1


def test_fill_matches_no_order_of_another_side_or_symbol() -> None:
    desk = open_desk(only())
    desk.instrument("Y")
    desk.price(100, "Y")
    signal_id = approved(desk)

    desk.fill("sell", 4, 100, signal_id=signal_id)
    desk.fill("buy", 4, 100, signal_id=signal_id, symbol="Y")

    assert desk.reserved() == {signal_id: "10"}
    assert len(desk.alerts("unmatched_fill")) == 2


def test_fill_beyond_the_order_changes_only_the_position() -> None:
    desk = open_desk(only())
    signal_id = approved(desk)

    desk.fill("buy", 13, 100, signal_id=signal_id)

    assert desk.reserved() == {}
    assert desk.position()["quantity"] == "13"
    assert len(desk.alerts("overfill")) == 1


@pytest.mark.parametrize(
    ("everyones", "own"),
    [
        ({"decisions": {"decision_ttl_ms": 60_000}}, {}),
        ({"reservation": {"reservation_ttl_ms": 2000}}, {}),
        (
            {"reservation": {"reservation_ttl_ms": 5000}},
            {"decisions": {"decision_ttl_ms": 9000}},
        ),
    ],
)
def test_order_is_reserved_for_as_long_as_its_approval_is_valid(
    everyones: dict[str, dict[str, object]], own: dict[str, dict[str, object]]
) -> None:
    desk = open_desk(only() | everyones)
    desk.limits(own, account=desk.account, version=1)
    decision = desk.signal("buy", 10, limit_price="100")

    desk.wait(decision["valid_until_ms"] - desk.now_ms)

    assert desk.reserved() == {decision["signal_id"]: "10"}
