"""Ids and fills remembered outside the account: what a step must look up, and what it found.

`wanted` is the second door of the core: the shell answers it with a `Recall` for the step.
"""

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.contents import counterpart_of, identity_of
from pipeline.risk.account.holding import Holding
from pipeline.risk.account.identities import (
    IN_PLACE,
    Remembered,
    forgotten,
    identity,
    kind_of,
    oldest_numbers,
)
from pipeline.risk.account.kept_fills import FILLS_MAX, WantedFills
from pipeline.risk.account.lookup import Lookup, Recall
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.turn import Turn
from topics.events import Event, FillEvent
from topics.fills import Fill


def wanted(account: Account | None, shared: Shared, event: Event, *, at_ms: int) -> Lookup:
    """Return what the step of an event must look up; nearly always one id."""
    oldest: tuple[int, ...] = ()
    kind = kind_of(event)
    if account is not None and kind is not None:
        now_ms = max(account.applied.clock_ms, at_ms)
        documents = (each.limits.in_force_at(now_ms) for each in (shared, account))
        dedupe = limits_of(*documents).dedupe
        oldest = oldest_numbers(account.memory.ring(kind), dedupe, now_ms)
    if isinstance(event, FillEvent):
        return _of_fill(account, event.body, oldest=oldest)
    return Lookup(event.account_id, identity(event), kind, oldest)


def _of_fill(account: Account | None, fill: Fill, *, oldest: tuple[int, ...]) -> Lookup:
    """Also look up the kept fills for a bust or a correction, which apply later fills again."""
    holding = None if account is None else account.holdings.get(fill.symbol)
    is_reserved = holding is not None and fill.signal_id in holding.reservations
    own, counterpart = identity_of(fill), counterpart_of(fill)
    fills = None if holding is None or fill.kind == "new" else _all_of(holding)
    return Lookup(
        account_id=fill.account_id,
        identity=own,
        kind="fills",
        oldest=oldest,
        counterpart=counterpart,
        signal=None if fill.signal_id is None or is_reserved else f"signal:{fill.signal_id}",
        fills=fills,
        changed=counterpart if fill.kind == "bust" else own,
    )


def _all_of(holding: Holding) -> WantedFills:
    return WantedFills(holding.symbol, max(holding.fills - FILLS_MAX, 0), holding.fills)


def recall_seen(turn: Turn, event: Event, recall: Recall) -> bool:
    """Return whether the event's id is kept; else forget ids past the horizon or make room."""
    if recall.seen_at_ms is None and not recall.oldest:
        return False
    named, kind = identity(event), kind_of(event)
    if named is None or kind is None:
        return False
    horizon_ms = turn.limits.dedupe.dedupe_horizon_ms
    if recall.seen_at_ms is not None and recall.seen_at_ms > turn.now_ms - horizon_ms:
        return True
    if recall.oldest:
        ring = turn.account.memory.ring(kind)
        ring, dropped = forgotten(
            ring, recall.oldest, dedupe=turn.limits.dedupe, now_ms=turn.now_ms
        )
        turn.set_ring(kind, ring)
        turn.forget.extend(dropped)
    return recall.seen_at_ms is not None and all(gone.identity != named for gone in turn.forget)


def is_kept(turn: Turn, remembered_ms: int | None) -> bool:
    """Whether an id that was remembered at a time is still remembered."""
    horizon_ms = turn.limits.dedupe.dedupe_horizon_ms
    return remembered_ms is not None and remembered_ms > turn.now_ms - horizon_ms


def change_content(turn: Turn, named: str, content: str, *, recall: Recall) -> None:
    """Replace the content kept with a fill's id, which stays at its place in the ring."""
    if recall.seen_at_ms is not None:
        turn.remember.append(Remembered("fills", IN_PLACE, named, recall.seen_at_ms, content))
