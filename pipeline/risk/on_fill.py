"""What a fill means: it replaces its part of the reservation and is booked once."""

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.contents import Contents, contents_in, identity_of, is_same, text_of
from pipeline.risk.account.holding import Execution
from pipeline.risk.account.identities import may_be_forgotten
from pipeline.risk.account.lookup import Recall
from pipeline.risk.ledger.booking import book
from pipeline.risk.ledger.bust import on_bust, on_correction
from pipeline.risk.ledger.refused_fill import refuse_fill
from pipeline.risk.ledger.stop_levels import enter, entry_of
from pipeline.risk.ledger.stops_again import uncount
from pipeline.risk.ledger.taking_over import count_past_at
from pipeline.risk.ledger.trade import execution_of
from pipeline.risk.protection.circuit import note_trade
from pipeline.risk.recall import change_content, is_kept
from pipeline.risk.release import release
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.quotes import allows
from topics.codec import plain
from topics.fills import Fill


def on_fill(turn: Turn, fill: Fill, *, seen: bool, recall: Recall) -> None:
    """Apply a fill, its bust or its correction once."""
    if seen:
        _on_repetition(turn, fill, recall)
        return
    if _is_too_old(turn, fill) or _forgotten(turn, fill) or _is_at_no_price(turn, fill):
        return
    execution, number = execution_of(fill), turn.holding(fill.symbol).fills
    turn.remember_id("fills", identity_of(fill), text_of(Contents(execution, execution, number)))
    if fill.kind == "bust":
        came = is_kept(turn, recall.counterpart_at_ms)
        known = contents_in(recall.counterpart_content, fill) if came else None
        on_bust(turn, fill, recall.fills, known=known)
    else:
        _book(turn, fill, execution, recall=recall)


def _book(turn: Turn, fill: Fill, execution: Execution, *, recall: Recall) -> None:
    reservation = release(turn, fill, recall)
    if is_kept(turn, recall.counterpart_at_ms):
        uncount(turn, reservation, execution, new=None)
        return  # Its bust came first, so the fill never counts.
    holding = turn.holding(fill.symbol)
    if holding.adopted_ms is not None and fill.executed_at_ms <= holding.adopted_ms:
        return  # The adopted snapshot includes it.
    if turn.account.windows.taken_over:
        count_past_at(turn, fill.symbol, fill.price)
    entry = entry_of(turn, fill, reservation)
    book(turn, fill.symbol, execution, entry=entry)
    note_trade(turn, holding)
    enter(turn, holding, execution, entry=entry)


def _on_repetition(turn: Turn, fill: Fill, recall: Recall) -> None:
    """Correct a known fill, or report one that comes again with different content."""
    known = contents_in(recall.seen_content, fill)
    if known is None:
        return
    instrument, again = turn.holding(fill.symbol).instrument, execution_of(fill)
    is_booked = is_same(known.booked, again, instrument)
    if fill.kind == "correct" and not is_booked:
        _correct(turn, fill, known, recall=recall)
    elif fill.kind != "correct" and not (is_booked or is_same(known.said, again, instrument)):
        now, before = _amounts(again), _amounts(known.said)
        reason = f"fill {fill.fill_id} was sent again as {now}; it stays booked as {before}"
        turn.alert(Cause("fill_conflict", reason, fill.quantity), level="high", action="warn")


def _correct(turn: Turn, fill: Fill, known: Contents, *, recall: Recall) -> None:
    """Replace a fill's content by its correction; its reservation does not change."""
    if _is_at_no_price(turn, fill):
        return
    if is_kept(turn, recall.counterpart_at_ms):
        reason = f"fill {fill.fill_id} was busted, so its correction is ignored"
        turn.alert(Cause("bust", reason, fill.quantity))
        return
    booked = on_correction(turn, fill, recall.fills, known=known)
    contents = Contents(known.said, booked, known.number)
    change_content(turn, identity_of(fill), text_of(contents), recall=recall)


def _amounts(execution: Execution) -> str:
    fee = "no fee" if not execution.fee else f"fee {plain(execution.fee)}"
    if execution.fee and execution.fee_currency is not None:
        fee += f" {execution.fee_currency}"
    return f"{plain(execution.quantity)} at {plain(execution.price)}, {fee}"


def _is_too_old(turn: Turn, fill: Fill) -> bool:
    """Refuse a fill older than the time ids are remembered; its time is most likely in seconds."""
    age_ms = turn.at_ms - fill.executed_at_ms
    if age_ms <= turn.limits.dedupe.dedupe_horizon_ms:
        return False
    refuse_fill(turn, fill.fill_id, f"it was executed {age_ms} ms before it arrived")
    return True


def _forgotten(turn: Turn, fill: Fill) -> bool:
    """Refuse a fill older than all remembered ids of fills, since it may already be booked."""
    skew_ms_max = turn.limits.prices.clock_skew_ms_max
    ring = turn.account.memory.ring("fills")
    if not may_be_forgotten(ring, fill.executed_at_ms, skew_ms_max=skew_ms_max):
        return False
    refuse_fill(turn, fill.fill_id, "it is older than all remembered ids")
    return True


def _is_at_no_price(turn: Turn, fill: Fill) -> bool:
    """Refuse a fill at a price that its instrument cannot have; without an instrument, wait."""
    instrument = turn.holding(fill.symbol).instrument
    if instrument is None or fill.kind == "bust" or allows(instrument, fill.price):
        return False
    refuse_fill(turn, fill.fill_id, f"{fill.symbol} cannot trade at {plain(fill.price)}")
    return True
