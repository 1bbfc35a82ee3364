"""Remembered ids: which identity an event has, and how many of them an account keeps.

Ids live outside the account's record, in rings that the shell stores, one for each kind of id; the
core says what to write and what to drop.
"""

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account.contents import identity_of
from pipeline.risk.account.records import IdKind, Ring
from pipeline.risk.parameters import Dedupe
from topics.events import AccountEvent, ControlEvent, Event, FillEvent, SignalEvent
from topics.fields import EVERYONE

FORGET_AT_ONCE_MAX = 4  # More than one is remembered, so the ring shrinks while events come.
IN_PLACE = -1


class Remembered(Struct, frozen=True, array_like=True, gc=False):
    kind: IdKind  # Names the ring.
    number: int  # Place in that ring; IN_PLACE: only the content changed.
    identity: str
    at_ms: int
    content: str = ""  # Kept with the id itself, not in the ring.


def identity(event: Event) -> str | None:
    """Name what makes an event a repetition of another, or None where nothing does."""
    match event:
        case SignalEvent(body=signal):
            return f"signal:{signal.signal_id}"
        case FillEvent(body=fill):
            return identity_of(fill)
        case AccountEvent(body=flow):
            return f"flow:{flow.flow_id}"
        case ControlEvent(body=control):
            return None if event.account_id == EVERYONE else f"control:{control.control_id}"
        case _:  # Applying it twice changes nothing; a test lists these.
            return None


def kind_of(event: Event) -> IdKind | None:
    """Return which ring remembers the event's id, or None where it has none."""
    match event:
        case SignalEvent():
            return "signals"
        case FillEvent():
            return "fills"
        case AccountEvent():
            return "flows"
        case ControlEvent():
            return None if event.account_id == EVERYONE else "controls"
        case _:
            return None


def oldest_numbers(ring: Ring, dedupe: Dedupe, now_ms: int) -> tuple[int, ...]:
    """Number the ring entries that may have to be forgotten at this event; nearly always none."""
    count = ring.next - ring.first
    full = count >= dedupe.dedupe_max
    past = ring.oldest_ms is not None and ring.oldest_ms <= now_ms - dedupe.dedupe_horizon_ms
    if not count or not (full or past):
        return ()
    # One more than is forgotten at once: its time becomes the oldest kept.
    return tuple(range(ring.first, min(ring.first + FORGET_AT_ONCE_MAX + 1, ring.next)))


def may_be_forgotten(ring: Ring, said_ms: int, *, skew_ms_max: int) -> bool:
    """Whether the id of what was made at `said_ms` may have been remembered and forgotten.

    What was forgotten arrived by `forgotten_ms`, so it was made no later than that and the skew.
    """
    if ring.forgotten_ms is None or said_ms > ring.forgotten_ms + skew_ms_max:
        return False
    return ring.oldest_ms is None or said_ms < ring.oldest_ms


def forgotten(
    ring: Ring, oldest: tuple[Remembered, ...], *, dedupe: Dedupe, now_ms: int
) -> tuple[Ring, tuple[Remembered, ...]]:
    """Drop the oldest ids past the horizon, and those that one more would push out."""
    dropped: list[Remembered] = []
    for entry in oldest[:FORGET_AT_ONCE_MAX]:
        too_many = ring.next - ring.first - len(dropped) >= dedupe.dedupe_max
        if not (too_many or entry.at_ms <= now_ms - dedupe.dedupe_horizon_ms):
            break
        dropped.append(entry)
    if not dropped:
        return ring, ()
    kept = oldest[len(dropped) :]
    first = dropped[-1].number + 1
    oldest_ms = kept[0].at_ms if kept else None
    left = replace(ring, first=first, oldest_ms=oldest_ms, forgotten_ms=dropped[-1].at_ms)
    return left, tuple(dropped)
