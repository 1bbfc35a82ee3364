"""Confirming marks: the last marks of a position, so that one bad price stops nothing."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.holding import Holding, Mark, mark_of
from pipeline.risk.ledger.stop_levels import forget_stops, with_best, with_stop_levels
from pipeline.risk.numbers import earliest
from pipeline.risk.turn import Turn
from topics.events import Quote


def take_quote(turn: Turn, holding: Holding, quote: Quote | None) -> None:
    """Value the holding at a newer quote; a position's mark joins its confirming marks.

    A quote without a price for the position's side leaves the old mark, which goes stale.
    quote: the result of `usable`, None without any price.
    """
    if quote is None:
        return
    quantity = holding.position.quantity
    price = mark_of(quote, quantity) if quantity else None
    if price is None:
        turn.replace_holding(replace(holding, quote=quote))
        return
    before = holding.marks
    marks = next_mark(before, price, now_ms=turn.now_ms)
    marks = marks[-turn.limits.confirmation.confirm_marks :]
    changed = replace(holding, quote=quote, marks=marks, mark=price, mark_ms=quote.as_of_ms)
    changed = with_best(changed, price)  # Also while no stop trails: one may be turned on later.
    if price == holding.mark and len(marks) == len(before) and before[0].price == price:
        turn.replace_holding(changed)  # The dropped mark had this price: no figure changes.
    else:
        turn.revalue_holding(changed)
    if len(marks) > 2:
        _await_trim(turn, marks[0].superseded_ms)


def _await_trim(turn: Turn, superseded_ms: int | None) -> None:
    totals = turn.account.totals
    trim_ms = earliest(totals.trim_ms, superseded_ms)
    if trim_ms != totals.trim_ms:
        turn.set_totals(replace(totals, trim_ms=trim_ms))


def trim_marks(turn: Turn) -> None:
    """Drop confirming marks superseded at least confirm_ms ago, keeping two per position.

    `trim_ms` is a lower bound for all positions, so most events read one number and return.
    """
    trim_ms = turn.account.totals.trim_ms
    dropped_ms = turn.now_ms - turn.limits.confirmation.confirm_ms
    if trim_ms is None or trim_ms > dropped_ms:
        return
    next_ms: int | None = None
    for holding in list(turn.account.holdings.values()):
        marks = kept_marks(holding.marks, dropped_ms)
        if marks is not holding.marks:
            turn.revalue_holding(replace(holding, marks=marks))
        if len(marks) > 2:
            next_ms = earliest(next_ms, marks[0].superseded_ms)
    turn.set_totals(replace(turn.account.totals, trim_ms=next_ms))


def kept_marks(marks: tuple[Mark, ...], dropped_ms: int) -> tuple[Mark, ...]:
    """Drop marks superseded at or before dropped_ms, oldest first, keeping at least two."""
    while len(marks) > 2 and (marks[0].superseded_ms or 0) <= dropped_ms:
        marks = marks[1:]
    return marks


def next_mark(marks: tuple[Mark, ...], price: Decimal, *, now_ms: int) -> tuple[Mark, ...]:
    """Append a mark and supersede the one before it."""
    if not marks:
        return (Mark(price),)
    return (*marks[:-1], Mark(marks[-1].price, now_ms), Mark(price))


def marked(turn: Turn, before: Holding, after: Holding, *, entry: Decimal | None) -> Holding:
    """Start the marks of a position that opened or flipped; clear them if it closed.

    Confirming marks start with the entry price, then the newest mark. entry: None for a position
    that was taken over, because its price is not from today's market.
    """
    held, was = after.position.quantity, before.position.quantity
    if was and held and (was > 0) == (held > 0):
        return after
    if was:
        forget_stops(turn, after.symbol)
    if not held:
        return replace(after, marks=(), mark=None, mark_ms=None, stop_levels=None)
    newest = mark_of(after.quote, held)
    marks: tuple[Mark, ...] = () if entry is None else (Mark(entry),)
    price = after.average_price if entry is None else entry
    if newest is None or after.quote is None:
        begun = replace(after, marks=marks, mark=None, mark_ms=None)
        return with_stop_levels(turn, begun, price=price)
    marks = next_mark(marks, newest, now_ms=turn.now_ms)
    kept = marks[-turn.limits.confirmation.confirm_marks :]
    begun = replace(after, marks=kept, mark=newest, mark_ms=after.quote.as_of_ms)
    return with_stop_levels(turn, begun, price=price)
