"""The paper venue without moods: it fills at the quote, charges its fee, and resumes."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from pipeline.paper.quotes import Sides, sides_of
from pipeline.paper.terms import Terms
from pipeline.paper.venue import PaperVenue
from riskgate import Report, Ticket
from tests.client.test_engine import statuses
from topics.fills import Fill
from topics.instruments import TOPIC, Instrument
from topics.prices import Price

NOW_MS = 1_767_225_600_000


class OneMarket:
    """A market with one quote and one contract for every symbol."""

    def __init__(self, bid: str = "99", ask: str = "101", **contract: object) -> None:
        self.sides: Sides | None = Sides(Decimal(bid), Decimal(ask))
        example = TOPIC.example
        assert isinstance(example, Instrument)
        self._contract = replace(example, **contract)

    def quote(self, symbol: str, now_ms: int) -> Sides | None:
        return self.sides

    def instrument(self, symbol: str) -> Instrument | None:
        return self._contract


def ticket(quantity: str = "2", limit: str | None = None, **changed: object) -> Ticket:
    made = Ticket(
        client_id="s1",
        account_id="acct",
        symbol="BTC-USD",
        side="buy",
        quantity=Decimal(quantity),
        limit_price=None if limit is None else Decimal(limit),
        valid_until_ms=NOW_MS + 1000,
        sequence=1,
    )
    return replace(made, **changed)


def figures(reports: list[Report]) -> list[tuple[Decimal, Decimal, Decimal]]:
    fills = [report for report in reports if isinstance(report, Fill)]
    return [(fill.quantity, fill.price, fill.fee) for fill in fills]


@pytest.mark.parametrize(("side", "price"), [("buy", "101"), ("sell", "99")])
def test_an_order_fills_at_the_other_side_of_the_quote(side: str, price: str) -> None:
    venue = PaperVenue(OneMarket(), Terms(fee_ratio=Decimal("0.001")))

    venue.place(ticket(side=side), NOW_MS)
    reports = venue.reports(NOW_MS)

    # A thousandth of 2 x 101 and 2 x 99.
    fee = {"101": "0.202", "99": "0.198"}[price]
    assert figures(reports) == [(Decimal(2), Decimal(price), Decimal(fee))]
    assert statuses(reports) == ["filled"]


def test_the_fee_is_of_the_value_when_a_contract_is_inverse() -> None:
    market = OneMarket("50", "50", kind="inverse", multiplier=Decimal(100))
    venue = PaperVenue(market, Terms(fee_ratio=Decimal("0.001")))

    venue.place(ticket(), NOW_MS)

    # Two contracts of 100 USD at 50 USD are worth 4 coins.
    assert figures(venue.reports(NOW_MS)) == [(Decimal(2), Decimal(50), Decimal("0.004"))]


@pytest.mark.parametrize(("limit", "filled"), [("100", []), ("101", ["101"]), ("102", ["101"])])
def test_a_limit_order_fills_when_the_quote_reaches_it(limit: str, filled: list[str]) -> None:
    venue = PaperVenue(OneMarket(), Terms())

    venue.place(ticket(limit=limit), NOW_MS)

    assert [price for _, price, _ in figures(venue.reports(NOW_MS))] == [*map(Decimal, filled)]
    assert venue.working == (not filled)


def test_an_order_waits_when_there_is_no_quote() -> None:
    market = OneMarket()
    venue = PaperVenue(market, Terms())
    market.sides = None

    venue.place(ticket(), NOW_MS)

    assert venue.reports(NOW_MS + 10**9) == []
    market.sides = Sides(Decimal(1), Decimal(2))
    assert statuses(venue.reports(NOW_MS + 10**9)) == ["filled"]


def test_an_order_waits_for_its_latency_when_it_is_placed() -> None:
    venue = PaperVenue(OneMarket(), Terms(latency_ms=(50, 50)))

    venue.place(ticket(), NOW_MS)

    assert venue.reports(NOW_MS + 49) == []
    assert statuses(venue.reports(NOW_MS + 50)) == ["filled"]


def test_accounts_may_use_one_id_when_both_place_it() -> None:
    venue = PaperVenue(OneMarket(), Terms())

    venue.place(ticket(), NOW_MS)
    venue.place(ticket(account_id="other"), NOW_MS)

    assert sorted(report.account_id for report in venue.reports(NOW_MS)) == [
        "acct", "acct", "other", "other",
    ]  # fmt: skip


def test_only_what_is_left_is_filled_when_an_order_is_resumed() -> None:
    venue = PaperVenue(OneMarket(), Terms())

    venue.resume(ticket("5"), NOW_MS, filled=Decimal(3), number=2)
    fill, ended = venue.reports(NOW_MS)

    assert isinstance(fill, Fill)
    assert (fill.quantity, fill.fill_id) == (Decimal(2), "paper:s1:3")
    assert (statuses([ended]), ended.filled_quantity) == (["filled"], Decimal(5))  # type: ignore[union-attr]


def test_an_order_ends_without_a_fill_when_it_was_filled_before() -> None:
    venue = PaperVenue(OneMarket(), Terms())

    venue.resume(ticket(), NOW_MS, filled=Decimal(2), number=1)

    assert statuses(venue.reports(NOW_MS)) == ["filled"]


def test_ids_fit_the_contract_when_an_exit_id_is_long() -> None:
    venue = PaperVenue(OneMarket(), Terms())

    order = venue.place(ticket(client_id=f"{'a' * 140}:7:1", is_exit=True), NOW_MS)
    fill, _ = venue.reports(NOW_MS)

    assert isinstance(fill, Fill)
    assert len(fill.fill_id) <= 128
    assert fill.order_id == order.order_id
    assert order.order_id.endswith(":7:1")


@pytest.mark.parametrize(
    ("prices", "sides"),
    [
        ({"bid": 1, "ask": 3, "mark": 2}, (1, 3)),
        ({"mark": 2, "last": 9}, (2, 2)),
        ({"bid": 1, "last": 9}, (1, 9)),
        ({"bid": 1, "ask": 0, "last": 2}, (1, 2)),
        ({"bid": 1}, None),
    ],
)
def test_a_side_without_a_price_takes_the_mark_or_the_last(
    prices: dict[str, int], sides: tuple[int, int] | None
) -> None:
    exact = {name: Decimal(value) for name, value in prices.items()}

    found = sides_of(Price(symbol="X", as_of_ms=1, **exact))

    assert found == (None if sides is None else Sides(*map(Decimal, sides)))


def test_prices_below_zero_are_real_when_the_contract_says_so() -> None:
    price = Price(symbol="WTI", last=Decimal(-37), as_of_ms=1)

    assert (sides_of(price), sides_of(price, negative=True)) == (
        None,
        Sides(Decimal(-37), Decimal(-37)),
    )
