"""What a fill means: it takes the place of its reservation, and is booked once."""

from pipeline.risk.book.booking import book
from pipeline.risk.book.bust import on_bust
from pipeline.risk.book.taking_over import count_past_at
from pipeline.risk.book.trade import execution_of
from pipeline.risk.memory.identities import Recall, may_be_forgotten
from pipeline.risk.refused_fill import refuse_fill
from pipeline.risk.release import release
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.quotes import allows
from pipeline.risk.watch.circuit import note_trade
from pipeline.risk.watch.guard import enter
from topics.codec import plain
from topics.fills import Fill


def on_fill(turn: Turn, fill: Fill, *, seen: bool, recall: Recall) -> None:
    """Apply a fill or a bust once."""
    if seen or _forgotten(turn, fill) or _is_at_no_price(turn, fill):
        return
    turn.keep(f"{fill.kind}:{fill.symbol}:{fill.side}:{fill.fill_id}")
    if fill.kind == "bust":
        on_bust(turn, fill, recall.fills, came=_is_kept(turn, recall.counterpart_at_ms))
        return
    reservation = release(turn, fill, recall)
    if _is_kept(turn, recall.counterpart_at_ms):
        return  # Its bust came first: it never was.
    holding = turn.holding(fill.symbol)
    if holding.adopted_ms is not None and fill.executed_at_ms <= holding.adopted_ms:
        return  # The adopted snapshot holds it already.
    if turn.account.taken_over:
        count_past_at(turn, fill.symbol, fill.price)
    book(turn, fill.symbol, execution_of(fill))
    note_trade(turn, holding)
    enter(turn, holding, fill, order=reservation)


def _is_kept(turn: Turn, remembered_ms: int | None) -> bool:
    """Whether an id that was remembered then is so still."""
    horizon_ms = turn.limits.dedupe.dedupe_horizon_ms
    return remembered_ms is not None and remembered_ms > turn.now_ms - horizon_ms


def _forgotten(turn: Turn, fill: Fill) -> bool:
    """Refuse a fill from before what is remembered: it may have been booked already."""
    skew_ms_max = turn.limits.prices.clock_skew_ms_max
    if not may_be_forgotten(turn.account.memory, fill.executed_at_ms, skew_ms_max=skew_ms_max):
        return False
    refuse_fill(turn, fill.fill_id, "it is older than what is remembered", rule="dedupe")
    return True


def _is_at_no_price(turn: Turn, fill: Fill) -> bool:
    """Refuse a fill at a price that its instrument cannot have; without one it waits for it."""
    instrument = turn.holding(fill.symbol).instrument
    if instrument is None or fill.kind == "bust" or allows(instrument, fill.price):
        return False
    refuse_fill(turn, fill.fill_id, f"{fill.symbol} has no price of {plain(fill.price)}")
    return True
