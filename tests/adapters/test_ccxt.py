"""ccxt itself at an exchange on this machine: the contract, money, doubt and restarts."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest
from msgspec.structs import replace

from riskgate import Engine, Ticket
from riskgate.adapters.ccxt import CcxtVenue, Login, instruments, prices
from riskgate.conformance.check import check
from riskgate.conformance.play import Terms
from riskgate.conformance.stage import InProcess
from tests.adapters.exchange import NOW_MS, Exchange
from topics import fills, orders
from topics.accounts import CashFlow

TICKET = Ticket(
    client_id="momentum:1", account_id="acct", symbol="BTC/USDT", side="buy",
    quantity=Decimal("0.5"), valid_until_ms=NOW_MS + 2000, sequence=1,
)  # fmt: skip


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange() as exchange:
        yield exchange


def login(exchange: Exchange, key: str = "key") -> Login:
    client = ccxt.binance(
        {
            "apiKey": key, "secret": "secret", "enableRateLimit": False,
            "options": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False},
        }
    )  # fmt: skip
    client.urls["api"] = dict.fromkeys(("public", "private", "sapi"), f"{exchange.url}/api/v3")
    return Login(client, "USDT")


def venue(exchange: Exchange, journal: Path | None = None) -> CcxtVenue:
    return CcxtVenue({"acct": login(exchange)}, ["BTC/USDT"], journal=journal)


def shown(reports: list[Any]) -> list[tuple[object, ...]]:
    return [
        (each.signal_id, each.quantity, each.price, each.fee, each.fee_currency)
        if isinstance(each, fills.Fill)
        else (each.signal_id, each.status, each.filled_quantity)
        for each in reports
    ]


HALF = ("momentum:1", Decimal("0.25"), Decimal(100), Decimal("0.025"), "USDT")
WHOLE = ("momentum:1", "filled", Decimal("0.5"))


class AnyAccount(dict[str, Login]):
    """A login for every account that somebody asks for."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self._exchange = exchange
        self._markets = login(exchange).exchange.load_markets()

    def get(self, account_id: str, default: object = None) -> Login:
        if account_id not in self:
            self[account_id] = login(self._exchange, account_id)
            self[account_id].exchange.set_markets(self._markets)
        return self[account_id]


def test_venue_keeps_every_clause_of_the_contract_when_it_is_checked(exchange: Exchange) -> None:
    made = CcxtVenue(AnyAccount(exchange), ["BTC/USDT"])
    terms = Terms(symbol="BTC/USDT", quantity=Decimal("0.5"), price=Decimal(100))
    stage = InProcess(Engine(made))
    exchange.clock = stage.now_ms

    found = list(check(stage, terms))

    assert [(each.clause.name, each.broken) for each in found if each.broken] == []
    assert [each.unseen for each in found if each.unseen] == []


def test_trades_are_reported_before_the_status_when_an_order_is_filled(exchange: Exchange) -> None:
    made = venue(exchange)

    placed = made.place(TICKET, NOW_MS)

    assert shown([placed, *made.reports(NOW_MS)]) == [
        ("momentum:1", "accepted", Decimal(0)), HALF, HALF, WHOLE,
    ]  # fmt: skip
    assert made.reports(NOW_MS + 60_000) == []


def test_status_waits_for_its_trades_when_they_are_listed_late(exchange: Exchange) -> None:
    made = venue(exchange)
    made.place(TICKET, NOW_MS)
    exchange.hidden_trades = 2

    assert made.reports(NOW_MS) == []
    assert shown(made.reports(NOW_MS + 1000)) == [HALF, HALF, WHOLE]


def test_order_is_rejected_when_the_exchange_refuses_it(exchange: Exchange) -> None:
    made = venue(exchange)
    exchange.poor = True

    assert shown([made.place(TICKET, NOW_MS)]) == [("momentum:1", "rejected", Decimal(0))]
    exchange.poor = False
    assert made.place(TICKET, NOW_MS).status == "rejected"
    assert exchange.orders == []


def test_order_is_rejected_when_it_is_no_whole_lot(exchange: Exchange) -> None:
    made = venue(exchange)

    placed = made.place(replace(TICKET, quantity=Decimal("0.000015")), NOW_MS)

    assert placed.status == "rejected"
    assert exchange.orders == []


def test_exit_is_cut_to_whole_lots_when_its_quantity_is_none(exchange: Exchange) -> None:
    made = venue(exchange)

    made.place(replace(TICKET, quantity=Decimal("0.000025"), is_exit=True, side="sell"), NOW_MS)
    reports = made.reports(NOW_MS)

    assert exchange.orders[0]["origQty"] == "0.00002"
    assert shown(reports)[-1] == ("momentum:1", "cancelled", Decimal("0.00002"))


