"""Positions: the fills of one symbol folded from the first to the last, every time anew."""

from dataclasses import dataclass, field

from tests.oracle.model.exact import Number, booked

__all__ = ["Contract", "NotJudgedError", "Position", "Trade", "fold"]

ZERO = Number(0)


class NotJudgedError(Exception):
    """The history has something that the oracle does not judge yet."""


@dataclass(frozen=True)
class Contract:
    """What an instrument says about money."""

    kind: str
    multiplier: Number
    settlement: str
    base: str | None = None

    @property
    def inverse(self) -> bool:
        """Whether it is quoted in one currency and settled in its base."""
        return self.kind == "inverse"

    def value(self, quantity: Number, price: Number) -> Number:
        """Return what a quantity is worth at a price, in the settlement currency."""
        if self.inverse:
            return quantity * self.multiplier / price
        return quantity * self.multiplier * price

    def pnl(self, quantity: Number, cost: Number, price: Number) -> Number:
        """Return what a position of this cost has won at a price."""
        won = self.value(quantity, price) - cost
        return -won if self.inverse else won


@dataclass(frozen=True)
class Trade:
    """A fill as it is booked; a closed book entry without quantity is an adjustment."""

    side: str
    fill_id: str
    order: str | None  # The decision or exit that it was matched with.
    filled: Number  # As reported, signed.
    quantity: Number  # What the position changes by, signed: less a fee in the base currency.
    price: Number
    fee: Number  # In the settlement currency, or in `fee_currency`.
    fee_currency: str
    rate: Number  # Of the settlement currency when it was booked.
    fee_rate: Number
    executed_ms: int
    at_ms: int
    event: int
    stop: Number | None = None  # Named, or of nobody's order.
    distance: Number | None = None  # Of a stop that was worked out for its order.


@dataclass
class Position:
    """What the fills of a symbol add up to."""

    quantity: Number = ZERO
    cost: Number = ZERO
    realized: Number = ZERO  # In the account's currency, over the life of the account.
    booked: Number = ZERO  # The part of it that changed the balance.
    opening: Trade | None = None  # The fill at which it last left zero.
    entries: list[Trade] = field(default_factory=list)  # That opened or added since then.
    since_flat: Number = ZERO  # Realized since it last left zero.
    closes: list[tuple[int, Number, int]] = field(default_factory=list)  # At, result, event.
    shares: list[Number] = field(default_factory=list)  # Realized by each trade.

    def average(self, contract: Contract) -> Number:
        """Return the average entry price; 0 if flat."""
        if not self.quantity:
            return ZERO
        if contract.inverse:
            return self.quantity * contract.multiplier / self.cost
        return self.cost / (self.quantity * contract.multiplier)


def fold(trades: list[Trade], contract: Contract, opening_ms: int | None) -> Position:
    """Book fills in their order of arrival; up to the opening they move no money."""
    position = Position()
    for trade in trades:
        before = position.realized
        closing = _closing(position.quantity, trade.quantity)
        is_cash = opening_ms is None or trade.executed_ms > opening_ms
        fee = booked(booked(trade.fee) * trade.fee_rate)
        position.realized -= fee
        position.since_flat -= fee
        if closing:
            _close(position, trade, contract, closing)
        if is_cash:
            position.booked += position.realized - before
        rest = trade.quantity - closing
        if rest:
            _open(position, trade, contract, rest)
        position.shares.append(position.realized - before)
    return position


def _closing(held: Number, change: Number) -> Number:
    if held * change >= 0:
        return ZERO
    return change if abs(change) <= abs(held) else -held


def _close(position: Position, trade: Trade, contract: Contract, closing: Number) -> None:
    whole = closing == -position.quantity
    cost = position.cost if whole else position.cost * -closing / position.quantity
    exact = contract.pnl(-closing, cost, trade.price)
    won = booked(exact)
    sign = -1 if contract.inverse else 1
    position.cost = ZERO if whole else position.cost - cost + sign * (won - exact)
    position.quantity += closing
    converted = booked(won * trade.rate)
    position.realized += converted
    position.since_flat += converted
    if not position.quantity:
        position.closes.append((trade.at_ms, position.since_flat, trade.event))
        position.opening, position.entries, position.since_flat = None, [], ZERO


def _open(position: Position, trade: Trade, contract: Contract, rest: Number) -> None:
    if not position.quantity:
        position.opening = trade
    position.quantity += rest
    position.cost += contract.value(rest, trade.price)
    position.entries.append(trade)
