"""Age, confirming marks and best mark of a position whose fills are applied again.

After a bust or a correction the position gets what it would have had without the changed fill.
Marks from a time when it was flat or on the other side were not kept; the newest mark stands in.
"""

from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from pipeline.risk.account.holding import Holding, Mark, StopLevels, mark_of
from pipeline.risk.account.kept_fills import KeptFill
from pipeline.risk.account.position import Position
from pipeline.risk.ledger.marks import marked
from pipeline.risk.ledger.stop_levels import default_stop, forget_stops, restore_stop_levels
from pipeline.risk.numbers import ZERO
from pipeline.risk.turn import Turn


class Beginning(NamedTuple):
    """The fill that opened or flipped the position, before and after the change.

    None: the position was already open before the changed fill.
    """

    changed: KeptFill
    was: KeptFill | None
    now: KeptFill | None


def began(
    before: Position, after: Position, *, by: KeptFill, known: KeptFill | None
) -> KeptFill | None:
    """Return the fill that opened or flipped the position, after one more fill."""
    held, left = before.quantity, after.quantity
    begins = left and (not held or (held > ZERO) != (left > ZERO))
    return by if begins else known


def with_new_past(kept: KeptFill, before: Position, beginning: Beginning) -> KeptFill:
    """Return a later kept fill with the position that now precedes it."""
    same_side = kept.before.quantity * before.quantity > ZERO
    if not before.quantity:
        return replace(kept, before=before, stop_levels=None, marks=())
    if _is_same(beginning) and same_side:
        return kept if before == kept.before else replace(kept, before=before)
    if beginning.now is None:
        stop_levels, marks = beginning.changed.stop_levels, beginning.changed.marks
    else:
        began_by = beginning.now
        stop_levels = StopLevels(began_by.booked_ms, began_by.execution.price)
        marks = (Mark(began_by.execution.price),)
    if same_side and kept.stop_levels is not None and stop_levels is not None:
        stop_levels = replace(kept.stop_levels, opened_ms=stop_levels.opened_ms)
    return replace(kept, before=before, stop_levels=stop_levels, marks=marks)


def hold(turn: Turn, position: Position, beginning: Beginning) -> None:
    """Replace the held position by the one that resulted from applying the fills again."""
    before = turn.holding(beginning.changed.symbol)
    changed = replace(before, position=position)
    if not position.quantity or (_is_same(beginning) and _is_same_side(before, position)):
        turn.recompute_holding(marked(turn, before, changed, entry=changed.average_price))
    else:
        turn.recompute_holding(_begun(turn, before, changed, beginning=beginning))
    turn.state_changed = True


def _is_same(beginning: Beginning) -> bool:
    was, now = beginning.was, beginning.now
    if was is None or now is None:
        return was is now
    return was.number == now.number and was.execution.price == now.execution.price


def _is_same_side(before: Holding, position: Position) -> bool:
    return before.position.quantity * position.quantity > ZERO


def _begun(turn: Turn, before: Holding, changed: Holding, *, beginning: Beginning) -> Holding:
    same_side = _is_same_side(before, changed.position)
    if before.position.quantity and not same_side:
        forget_stops(turn, changed.symbol)
    marks = _marks(before, changed, beginning)
    held = replace(changed, marks=marks[-turn.limits.confirmation.confirm_marks :])
    if not same_side:
        newest = mark_of(changed.quote, changed.position.quantity)
        as_of_ms = None if changed.quote is None or newest is None else changed.quote.as_of_ms
        held = replace(held, mark=newest, mark_ms=as_of_ms)
    stop_levels = _stop_levels(turn, before, held, beginning=beginning)
    return restore_stop_levels(turn, held, stop_levels)


def _marks(before: Holding, changed: Holding, beginning: Beginning) -> tuple[Mark, ...]:
    """Join the marks that the position started with and the later ones."""
    was, now = beginning.was, beginning.now
    if now is None:
        first, since_ms = beginning.changed.marks, beginning.changed.booked_ms
    else:
        first, since_ms = (Mark(now.execution.price),), now.booked_ms
    later = before.marks
    if not _is_same_side(before, changed.position):
        newest = mark_of(changed.quote, changed.position.quantity)
        later = () if newest is None else (Mark(newest),)
    elif was is not None and later and later[0] == Mark(was.execution.price, was.booked_ms):
        later = later[1:]  # The price of a fill that no longer opens the position.
    later = tuple(m for m in later if m.superseded_ms is None or m.superseded_ms > since_ms)
    if now is None and first and later and first[-1].price == later[0].price:
        first = first[:-1]  # Both hold the same quote.
    if not (first and later):
        return first or later
    last = first[-1]
    return (*first[:-1], Mark(last.price, last.superseded_ms or since_ms), *later)


def _stop_levels(turn: Turn, before: Holding, held: Holding, *, beginning: Beginning) -> StopLevels:
    """Return opening time, best mark and stop price of the position as it now began."""
    changed, was, now = beginning
    current = before.stop_levels
    same_side = _is_same_side(before, held.position)
    kept = changed.stop_levels if now is None else None
    if kept is None:
        price = held.average_price if now is None else now.execution.price
        opened_ms = turn.now_ms if now is None else now.booked_ms
        kept = StopLevels(opened_ms, price, realized=held.realized)
        kept = replace(kept, stop=default_stop(turn, held, price))
    if not same_side or current is None:
        return kept
    candidates = [mark.price for mark in held.marks]
    invalid = [] if was is None else [was.execution.price]
    if now is not None and now.stop_levels is not None:
        invalid.append(now.stop_levels.best)
    if current.best not in invalid:
        candidates.append(current.best)  # A mark that came after the beginning.
    best = _best(kept.best, candidates, long=held.position.quantity > ZERO)
    return replace(kept, best=best, stop=current.stop, realized=current.realized)


def _best(first: Decimal, marks: list[Decimal], *, long: bool) -> Decimal:
    return max(first, *marks) if long else min(first, *marks)
