"""A paper exchange: it accepts or rejects orders and fills them in parts, with slippage and fees.

What happens to an order depends only on its client id and the quotes, so runs are repeatable.
"""

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from random import Random

from msgspec import Struct

from pipeline.demo.market import CURRENCY, INSTRUMENTS, TICK, Quote
from pipeline.demo.venue_accounts import VenueAccounts
from riskgate.engine_protocol import Status, Ticket
from riskgate.venue import Report, Snapshot
from topics.accounts import CashFlow
from topics.fills import Fill
from topics.orders import Order
from topics.positions import PositionSnapshot

__all__ = ["PaperVenue"]

SEED = "paper venue 1"
REFUSED_SHARE = 0.02
CUT_SHORT_SHARE = 0.05  # Of the orders: cancelled after a first partial fill.
PIECES_MAX = 3
PIECE_MS = (5, 60)  # Time to the first fill and between two.
LIMIT_ORDER_MS_MAX = 1500  # A limit order that rests longer is cancelled.
SLIPPAGE_RATIO_MAX = 0.0003
FEE_RATIO = Decimal("0.0002")
CENT = Decimal("0.01")
# Topics are read at their own pace, so a snapshot waits until the fills in it have been read.
QUIET_MS = 2500


class _Working(Struct):
    ticket: Ticket
    random: Random
    pieces: list[Decimal]  # What is left to fill, in order.
    due_ms: int
    cancel_ms: int | None
    filled: Decimal = Decimal(0)
    number: int = 0


class PaperVenue:
    """Fill working orders at current quotes; a `riskgate.Venue`."""

    def __init__(self, accounts: Mapping[str, Decimal]) -> None:
        self.accounts = VenueAccounts(accounts)
        self.quotes: Mapping[str, Quote] = {}  # By symbol; whoever drives the venue sets them.
        self._working: dict[str, _Working] = {}
        self._ended: dict[str, Order] = {}
        self._snapshots = 0

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
        if not ticket.is_exit and random.random() < REFUSED_SHARE:
            return _answer(ticket, "rejected", now_ms)
        resting = ticket.limit_price is not None
        self._working[ticket.client_id] = _Working(
            ticket=ticket,
            random=random,
            pieces=_pieces(ticket, random),
            due_ms=now_ms + random.randint(*PIECE_MS),
            cancel_ms=now_ms + LIMIT_ORDER_MS_MAX if resting else None,
        )
        return _answer(ticket, "accepted", now_ms)

    def find(self, ticket: Ticket, now_ms: int) -> Order | None:
        """Return the status of the order that has this client id, None if there is none."""
        if ticket.client_id in self._working:
            return _answer(ticket, "accepted", now_ms)
        return self._ended.get(ticket.client_id)

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
            quote = self.quotes.get(order.ticket.symbol)
            if quote is not None:
                reports += self._work(order, quote, now_ms)
        return reports

    def snapshots(self, account_id: str, now_ms: int) -> list[Snapshot]:
        """Return snapshots of an account's positions and cash, none soon after a fill.

        Cash is left out while the account is short: venues differ in whether it includes the
        proceeds.
        """
        holdings = self.accounts.holdings(account_id)
        if any(now_ms - holding.filled_at_ms < QUIET_MS for holding in holdings.values()):
            return []
        if any(holding.quantity < 0 for holding in holdings.values()):
            return self._positions(account_id, now_ms)
        self._snapshots += 1
        cash = CashFlow(
            account_id=account_id,
            kind="snapshot",
            flow_id=f"snapshot-{self._snapshots}",
            currency=CURRENCY,
            amount=self.accounts.cash(account_id),
            as_of_ms=now_ms,
        )
        return [*self._positions(account_id, now_ms), cash]

    def _positions(self, account_id: str, now_ms: int) -> list[Snapshot]:
        return [
            PositionSnapshot(
                account_id=account_id,
                symbol=symbol,
                quantity=holding.quantity,
                average_price=holding.average_price,
                as_of_ms=now_ms,
            )
            for symbol, holding in self.accounts.holdings(account_id).items()
        ]

    def _work(self, order: _Working, quote: Quote, now_ms: int) -> list[Report]:
        price = _price(order, quote) if now_ms >= order.due_ms else None
        if price is None:
            late = order.cancel_ms is not None and now_ms >= order.cancel_ms
            return [self._end(order, "cancelled", now_ms)] if late else []
        fill = _fill(order, price, now_ms)
        self.accounts.apply(fill)
        order.due_ms = now_ms + order.random.randint(*PIECE_MS)
        if not order.pieces:
            done = order.filled == order.ticket.quantity
            return [fill, self._end(order, "filled" if done else "cancelled", now_ms)]
        return [fill]

    def _end(self, order: _Working, status: Status, now_ms: int) -> Order:
        client_id = order.ticket.client_id
        del self._working[client_id]
        self._ended[client_id] = _answer(order.ticket, status, now_ms, filled=order.filled)
        return self._ended[client_id]


def _answer(ticket: Ticket, status: Status, now_ms: int, *, filled: Decimal = Decimal(0)) -> Order:
    return ticket.answer(status, now_ms, filled, order_id=f"paper:{ticket.client_id}")


def _pieces(ticket: Ticket, random: Random) -> list[Decimal]:
    """Split a quantity into whole lots; an order that is cut short gets only the first part."""
    known = INSTRUMENTS.get(ticket.symbol)
    lot = known.lot_size if known else ticket.quantity  # Whole, where the lot is not known.
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
