"""Rates that come after the fill: what they convert belongs to the fill, and a bust returns it."""

from tests.spec.desk import HOUR, MINUTE, SECOND, Desk, day_of, open_desk
from tests.spec.rulebook import only

FEE = {"fee": "1", "fee_currency": "BNB"}


def euro_desk() -> Desk:
    """Return a desk in dollars whose X is in euros; nobody knows their rate."""
    desk = open_desk(only())
    desk.instrument(settlement_currency="EUR")
    return desk


def rate(desk: Desk, price: str, base: str = "EUR") -> None:
    """Let a rate come, and an account that waits for it see it."""
    desk.instrument(f"{base}-USD", base_currency=base)
    desk.price(price, f"{base}-USD")
    desk.wait(16 * SECOND)
    desk.signal("hold")


def tomorrow(desk: Desk) -> int:
    """Let the day end; return an instant of it."""
    executed_ms = desk.now_ms
    desk.wait(12 * HOUR + MINUTE)
    desk.price(100)
    return executed_ms


def test_bust_returns_a_fee_at_the_rate_that_converted_it() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="a", **FEE)
    rate(desk, "300", "BNB")
    assert desk.state()["balance"] == "9700"

    desk.price("900", "BNB-USD")
    desk.fill("buy", 10, 100, fill_id="a", kind="bust", **FEE)

    assert (desk.state()["balance"], desk.state()["peak_equity"]) == ("10000", "10000")
    assert day_of(desk) == ("0", "0", "10000")


def test_bust_returns_a_loss_at_the_rate_that_converted_it() -> None:
    desk = euro_desk()
    desk.fill("buy", 10, 100, fill_id="a")
    desk.fill("sell", 20, 90)
    rate(desk, "1.5")
    assert desk.state()["balance"] == "9850"  # -10 x 10 at 1.5.

    desk.price("2", "EUR-USD")
    desk.fill("buy", 10, 100, fill_id="a", kind="bust")

    assert desk.state()["balance"] == "10000"
    assert desk.position()["quantity"] == "-20"


def test_later_close_is_booked_anew_at_the_rate_that_converted_it() -> None:
    desk = euro_desk()
    desk.fill("buy", 10, 100, fill_id="a")
    desk.fill("buy", 10, 80)
    desk.fill("sell", 10, 90)
    rate(desk, "1.5")

    desk.price("2", "EUR-USD")
    desk.fill("buy", 10, 100, fill_id="a", kind="bust")

    # Without the first the close won 10 x 10, at 1.5.
    assert desk.state()["balance"] == "10150"


def test_fill_after_a_rate_is_returned_at_its_own_rate() -> None:
    desk = euro_desk()
    desk.fill("buy", 10, 100, fee="10")
    rate(desk, "1.5")
    desk.fill("buy", 10, 100, fill_id="b", fee="10")
    rate(desk, "2")

    desk.fill("buy", 10, 100, fill_id="b", fee="10", kind="bust")

    assert desk.state()["balance"] == "9985"  # The first fee alone: 10 at 1.5.


def test_equity_is_known_when_the_only_waiting_fill_is_busted() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="a", **FEE)
    assert desk.state()["equity"] is None

    desk.fill("buy", 10, 100, fill_id="a", kind="bust", **FEE)

    assert (desk.state()["equity"], day_of(desk)) == ("10000", ("0", "0", "10000"))


def test_late_fee_belongs_to_yesterday_when_its_rate_comes_after_it() -> None:
    desk = open_desk(only())
    executed_ms = tomorrow(desk)
    desk.fill("buy", 10, 100, executed_at_ms=executed_ms, **FEE)

    rate(desk, "300", "BNB")

    assert day_of(desk) == ("0", "0", "9700")
    assert day_of(desk, "weekly") == ("-300", "-300", "10000")


def test_late_gain_hides_no_loss_when_its_rate_comes_late() -> None:
    desk = open_desk(only())
    desk.instrument(settlement_currency="EUR")
    rate(desk, "1")
    desk.fill("buy", 10, 100)
    executed_ms = tomorrow(desk)  # The rate is stale by now.
    desk.fill("sell", 10, 140, executed_at_ms=executed_ms)

    rate(desk, "1")

    # Sold at 140 what stood at 100 when the day opened.
    assert day_of(desk) == ("0", "0", "10400")
    assert day_of(desk, "weekly") == ("400", "400", "10000")


def test_late_fee_with_a_rate_is_yesterdays_when_its_price_has_none() -> None:
    desk = euro_desk()
    executed_ms = tomorrow(desk)
    rate(desk, "300", "BNB")
    desk.fill("buy", 10, 100, executed_at_ms=executed_ms, **FEE)

    rate(desk, "1")

    assert day_of(desk) == ("0", "0", "9700")


def test_busted_late_fill_leaves_no_trace_when_its_rate_came_after_it() -> None:
    desk = open_desk(only())
    executed_ms = tomorrow(desk)
    desk.fill("buy", 10, 100, fill_id="a", executed_at_ms=executed_ms, **FEE)
    rate(desk, "300", "BNB")

    desk.price("900", "BNB-USD")
    desk.fill("buy", 10, 100, fill_id="a", executed_at_ms=executed_ms, kind="bust", **FEE)

    assert day_of(desk) == ("0", "0", "10000")
    assert day_of(desk, "weekly") == ("0", "0", "10000")


def test_fee_belongs_to_its_day_when_its_rate_comes_later() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, **FEE)
    tomorrow(desk)

    rate(desk, "300", "BNB")

    assert day_of(desk) == ("0", "0", "9700")
    assert day_of(desk, "weekly") == ("-300", "-300", "10000")


def test_fill_before_the_opening_is_returned_at_the_rate_that_converted_it() -> None:
    desk = Desk()
    desk.limits(only())
    desk.instrument(settlement_currency="EUR")
    desk.instrument("EUR-USD", base_currency="EUR")
    desk.price("1.5", "EUR-USD")
    desk.fill("buy", 10, 100, fill_id="a", fee="10", executed_at_ms=desk.now_ms + 1)
    desk.flow("opening", 10_000, as_of_ms=desk.now_ms)
    rate(desk, "1.5")
    assert desk.state()["balance"] == "9985"

    rate(desk, "2")
    desk.fill("buy", 10, 100, fill_id="a", fee="10", kind="bust")

    assert desk.state()["balance"] == "10000"


def test_inverse_instrument_is_refused_when_it_settles_outside_its_base() -> None:
    desk = open_desk(only())

    desk.instrument("Y", kind="inverse", base_currency="BTC")

    (letter,) = desk.sent("dead_letters")

    assert letter["path"] == "$.settlement_currency"
    assert (
        letter["error"] == "Expected BTC, the base, which an inverse instrument settles in, got USD"
    )


def test_instrument_is_refused_when_no_quantity_is_allowed() -> None:
    desk = open_desk(only())

    desk.instrument("Y", min_quantity="2", max_quantity="1")

    (letter,) = desk.sent("dead_letters")

    assert letter["path"] == "$.max_quantity"
    assert letter["error"] == "Expected at least min_quantity, got 1"