def test_order_is_found_when_the_answer_to_it_was_lost(exchange: Exchange) -> None:
    made = venue(exchange)
    exchange.lost_answers = 1

    assert made.place(TICKET, NOW_MS).status == "accepted"
    assert len(exchange.orders) == 1


def test_engine_ends_when_nobody_knows_whether_an_order_arrived() -> None:
    with Exchange() as gone:
        made = venue(gone)
        made.place(replace(TICKET, client_id="before"), NOW_MS)  # The markets are loaded.

    with pytest.raises(ccxt.NetworkError):
        made.place(TICKET, NOW_MS)


def test_resting_order_is_reported_when_the_venue_was_restarted(
    exchange: Exchange, tmp_path: Path
) -> None:
    first = venue(exchange, tmp_path / "journal.db")
    first.place(replace(TICKET, limit_price=Decimal(90)), NOW_MS)
    assert first.reports(NOW_MS) == []

    again = venue(exchange, tmp_path / "journal.db")
    exchange.orders[0] |= {"status": "FILLED", "executedQty": "0.5"}
    exchange._trade(exchange.orders[0], Decimal("0.5"))
    reports = again.reports(NOW_MS + 1000)

    assert [each.signal_id for each in reports] == ["momentum:1", "momentum:1"]
    assert again.find(TICKET, NOW_MS) == reports[-1]


def test_order_is_sent_once_when_the_venue_crashed_while_sending(
    exchange: Exchange, tmp_path: Path
) -> None:
    venue(exchange, tmp_path / "journal.db").place(TICKET, NOW_MS)
    again = venue(exchange, tmp_path / "journal.db")
    again._journal._write("update orders set order_id = null")

    placed = again.place(TICKET, NOW_MS)

    assert (placed.status, placed.order_id, len(exchange.orders)) == ("accepted", "1", 1)


def test_entries_are_cancelled_and_exits_stay_when_an_account_stops(exchange: Exchange) -> None:
    made = venue(exchange)
    made.place(replace(TICKET, limit_price=Decimal(90)), NOW_MS)
    made.place(replace(TICKET, client_id="x", limit_price=Decimal(80), is_exit=True), NOW_MS)

    reports = made.cancel_all("acct", NOW_MS)

    assert shown(reports) == [("momentum:1", "cancelled", Decimal(0))]
    assert [each["status"] for each in exchange.orders] == ["CANCELED", "NEW"]


def test_trade_names_no_decision_when_somebody_traded_by_hand(exchange: Exchange) -> None:
    made = venue(exchange)
    made.reports(NOW_MS)
    exchange.trade_by_hand()

    (fill,) = made.reports(NOW_MS + 30_000)

    assert isinstance(fill, fills.Fill)
    assert (fill.signal_id, fill.order_id, fill.side) == (None, "9000001", "sell")


def test_cash_is_that_of_the_exchange_when_no_order_works(exchange: Exchange) -> None:
    made = venue(exchange)

    (cash,) = made.snapshots("acct", NOW_MS)

    assert isinstance(cash, CashFlow)
    assert (cash.kind, cash.currency, cash.amount) == ("snapshot", "USDT", Decimal("1000.00000001"))
    made.place(replace(TICKET, limit_price=Decimal(90)), NOW_MS)
    assert made.snapshots("acct", NOW_MS) == []


def test_quotes_and_contracts_are_exact_when_the_exchange_names_them(exchange: Exchange) -> None:
    client = login(exchange).exchange

    (price,) = prices(client, ["BTC/USDT"], NOW_MS)
    (instrument,) = instruments(client, ["BTC/USDT"])

    assert (price.bid, price.ask, price.last) == (
        Decimal("99.99"), Decimal("100.01"), Decimal("100.00000001"),
    )  # fmt: skip
    assert (instrument.tick_size, instrument.lot_size) == (Decimal("0.01"), Decimal("0.00001"))
    assert (instrument.min_notional, instrument.settlement_currency) == (Decimal(5), "USDT")


def test_account_without_a_login_is_rejected_when_it_trades(exchange: Exchange) -> None:
    placed = venue(exchange).place(replace(TICKET, account_id="other"), NOW_MS)

    assert (placed.status, exchange.orders) == ("rejected", [])
    assert isinstance(placed, orders.Order)


def test_every_digit_is_kept_when_ccxt_reads_numbers_as_text(exchange: Exchange) -> None:
    client = login(exchange).exchange
    client.number = str
    exchange.last = "100.000000000000000001"

    (price,) = prices(client, ["BTC/USDT"], NOW_MS)
    placed = CcxtVenue({"acct": Login(client, "USDT")}, ["BTC/USDT"]).place(TICKET, NOW_MS)

    assert price.last == Decimal("100.000000000000000001")
    assert placed.status == "accepted"
