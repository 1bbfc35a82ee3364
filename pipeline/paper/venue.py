"""A paper exchange: it accepts or rejects orders and fills them, as its terms say.

What happens to an order depends only on its client id and the quotes, so runs are repeatable. It
keeps no books: positions and cash are whatever follows from its fills.
"""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from random import Random
from typing import TypeAlias

from msgspec import Struct

from pipeline.paper.terms import Market, Quote, Terms
from riskgate.engine_protocol import ID_LENGTH_MAX, Status, Ticket
from riskgate.venue import Report, Snapshot
from topics.fills import Fill
from topics.instruments import Instrument
from topics.orders import Order

__all__ = ["Name", "PaperVenue"]

SEED = "paper venue 1"
PRICE_STEP = Decimal("0.00000001")  # Of a price with slippage, where the tick is not known.
NUMBER_LENGTH_MAX = 8  # Of a fill's number, in its id.

Name: TypeAlias = tuple[str, str]  # Account and client id, which is unique per account.


class _Working(Struct):
    ticket: Ticket
    random: Random
    pieces: list[Decimal]  # What is left to fill, in order.
    due_ms: int
    cancel_ms: int | None
    filled: Decimal = Decimal(0)
    number: int = 0  # Of fills so far.


class PaperVenue:
    """Fill working orders at current quotes; a `riskgate.Venue`."""

    def __init__(self, market: Market, terms: Terms) -> None:
        self._market = market
        self._terms = terms
        self._working: dict[Name, _Working] = {}
        self._ended: dict[Name, Order] = {}

    @property
    def working(self) -> int:
        """The number of orders that are neither filled nor cancelled."""
        return len(self._working)

    def place(self, ticket: Ticket, now_ms: int) -> Order:
        """Accept or reject an order; a repeated client id is accepted again but works once."""
        random = Random(f"{SEED} {ticket.client_id}")
        known = self.find(ticket, now_ms)
        if known is not None:
            return known
        if not ticket.is_exit and random.random() < self._terms.rejected_share:
            return self._keep(ticket, self._answer(ticket, "rejected", now_ms))
        self._working[_name(ticket)] = self._order(ticket, random, now_ms)
        return self._answer(ticket, "accepted", now_ms)

    def find(self, ticket: Ticket, now_ms: int) -> Order | None:
        """Return the status of the order that has this client id, None if there is none."""
        if _name(ticket) in self._working:
            return self._answer(ticket, "accepted", now_ms)
        return self._ended.get(_name(ticket))

    def resume(self, ticket: Ticket, now_ms: int, *, filled: Decimal, number: int) -> None:
        """Work an order on that a venue before this one accepted and filled in part.

        number: of its fills so far. What is left is filled in one piece.
        """
        order = self._order(ticket, Random(f"{SEED} {ticket.client_id}"), now_ms)
        left = ticket.quantity - filled
        order.pieces = [left] if left > 0 else []
        order.filled, order.number = filled, number
        self._working[_name(ticket)] = order

    def remember(self, order: Order) -> None:
        """Learn the final status of an order that a venue before this one reported."""
        self._ended[order.account_id, order.signal_id] = order

    def cancel_all(self, account_id: str, now_ms: int) -> list[Report]:
        """Cancel an account's working orders except exits."""
        orders = [
            order
            for order in self._working.values()
            if order.ticket.account_id == account_id and not order.ticket.is_exit
        ]
        return [self._end(order, "cancelled", now_ms) for order in orders]

    def reports(self, now_ms: int) -> list[Report]:
        """Fill due orders that the quotes allow; cancel limit orders that rested too long."""
        reports: list[Report] = []
        for order in list(self._working.values()):
            reports += self._work(order, now_ms)
        return reports

    def snapshots(self, account_id: str, now_ms: int) -> list[Snapshot]:  # noqa: ARG002
        """Return nothing: the venue keeps no books that could differ from riskgate's."""
        return []

    def _order(self, ticket: Ticket, random: Random, now_ms: int) -> _Working:
        resting = self._terms.resting_ms_max if ticket.limit_price is not None else None
        return _Working(
            ticket=ticket,
            random=random,
            pieces=self._pieces(ticket, random),
            due_ms=now_ms + random.randint(*self._terms.latency_ms),
            cancel_ms=None if resting is None else now_ms + resting,
        )

    def _work(self, order: _Working, now_ms: int) -> list[Report]:
        if not order.pieces:  # A venue before this one filled it and could not say so.
            return [self._end(order, "filled", now_ms)]
        quote = self._market.quote(order.ticket.symbol, now_ms)
        price = self._price(order, quote) if quote and now_ms >= order.due_ms else None
        if price is None:
            late = order.cancel_ms is not None and now_ms >= order.cancel_ms
            return [self._end(order, "cancelled", now_ms)] if late else []
        fill = self._fill(order, price, now_ms)
        order.due_ms = now_ms + order.random.randint(*self._terms.latency_ms)
        if not order.pieces:
            done = order.filled == order.ticket.quantity
            return [fill, self._end(order, "filled" if done else "cancelled", now_ms)]
        return [fill]

    def _end(self, order: _Working, status: Status, now_ms: int) -> Order:
        del self._working[_name(order.ticket)]
        answer = self._answer(order.ticket, status, now_ms, filled=order.filled)
        return self._keep(order.ticket, answer)

    def _keep(self, ticket: Ticket, order: Order) -> Order:
        self._ended[_name(ticket)] = order
        return order

    def _answer(
        self, ticket: Ticket, status: Status, now_ms: int, *, filled: Decimal = Decimal(0)
    ) -> Order:
        return ticket.answer(status, now_ms, filled, order_id=self._order_id(ticket))

    def _order_id(self, ticket: Ticket) -> str:
        start = f"{self._terms.name}:"
        # Of a long one the end, which no other order of the account has.
        return start + ticket.client_id[-(ID_LENGTH_MAX - len(start) - NUMBER_LENGTH_MAX) :]

    def _pieces(self, ticket: Ticket, random: Random) -> list[Decimal]:
        """Split a quantity into whole lots; an order that is cut short gets only the first part."""
        known = self._market.instrument(ticket.symbol)
        lot = known.lot_size if known else ticket.quantity  # Whole, where the lot is not known.
        count = random.randint(1, self._terms.pieces_max)
        piece = (ticket.quantity / count / lot).quantize(Decimal(1), ROUND_DOWN) * lot
        if piece <= 0 or count == 1:
            return [ticket.quantity]
        if not ticket.is_exit and random.random() < self._terms.cut_short_share:
            return [piece]
        return [*[piece] * (count - 1), ticket.quantity - piece * (count - 1)]

    def _price(self, order: _Working, quote: Quote) -> Decimal | None:
        """Return the price at which the order would fill, None when its limit forbids it."""
        buys = order.ticket.side == "buy"
        best = quote.ask if buys else quote.bid
        limit = order.ticket.limit_price
        worse = self._with_slippage(order, best, buys=buys)
        if limit is None:
            return worse
        if best > limit if buys else best < limit:
            return None
        return min(worse, limit) if buys else max(worse, limit)

    def _with_slippage(self, order: _Working, best: Decimal, *, buys: bool) -> Decimal:
        most = self._terms.slippage_ratio_max
        if not most:
            return best
        known = self._market.instrument(order.ticket.symbol)
        slippage = Decimal(order.random.uniform(0, float(most)))
        worse = best * (1 + slippage if buys else 1 - slippage)
        return worse.quantize(known.tick_size if known else PRICE_STEP, ROUND_HALF_EVEN)

    def _fill(self, order: _Working, price: Decimal, now_ms: int) -> Fill:
        quantity = order.pieces.pop(0)
        order.filled += quantity
        order.number += 1
        ticket = order.ticket
        order_id = self._order_id(ticket)
        notional = _notional(self._market.instrument(ticket.symbol), quantity, price)
        return Fill(
            account_id=ticket.account_id,
            fill_id=f"{order_id}:{order.number}",
            order_id=order_id,
            signal_id=ticket.client_id,
            symbol=ticket.symbol,
            side=ticket.side,
            quantity=quantity,
            price=price,
            fee=(notional * self._terms.fee_ratio).quantize(self._terms.fee_step, ROUND_HALF_EVEN),
            executed_at_ms=now_ms,
        )


def _name(ticket: Ticket) -> Name:
    return ticket.account_id, ticket.client_id


def _notional(instrument: Instrument | None, quantity: Decimal, price: Decimal) -> Decimal:
    """Return what is traded in the settlement currency, unsigned."""
    if instrument is None:
        return quantity * abs(price)
    if instrument.kind == "inverse":
        return quantity * instrument.multiplier / price
    return quantity * instrument.multiplier * abs(price)
