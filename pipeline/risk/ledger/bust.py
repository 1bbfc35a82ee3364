"""Busts and corrections: undo a fill, or replace it by another.

Later fills are applied again from the kept ones. If the fill is no longer kept, its opposite is
booked at its own price, then the correction: the total is exact, the split between realized and
unrealized PnL is not.
"""

from msgspec.structs import replace

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.contents import Contents
from pipeline.risk.account.holding import Execution, Holding, Pending
from pipeline.risk.account.kept_fills import KeptFill
from pipeline.risk.account.position import LINEAR, apply_trade
from pipeline.risk.ledger.beginning import Beginning, began, hold
from pipeline.risk.ledger.booking import book
from pipeline.risk.ledger.reapply import reapply
from pipeline.risk.ledger.trade import execution_of
from pipeline.risk.numbers import opposite, signed
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.quotes import allows
from topics.fills import Fill
from topics.instruments import Instrument

_ADOPTED = "the position stays as the adopted snapshot shows it"
_NOT_KEPT = "the split between realized and unrealized is not exact"


def on_bust(turn: Turn, fill: Fill, kept: tuple[KeptFill, ...], *, known: Contents | None) -> None:
    """Undo a fill and alert; known: what was booked for it, None if it has not arrived."""
    holding = turn.holding(fill.symbol)
    message = f"fill {fill.fill_id} is busted"
    found = _found(kept, fill)
    if holding.adopted_ms is not None and fill.executed_at_ms <= holding.adopted_ms:
        message += f": {_ADOPTED}"
    elif any(_matches(pending.execution, fill) for pending in holding.pending):
        _change_pending(turn, holding, fill, new=None)
    elif found is not None:
        reapply(turn, found, kept, new=None)
    elif known is not None:
        message += f" and no longer kept, so its opposite is booked: {_NOT_KEPT}"
        book(turn, fill.symbol, reversed_of(known.booked))
    else:
        message += " before it arrived"
    turn.alert(Cause("bust", message, fill.quantity))


def on_correction(
    turn: Turn, fill: Fill, kept: tuple[KeptFill, ...], *, known: Contents
) -> Execution:
    """Replace a booked fill by its correction; return that with the original execution time."""
    holding, old = turn.holding(fill.symbol), known.booked
    new = replace(execution_of(fill), executed_ms=old.executed_ms)
    found = _found(kept, fill)
    if _is_adopted(holding, old) and (found is None or _moves(holding, old, new)):
        reason = f"fill {fill.fill_id} is corrected: {_ADOPTED}"
        turn.alert(Cause("bust", reason, fill.quantity))
    elif any(_matches(pending.execution, fill) for pending in holding.pending):
        _change_pending(turn, holding, fill, new=new)
    elif found is not None:
        reapply(turn, found, kept, new=new)
    elif holding.instrument is not None and not allows(holding.instrument, old.price):
        book(turn, fill.symbol, new)  # The original was refused, so nothing is undone.
    else:
        reason = f"fill {fill.fill_id} is corrected and no longer kept: {_NOT_KEPT}"
        turn.alert(Cause("bust", reason, fill.quantity))
        book(turn, fill.symbol, reversed_of(old))
        book(turn, fill.symbol, new)
    return new


def reversed_of(execution: Execution) -> Execution:
    """Return the opposite fill at the same price with the fee returned.

    The `~` in its id, which no real fill_id may have, keeps later busts from matching it.
    """
    side = opposite(execution.side)
    return replace(execution, fill_id=f"~{execution.fill_id}", side=side, fee=-execution.fee)


def _found(kept: tuple[KeptFill, ...], fill: Fill) -> KeptFill | None:
    found = [item for item in kept if not item.busted and _matches(item.execution, fill)]
    return found[-1] if found else None


def _matches(execution: Execution, fill: Fill) -> bool:
    return (execution.fill_id, execution.side) == (fill.fill_id, fill.side)


def _is_adopted(holding: Holding, old: Execution) -> bool:
    return holding.adopted_ms is not None and old.executed_ms <= holding.adopted_ms


def _moves(holding: Holding, old: Execution, new: Execution) -> bool:
    """Return whether a correction changes the position, not only a fee paid in money."""
    if (old.quantity, old.price) != (new.quantity, new.price):
        return True
    instrument = holding.instrument
    return any(_fee_is_in_units(execution, instrument) for execution in (old, new))


def _fee_is_in_units(execution: Execution, instrument: Instrument | None) -> bool:
    currency = execution.fee_currency
    if instrument is None or instrument.kind != "linear" or not execution.fee or currency is None:
        return False
    return currency == instrument.base_currency != instrument.settlement_currency


def _change_pending(turn: Turn, holding: Holding, fill: Fill, *, new: Execution | None) -> None:
    """Remove a fill from those waiting for their instrument, or replace it by another."""
    place = next(n for n, each in enumerate(holding.pending) if _matches(each.execution, fill))
    changed = holding.pending[place]
    position = changed.before
    was: KeptFill | None = None
    now: KeptFill | None = None
    left: list[Pending] = list(holding.pending[:place])
    for number, each in enumerate(holding.pending[place:]):
        quantity = signed(each.execution.side, each.execution.quantity)
        after, _ = apply_trade(each.before, quantity, each.execution.price, terms=LINEAR)
        was = began(each.before, after, by=_as_kept(holding, each, number), known=was)
        execution = new if number == 0 else each.execution
        if execution is None:
            continue
        again = Pending(execution, position, each.came_ms)
        quantity = signed(execution.side, execution.quantity)
        position, _ = apply_trade(position, quantity, execution.price, terms=LINEAR)
        now = began(again.before, position, by=_as_kept(holding, again, number), known=now)
        left.append(again)
    turn.replace_holding(replace(holding, pending=tuple(left)))
    hold(turn, position, Beginning(_as_kept(holding, changed, 0), was, now))


def _as_kept(holding: Holding, pending: Pending, number: int) -> KeptFill:
    return KeptFill(
        holding.symbol, number, pending.execution, pending.before, booked_ms=pending.came_ms
    )
