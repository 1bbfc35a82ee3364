"""One instrument is the source of a pair's rate: the first that named it, while it stands."""

import pytest

from tests import given
from tests.driver import Driver, of
from tests.spec.desk import SECOND, Desk, Row, open_desk
from tests.spec.rulebook import only
from topics.alerts import Alert
from topics.codec import encode


def euro_desk() -> Desk:
    """Return a desk of 10 000 dollars that holds 100 of E: 1 euro above their price."""
    desk = open_desk(only())
    desk.instrument("E", settlement_currency="EUR")
    desk.price(6, "E")
    desk.fill("buy", 100, 5, symbol="E")
    return desk


def name(desk: Desk, symbol: str, rate: str | None = None, **fields: object) -> list[Row]:
    """Publish an instrument of euros in dollars, and its price."""
    rows = desk.instrument(symbol, **{"base_currency": "EUR", **fields})
    if rate is not None:
        desk.price(rate, symbol)
    return rows


def withdraw(desk: Desk, symbol: str) -> list[Row]:
    """Delete an instrument's document."""
    return desk.send("instruments", None, key=symbol)


def rate_of(desk: Desk) -> str | None:
    """Return the dollars of a hundred euros, once prices were shown to the account."""
    desk.signal("hold", symbol="E")
    equity = desk.state()["equity"]
    return None if equity is None else str(int(equity) - 10_000)


def test_first_of_a_pair_is_its_source_when_another_is_newer() -> None:
    desk = euro_desk()
    name(desk, "EURUSD", "1.1")
    desk.wait(SECOND)

    name(desk, "EURUSD.FUT", "1.5")

    assert rate_of(desk) == "110"


def test_second_is_no_rate_when_it_is_the_inverse_pair() -> None:
    desk = euro_desk()
    name(desk, "EURUSD", "1.1")
    desk.wait(SECOND)

    name(desk, "USDEUR", "0.5", base_currency="USD", settlement_currency="EUR")

    assert rate_of(desk) == "110"


def test_second_is_no_rate_when_the_first_has_no_price() -> None:
    desk = euro_desk()
    name(desk, "EURUSD")

    name(desk, "EURUSD.FUT", "1.5")

    assert rate_of(desk) is None


def test_earliest_that_stands_is_the_source_when_the_first_is_withdrawn() -> None:
    desk = euro_desk()
    for symbol, rate in (("EURUSD", "1.1"), ("Z", "1.2"), ("A", "1.3")):
        name(desk, symbol, rate)

    withdraw(desk, "EURUSD")
    third = rate_of(desk)
    withdraw(desk, "Z")

    assert (third, rate_of(desk)) == ("120", "130")


def test_source_keeps_its_pair_when_its_document_is_written_anew() -> None:
    desk = euro_desk()
    name(desk, "EURUSD", "1.1")
    name(desk, "EURUSD.FUT", "1.5")

    name(desk, "EURUSD", tick_size="0.001")

    assert rate_of(desk) == "110"


def test_source_is_the_last_when_it_comes_back_after_it_was_withdrawn() -> None:
    desk = euro_desk()
    name(desk, "EURUSD", "1.1")
    name(desk, "EURUSD.FUT", "1.5")
    withdraw(desk, "EURUSD")

    name(desk, "EURUSD")

    assert rate_of(desk) == "150"
    assert len(desk.alerts("instrument")) == 2


def test_source_that_names_another_pair_is_none_of_the_old_one() -> None:
    desk = euro_desk()
    name(desk, "EURUSD", "1.1")
    name(desk, "EURUSD.FUT", "1.5")

    name(desk, "EURUSD", base_currency="GBP")

    assert rate_of(desk) == "150"


def test_alert_of_everyone_names_both_and_comes_once() -> None:
    desk = euro_desk()
    name(desk, "EURUSD", "1.1")
    name(desk, "EURUSD.FUT", "1.5")

    name(desk, "USDEUR", base_currency="USD", settlement_currency="EUR")
    name(desk, "EURUSD.FUT", "1.6", tick_size="0.001")

    (alert,) = desk.alerts("instrument")
    assert (alert["account_id"], alert["level"], alert["action"]) == ("*", "low", "warn")
    assert alert["message"] == (
        "EURUSD.FUT names the currency pair EUR/USD that EURUSD named before: its price is no rate"
    )


@pytest.mark.parametrize(
    "fields",
    [{"kind": "inverse", "settlement_currency": "EUR"}, {"base_currency": None}],
    ids=["inverse", "no base currency"],
)
def test_nothing_is_told_when_the_second_names_no_pair(fields: dict[str, object]) -> None:
    desk = euro_desk()
    name(desk, "EURUSD", "1.1")

    name(desk, "EURUSD.FUT", "1.5", **fields)

    assert (desk.alerts("instrument"), rate_of(desk)) == ([], "110")


def test_each_pair_has_an_alert_of_its_own() -> None:
    desk = euro_desk()
    for base in ("EUR", "GBP"):
        for symbol in ("1", "2"):
            name(desk, f"{base}{symbol}", base_currency=base)

    assert [alert["message"][:20] for alert in desk.alerts("instrument")] == [
        "EUR2 names the curre", "GBP2 names the curre",
    ]  # fmt: skip


def test_alert_comes_once_when_there_are_several_partitions() -> None:
    driver = Driver(partitions=3)
    driver.send(given.instrument("A", base_currency="EUR"))

    out = driver.send(given.instrument("B", base_currency="EUR"))

    assert [alert.rule for alert in of(Alert, out)] == ["instrument"]


def test_withdrawn_instrument_is_unknown_to_who_never_saw_it() -> None:
    desk = open_desk(only())
    withdraw(desk, "X")

    held = desk.signal("buy", 1, limit_price="100")["verdict"]
    desk.flow("opening", 1000, account_id="acct-2", flow_id="other")
    other = desk.signal("buy", 1, limit_price="100", account_id="acct-2")

    assert desk.sent("dead_letters") == []
    assert (held, other["reasons"]) == ("rejected", ["unknown_instrument"])


def test_price_at_or_below_zero_is_no_part_of_a_rate() -> None:
    desk = euro_desk()
    name(desk, "EURUSD")

    desk.price("1.1", "EURUSD", bid="-1", ask="3")

    # The mid would be 1.
    assert rate_of(desk) == "110"


def test_document_that_was_read_is_the_event_that_everyone_gets() -> None:
    driver = Driver()
    driver.send(given.instrument("A", base_currency="EUR"))
    second = given.instrument("B", base_currency="EUR")

    driver.feed("instruments", "B", encode(second))

    assert driver.all(Alert)[0].message.startswith("B names the currency pair EUR/USD")
