"""An exchange of ccxt as a venue of riskgate's Engine: docs/adapters/ccxt.md.

One login trades for one account. Requests are made one after the other from the engine's thread.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import ccxt
from msgspec import Struct

from riskgate.adapters.ccxt_messages import (
    cash_of,
    exact,
    fill_of,
    instrument_of,
    is_contract,
    position_of,
    price_of,
)
from riskgate.adapters.ids import event_id, short_id
from riskgate.adapters.journal import Journal, OpenOrder
from riskgate.engine_protocol import Status, Ticket
from riskgate.messages import Price
from riskgate.venue import Report, Snapshot
from topics.fills import Fill
from topics.instruments import Instrument
from topics.orders import Order

__all__ = ["CcxtVenue", "Login", "Pace", "instruments", "prices"]

logger = logging.getLogger(__name__)

# The exchange answered no. What else it says, or that it says nothing, may mean anything.
REFUSALS = (
    ccxt.BadRequest, ccxt.InsufficientFunds, ccxt.InvalidOrder, ccxt.NotSupported,
    ccxt.OperationRejected,
)  # fmt: skip
ENDED = {"closed", "canceled", "expired", "rejected"}
# A trade may be listed a moment after the status that counts it.
LATE_POLLS_MAX = 10
NEVER_ARRIVED_MS = 60_000  # After its validity, an unknown order does not come any more.
OVERLAP_MS = 60_000  # Trades are asked for again from so long before the newest one.


class Pace(Struct, frozen=True, kw_only=True):
    """How often the exchange is asked; each question counts against its rate limit."""

    orders_ms: int = 1000  # While an order works.
    trades_ms: int = 30_000  # For trades that riskgate knows nothing of.


class Login(NamedTuple):
    """An exchange of ccxt with the keys of one account."""

    exchange: Any  # Of ccxt, which has no types.
    currency: str  # In which its cash is counted.


class CcxtVenue:
    """Place orders at an exchange; a `riskgate.Venue`.

    logins: by account, each for the account alone. symbols: the markets that are traded, as ccxt
    and riskgate both call them. journal: a file that survives a restart; without it, orders that
    rest then are forgotten.
    """

    pace = Pace()  # Set it on an instance before it works.

    def __init__(
        self,
        logins: Mapping[str, Login],
        symbols: Sequence[str],
        *,
        journal: Path | None = None,
    ) -> None:
        self._logins = logins
        self._symbols = symbols
        self._journal = Journal(journal)
        self._next_ms = {"orders": 0, "trades": 0}
        self._seen: set[tuple[str, str, str, str]] = set()  # Account, symbol, side and trade.
        self._filled: dict[tuple[str, str], Decimal] = {}  # By account and order, as reported.
        self._late: dict[tuple[str, str], int] = {}  # Polls that an order waits for its trades.

    def place(self, ticket: Ticket, now_ms: int) -> Order:
        """Send an order; `rejected` if the exchange refuses it.

        Raise ccxt's NetworkError when nobody knows whether it arrived.
        """
        login = self._logins.get(ticket.account_id)
        if login is None:
            logger.error("account %s has no login at this venue", ticket.account_id)
            return ticket.answer("rejected", now_ms)
        known = self.find(ticket, now_ms)
        if known is not None:
            return known
        self._journal.sent(ticket)
        try:
            sent = self._create(login.exchange, ticket)
        except ccxt.BaseError as error:
            return self._failed(ticket, error, now_ms)
        return self._accept(ticket, event_id(sent["id"]), now_ms)

    def find(self, ticket: Ticket, now_ms: int) -> Order | None:
        """Return the status of the order that was placed for a ticket, None if none was."""
        final = self._journal.final(ticket)
        if final is not None:
            return final
        for order in self._journal.open_orders():
            if (order.ticket.account_id, order.ticket.client_id) == _name(ticket):
                found = order.order_id or self._look_up(ticket)
                return self._accept(ticket, found, now_ms) if found else None
        return None

    def cancel_all(self, account_id: str, now_ms: int) -> list[Report]:
        """Cancel the account's working orders except exits; `reports` says what became of them."""
        for order in self._journal.open_orders():
            if order.ticket.account_id == account_id and not order.ticket.is_exit:
                self._cancel(order)
        self._next_ms["orders"] = 0
        return self.reports(now_ms)

    def reports(self, now_ms: int) -> list[Report]:
        """Return new fills, then the orders that ended."""
        reports: list[Report] = []
        open_orders = self._journal.open_orders()
        if open_orders and now_ms >= self._next_ms["orders"]:
            self._next_ms["orders"] = now_ms + self.pace.orders_ms
            traded = {(each.ticket.account_id, each.ticket.symbol) for each in open_orders}
            reports += [fill for place in sorted(traded) for fill in self._fills(*place, now_ms)]
            reports += [each for order in open_orders for each in self._ended(order, now_ms)]
        if now_ms >= self._next_ms["trades"]:
            self._next_ms["trades"] = now_ms + self.pace.trades_ms
            every = [(account, symbol) for account in self._logins for symbol in self._symbols]
            reports += [fill for place in every for fill in self._fills(*place, now_ms)]
        return reports

    def snapshots(self, account_id: str, now_ms: int) -> list[Snapshot]:
        """Return positions in contracts, or the cash of an account that trades coins.

        An exchange does not say at which price coins were bought, and what it counts as cash of a
        margin account differs.
        """
        login = self._logins.get(account_id)
        if login is None or any(
            order.ticket.account_id == account_id for order in self._journal.open_orders()
        ):
            return []
        exchange = login.exchange
        exchange.load_markets()
        contracts = [name for name in self._symbols if is_contract(exchange.market(name))]
        if not contracts:
            balance = exchange.fetch_balance()
            return [cash_of(balance, login.currency, account_id=account_id, now_ms=now_ms)]
        return [
            position_of(each, account_id=account_id, now_ms=now_ms)
            for each in exchange.fetch_positions(contracts)
            if each["symbol"] in contracts
        ]

    def _create(self, exchange: Any, ticket: Ticket) -> Mapping[str, Any]:
        exchange.load_markets()
        amount = exchange.amount_to_precision(ticket.symbol, str(ticket.quantity))
        if exact(amount) != ticket.quantity and not ticket.is_exit:
            raise ccxt.InvalidOrder(
                f"{ticket.quantity} {ticket.symbol} is no whole lot; correct its instrument"
            )
        limit = ticket.limit_price
        price = None if limit is None else exchange.price_to_precision(ticket.symbol, str(limit))
        more: dict[str, object] = {"clientOrderId": _client_order_id(ticket)}
        if ticket.is_exit and is_contract(exchange.market(ticket.symbol)):
            more["reduceOnly"] = True
        sent: Mapping[str, Any] = exchange.create_order(
            ticket.symbol, "market" if price is None else "limit", ticket.side, amount, price, more
        )
        return sent

    def _failed(self, ticket: Ticket, error: ccxt.BaseError, now_ms: int) -> Order:
        """Find out what became of an order whose sending raised an error."""
        found = self._look_up(ticket)
        if found is not None:
            return self._accept(ticket, found, now_ms)
        if not isinstance(error, REFUSALS):
            raise error
        logger.warning("%s was rejected by the exchange (%s)", ticket.client_id, error)
        return self._close(ticket, ticket.answer("rejected", now_ms))

    def _accept(self, ticket: Ticket, order_id: str, now_ms: int) -> Order:
        self._journal.arrived(ticket, order_id)
        return ticket.answer("accepted", now_ms, order_id=order_id)

    def _look_up(self, ticket: Ticket) -> str | None:
        """Return the exchange's id of an order, None if it has none of this client order id."""
        exchange = self._logins[ticket.account_id].exchange
        try:
            found = exchange.fetch_order_with_client_order_id(
                _client_order_id(ticket), ticket.symbol
            )
        except ccxt.OrderNotFound:
            return None
        return event_id(found["id"])

    def _cancel(self, order: OpenOrder) -> None:
        exchange = self._logins[order.ticket.account_id].exchange
        order_id = order.order_id or self._look_up(order.ticket)
        if order_id is not None:
            try:
                exchange.cancel_order(order_id, order.ticket.symbol)
            except ccxt.OrderNotFound:  # It ended meanwhile, which `reports` finds.
                logger.info("order %s had ended before it was cancelled", order_id)

    def _fills(self, account_id: str, symbol: str, now_ms: int) -> Iterator[Fill]:
        """Yield the trades that were not reported yet, by riskgate's orders or by others."""
        cursor = f"{account_id} {symbol}"
        since_ms = self._journal.cursor(cursor)
        if since_ms is None:
            since_ms = now_ms - OVERLAP_MS
            self._journal.move(cursor, since_ms)
        trades = self._logins[account_id].exchange.fetch_my_trades(symbol, since_ms - OVERLAP_MS)
        for trade in sorted(trades, key=lambda each: each["timestamp"] or now_ms):
            name = (account_id, symbol, trade["side"], str(trade["id"]))
            if name in self._seen:
                continue
            self._seen.add(name)
            fill = self._fill(trade, account_id, now_ms)
            self._journal.move(cursor, max(since_ms, fill.executed_at_ms))
            yield fill

    def _fill(self, trade: Mapping[str, Any], account_id: str, now_ms: int) -> Fill:
        ticket = self._journal.ticket_of(account_id, event_id(trade["order"]))
        fill = fill_of(
            trade,
            account_id=account_id,
            signal_id=None if ticket is None else ticket.client_id,
            now_ms=now_ms,
        )
        place = (account_id, fill.order_id)
        self._filled[place] = self._filled.get(place, Decimal(0)) + fill.quantity
        return fill

    def _ended(self, order: OpenOrder, now_ms: int) -> Iterator[Order]:
        """Yield the final status of an order, if it ended and its trades were reported."""
        ticket = order.ticket
        order_id = order.order_id or self._look_up(ticket)
        if order_id is None:
            if now_ms > ticket.valid_until_ms + NEVER_ARRIVED_MS:
                yield self._close(ticket, ticket.answer("expired", now_ms))
            return
        found = self._logins[ticket.account_id].exchange.fetch_order(order_id, ticket.symbol)
        if found["status"] not in ENDED:
            return
        filled, place = exact(found["filled"]) or Decimal(0), (ticket.account_id, order_id)
        self._late[place] = self._late.get(place, 0) + 1
        if self._filled.get(place, Decimal(0)) < filled and self._late[place] <= LATE_POLLS_MAX:
            return
        answer = ticket.answer(_status(found, ticket, filled), now_ms, filled, order_id=order_id)
        self._late.pop(place)
        yield self._close(ticket, answer)

    def _close(self, ticket: Ticket, final: Order) -> Order:
        self._journal.ended(ticket, final)
        return final


def prices(exchange: Any, symbols: Sequence[str], now_ms: int) -> list[Price]:
    """Ask for the tickers of markets and return those that quote something."""
    exchange.load_markets()
    tickers = exchange.fetch_tickers(list(symbols))
    found = [price_of(tickers[name], now_ms) for name in symbols if name in tickers]
    return [price for price in found if price is not None]


def instruments(exchange: Any, symbols: Sequence[str]) -> list[Instrument]:
    """Ask for the contracts of markets, for the topic instruments."""
    exchange.load_markets()
    return [instrument_of(exchange.market(name)) for name in symbols]


def _name(ticket: Ticket) -> tuple[str, str]:
    return ticket.account_id, ticket.client_id


def _client_order_id(ticket: Ticket) -> str:
    return short_id(*_name(ticket))


def _status(found: Mapping[str, Any], ticket: Ticket, filled: Decimal) -> Status:
    if filled >= ticket.quantity:
        return "filled"
    return "rejected" if found["status"] == "rejected" and not filled else "cancelled"
