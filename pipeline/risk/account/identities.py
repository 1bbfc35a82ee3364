"""Remembered ids: which identity an event has, and how many of them an account keeps.

Ids live outside the account's record, in a ring that the shell stores; the core says what to write
and what to drop.
"""

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account.account import Account
from pipeline.risk.account.contents import identity_of
from pipeline.risk.account.records import Memory
from pipeline.risk.parameters import Dedupe
from topics.events import AccountEvent, ControlEvent, Event, FillEvent, SignalEvent
from topics.fields import EVERYONE

FORGET_AT_ONCE_MAX = 4  # More than one is remembered, so the ring shrinks while events come.
IN_PLACE = -1


class Remembered(Struct, frozen=True, array_like=True, gc=False):
    number: int  # Place in the account's ring; IN_PLACE: only its content changed.
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


def oldest_numbers(account: Account, dedupe: Dedupe, now_ms: int) -> tuple[int, ...]:
    """Number the ring entries that may have to be forgotten at this event; nearly always none."""
    memory = account.memory
    count = memory.next - memory.first
    full = count >= dedupe.dedupe_max
    past = memory.oldest_ms is not None and memory.oldest_ms <= now_ms - dedupe.dedupe_horizon_ms
    if not count or not (full or past):
        return ()
    # One more than is forgotten at once: its time becomes the oldest kept.
    return tuple(range(memory.first, min(memory.first + FORGET_AT_ONCE_MAX + 1, memory.next)))


def may_be_forgotten(memory: Memory, said_ms: int, *, skew_ms_max: int) -> bool:
    """Whether the id of what was made at `said_ms` may have been remembered and forgotten.

    What was forgotten arrived by `forgotten_ms`, so it was made no later than that and the skew.
    """
    if memory.forgotten_ms is None or said_ms > memory.forgotten_ms + skew_ms_max:
        return False
    return memory.oldest_ms is None or said_ms < memory.oldest_ms


def forgotten(
    memory: Memory, oldest: tuple[Remembered, ...], *, dedupe: Dedupe, now_ms: int
) -> tuple[Memory, tuple[Remembered, ...]]:
    """Drop the oldest ids past the horizon, and those that one more would push out."""
    dropped: list[Remembered] = []
    for entry in oldest[:FORGET_AT_ONCE_MAX]:
        too_many = memory.next - memory.first - len(dropped) >= dedupe.dedupe_max
        if not (too_many or entry.at_ms <= now_ms - dedupe.dedupe_horizon_ms):
            break
        dropped.append(entry)
    if not dropped:
        return memory, ()
    kept = oldest[len(dropped) :]
    first = dropped[-1].number + 1
    oldest_ms = kept[0].at_ms if kept else None
    left = replace(memory, first=first, oldest_ms=oldest_ms, forgotten_ms=dropped[-1].at_ms)
    return left, tuple(dropped)
