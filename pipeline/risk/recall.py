"""Remembering while an event is applied: was it here before, and what may now be forgotten."""

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.identities import (
    IN_PLACE,
    Recall,
    Remembered,
    forgotten,
    identity,
    oldest_numbers,
)
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.turn import Turn
from topics.events import Event


def oldest_wanted(account: Account | None, shared: Shared, at_ms: int) -> tuple[int, ...]:
    """Number the ring entries that the next step has to see; nearly always none."""
    if account is None:
        return ()
    limits = limits_of(shared.limits.rules, account.limits.rules)
    return oldest_numbers(account, limits.dedupe, max(account.clock_ms, at_ms))


def recall_seen(turn: Turn, event: Event, recall: Recall) -> bool:
    """Return whether the event's id is kept; else forget ids past the horizon or make room."""
    if recall.seen_at_ms is None and not recall.oldest:
        return False
    named = identity(event)
    if named is None:
        return False
    horizon_ms = turn.limits.dedupe.dedupe_horizon_ms
    if recall.seen_at_ms is not None and recall.seen_at_ms > turn.now_ms - horizon_ms:
        return True
    if recall.oldest:
        memory, dropped = forgotten(
            turn.account.memory, recall.oldest, dedupe=turn.limits.dedupe, now_ms=turn.now_ms
        )
        turn.set_unmeasured(memory=memory)
        turn.forget.extend(dropped)
    return recall.seen_at_ms is not None and all(gone.identity != named for gone in turn.forget)


def is_kept(turn: Turn, remembered_ms: int | None) -> bool:
    """Whether an id that was remembered then is so still."""
    horizon_ms = turn.limits.dedupe.dedupe_horizon_ms
    return remembered_ms is not None and remembered_ms > turn.now_ms - horizon_ms


def change_content(turn: Turn, named: str, content: str, *, recall: Recall) -> None:
    """Keep something else with an id that stays where it is in the ring."""
    if recall.seen_at_ms is not None:
        turn.remember.append(Remembered(IN_PLACE, named, recall.seen_at_ms, content))
