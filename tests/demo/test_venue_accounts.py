from decimal import Decimal

from pipeline.demo.venue_accounts import VenueAccounts
from topics.fields import Side
from topics.fills import Fill


def fill(side: Side, quantity: int, price: int, *, fee: str = "0") -> Fill:
    return Fill(
        account_id="acct",
        fill_id="f",
        order_id="o",
        symbol="WTI",
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        executed_at_ms=7,
    )


def accounts_after(*done: Fill) -> VenueAccounts:
    kept = VenueAccounts({"acct": Decimal(1000)})
    for item in done:
        kept.apply(item)
    return kept


def test_a_buy_turns_cash_into_a_position() -> None:
    kept = accounts_after(fill("buy", 10, 50, fee="0.25"))

    assert kept.cash("acct") == Decimal("499.75")
    assert kept.quantity("acct", "WTI") == 10
    assert kept.holdings("acct")["WTI"].average_price == 50


def test_the_average_price_stays_when_a_position_is_reduced() -> None:
    kept = accounts_after(fill("buy", 10, 50), fill("buy", 10, 60), fill("sell", 5, 100))

    # 20 cost 1100; a quarter of it leaves.
    assert kept.holdings("acct")["WTI"].cost == 825
    assert kept.holdings("acct")["WTI"].average_price == 55


def test_a_fill_through_zero_opens_the_rest_at_its_price() -> None:
    kept = accounts_after(fill("buy", 10, 50), fill("sell", 15, 60))

    assert kept.quantity("acct", "WTI") == -5
    assert kept.holdings("acct")["WTI"].average_price == 60
    assert kept.cash("acct") == 1400


def test_nothing_is_left_of_the_cost_when_flat() -> None:
    kept = accounts_after(fill("sell", 10, 50), fill("buy", 10, 40))

    assert kept.holdings("acct")["WTI"].cost == 0
    assert kept.holdings("acct")["WTI"].average_price == 0
    assert kept.cash("acct") == 1100


def test_a_long_is_worth_the_bid_and_a_short_the_ask() -> None:
    marks: dict[tuple[str, Side], Decimal] = {
        ("WTI", "sell"): Decimal(49),
        ("WTI", "buy"): Decimal(51),
    }

    long = accounts_after(fill("buy", 10, 50)).equity("acct", marks)
    short = accounts_after(fill("sell", 10, 50)).equity("acct", marks)

    assert (long, short) == (Decimal(990), Decimal(990))
