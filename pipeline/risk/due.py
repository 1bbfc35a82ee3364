"""What becomes due without an input: the next wake-up and the account's row of account_states."""

from collections.abc import Callable

from pipeline.risk.account.account import Account
from pipeline.risk.account.totals import recomputed
from pipeline.risk.ledger.conversion import rate_again_ms
from pipeline.risk.ledger.drift import drift_ms
from pipeline.risk.ledger.refused_orders import refused_ms
from pipeline.risk.ledger.roll import roll_ms
from pipeline.risk.on_limits import temporary_ms
from pipeline.risk.on_order import reservation_ms
from pipeline.risk.protection.after_event import confirmation_ms
from pipeline.risk.protection.circuit import half_open_ms
from pipeline.risk.protection.flatten import flatten_again_ms
from pipeline.risk.protection.position_stops import exits_again_ms, hold_ms
from pipeline.risk.protection.stale_data import stale_ms
from pipeline.risk.resumes import stop_ends_ms
from pipeline.risk.turn import Turn

_STATE_EVERY_MS = 1000
_LARGE_STATE = 500  # Positions and reservations; such a row has about 100 KB.

# Each returns when its feature must act again; a new feature adds its own.
DEADLINES: tuple[Callable[[Turn], int | None], ...] = (
    roll_ms,
    confirmation_ms,
    rate_again_ms,
    reservation_ms,
    hold_ms,
    stale_ms,
    half_open_ms,
    refused_ms,
    drift_ms,
    exits_again_ms,
    flatten_again_ms,
    stop_ends_ms,
    temporary_ms,
)


def refresh_deadlines(turn: Turn) -> None:
    """Recompute deadlines that the totals do not know for certain, after an event."""
    account = turn.account
    totals = recomputed(account.totals, account.holdings)
    if totals is not account.totals:
        turn.set_totals(totals)


def next_wake_ms(turn: Turn) -> int | None:
    """Return the earliest deadline."""
    wake_ms: int | None = None
    for deadline_ms in DEADLINES:
        due_ms = deadline_ms(turn)
        if due_ms is not None and (wake_ms is None or due_ms < wake_ms):
            wake_ms = due_ms
    return wake_ms


def is_state_due(turn: Turn, begun: Account, *, wake_ms: int | None) -> bool:
    """Whether this event must write a row of account_states."""
    if begun.applied.sequence == 1 or turn.trading_changed:
        return True
    last_ms, last_wake_ms = begun.deadlines.state_sent_ms, begun.deadlines.wake_ms
    old = last_ms is None or turn.now_ms - last_ms >= _STATE_EVERY_MS
    if old:
        return True
    totals = turn.account.totals
    earlier = wake_ms is not None and (last_wake_ms is None or wake_ms < last_wake_ms)
    if earlier or totals.active != begun.totals.active:
        return True  # Broadcast needs the symbols and the wake-up, however large the row.
    large = totals.active + totals.reservations > _LARGE_STATE
    return (turn.state_changed or wake_ms != last_wake_ms) and not large
