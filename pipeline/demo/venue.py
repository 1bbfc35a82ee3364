"""A paper exchange: it accepts or rejects orders and fills them in parts, with slippage and fees.

What happens to an order depends only on its client id and the quotes, so runs are repeatable.
"""

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from random import Random
from typing import TypeAlias

from msgspec import Struct

from pipeline.demo.engine_protocol import Status, Ticket
from pipeline.demo.market import INSTRUMENTS, TICK, Quote
from topics.fills import Fill
from topics.orders import Order

__all__ = ["ExecutionReport", "Venue"]

SEED = "paper venue 1"
REFUSED_SHARE = 0.02
CUT_SHORT_SHARE = 0.05  # Of the orders: cancelled after a first partial fill.
PIECES_MAX = 3
PIECE_MS = (5, 60)  # Time to the first fill and between two.
LIMIT_ORDER_MS_MAX = 1500  # A limit order that rests longer is cancelled.
SLIPPAGE_RATIO_MAX = 0.0003
FEE_RATIO = Decimal("0.0002")
CENT = Decimal("0.01")

ExecutionReport: TypeAlias = Order | Fill


class _Working(Struct):
    ticket: Ticket
    random: Random
    pieces: list[Decimal]  # What is left to fill, in order.
    due_ms: int
    cancel_ms: int | None
    filled: Decimal = Decimal(0)
    number: int = 0


class Venue:
    """Fill working orders at current quotes."""

    def __init__(self) -> None:
        self._working: dict[str, _Working] = {}

    @property
    def working(self) -> int:
        """The number of orders that are neither filled nor cancelled."""
        return len(self._working)

    def place(self, ticket: Ticket, now_ms: int) -> Order:
        """Accept or reject an order; a repeated client id is accepted again but works once."""
        random = Random(f"{SEED} {ticket.client_id}")
        if ticket.client_id in self._working:
            return ticket.answer("accepted", now_ms)
        if not ticket.is_exit and random.random() < REFUSED_SHARE:
            return ticket.answer("rejected", now_ms)
        resting = ticket.limit_price is not None
        self._working[ticket.client_id] = _Working(
            ticket=ticket,
            random=random,
            pieces=_pieces(ticket, random),
            due_ms=now_ms + random.randint(*PIECE_MS),
            cancel_ms=now_ms + LIMIT_ORDER_MS_MAX if resting else None,
        )
        return ticket.answer("accepted", now_ms)

    def cancel_all(self, account_id: str, now_ms: int) -> list[ExecutionReport]:
        """Cancel an account's working orders except exits."""
        orders = [
            order
            for order in self._working.values()
            if order.ticket.account_id == account_id and not order.ticket.is_exit
        ]
        return [self._end(order, "cancelled", now_ms) for order in orders]

    def work(self, quotes: Mapping[str, Quote], now_ms: int) -> list[ExecutionReport]:
        """Fill due orders that the quotes allow; cancel limit orders that rested too long."""
        reports: list[ExecutionReport] = []
        for order in list(self._working.values()):
            reports += self._work(order, quotes[order.ticket.symbol], now_ms)
        return reports

    def _work(self, order: _Working, quote: Quote, now_ms: int) -> list[ExecutionReport]:
        price = _price(order, quote) if now_ms >= order.due_ms else None
        if price is None:
            late = order.cancel_ms is not None and now_ms >= order.cancel_ms
            return [self._end(order, "cancelled", now_ms)] if late else []
        fill = _fill(order, price, now_ms)
        order.due_ms = now_ms + order.random.randint(*PIECE_MS)
        if not order.pieces:
            done = order.filled == order.ticket.quantity
            return [fill, self._end(order, "filled" if done else "cancelled", now_ms)]
        return [fill]

    def _end(self, order: _Working, status: Status, now_ms: int) -> Order:
        del self._working[order.ticket.client_id]
        return order.ticket.answer(status, now_ms, order.filled)


def _pieces(ticket: Ticket, random: Random) -> list[Decimal]:
    """Split a quantity into whole lots; an order that is cut short gets only the first part."""
    lot = INSTRUMENTS[ticket.symbol].lot_size
    count = random.randint(1, PIECES_MAX)
    piece = (ticket.quantity / count / lot).quantize(Decimal(1), ROUND_DOWN) * lot
    if piece <= 0 or count == 1:
        return [ticket.quantity]
    if not ticket.is_exit and random.random() < CUT_SHORT_SHARE:
        return [piece]
    return [*[piece] * (count - 1), ticket.quantity - piece * (count - 1)]


def _price(order: _Working, quote: Quote) -> Decimal | None:
    """Return the price at which the order would fill, None when its limit forbids it."""
    buys = order.ticket.side == "buy"
    best = quote.ask if buys else quote.bid
    limit = order.ticket.limit_price
    slippage = Decimal(order.random.uniform(0, SLIPPAGE_RATIO_MAX))
    worse = (best * (1 + slippage if buys else 1 - slippage)).quantize(TICK, ROUND_HALF_EVEN)
    if limit is None:
        return worse
    if best > limit if buys else best < limit:
        return None
    return min(worse, limit) if buys else max(worse, limit)


def _fill(order: _Working, price: Decimal, now_ms: int) -> Fill:
    quantity = order.pieces.pop(0)
    order.filled += quantity
    order.number += 1
    ticket = order.ticket
    return Fill(
        account_id=ticket.account_id,
        fill_id=f"paper:{ticket.client_id}:{order.number}",
        order_id=f"paper:{ticket.client_id}",
        signal_id=ticket.client_id,
        symbol=ticket.symbol,
        side=ticket.side,
        quantity=quantity,
        price=price,
        fee=(quantity * price * FEE_RATIO).quantize(CENT, ROUND_HALF_EVEN),
        executed_at_ms=now_ms,
    )
