"""What comes due by itself: the next wake-up, and whether the account's state is to be told."""

from pipeline.risk.account.account import Account
from pipeline.risk.account.totals import recomputed
from pipeline.risk.ledger.drift import drift_wake_ms
from pipeline.risk.ledger.refused_orders import refused_due_ms
from pipeline.risk.numbers import earliest
from pipeline.risk.protection.circuit import half_open_ms
from pipeline.risk.protection.flatten import flatten_again_ms
from pipeline.risk.protection.position_stops import exits_again_ms
from pipeline.risk.turn import Turn

_STATE_EVERY_MS = 1000
_RATE_EVERY_MS = 15_000  # Money that waits for a rate is looked after this often.
_LARGE_STATE = 500  # Positions and reservations; about 100 KB written out.


def refresh_deadlines(turn: Turn) -> None:
    """Find the deadlines that the totals are unsure of, once an event is applied."""
    account = turn.account
    totals = recomputed(account.totals, account.holdings)
    if totals is not account.totals:
        turn.set_unmeasured(totals=totals)


def next_wake_ms(turn: Turn) -> int | None:
    """When something comes due without an event: an expiry, a roll, a confirmation, a retry."""
    account = turn.account
    wake_ms: int | None = None
    if account.day is not None and account.week is not None:
        wake_ms = min(account.day.span.end_ms, account.week.span.end_ms)
    if account.confirm_ms is not None and account.confirm_ms > turn.now_ms:
        wake_ms = earliest(wake_ms, account.confirm_ms)
    if account.unconverted or account.waiting_flows:
        wake_ms = earliest(wake_ms, turn.now_ms - turn.now_ms % _RATE_EVERY_MS + _RATE_EVERY_MS)
    wake_ms = earliest(wake_ms, account.totals.due_ms)
    for due_ms in (
        account.hold_due_ms,
        account.rules.stale_data,
        half_open_ms(turn),
        refused_due_ms(account),
    ):
        if due_ms is not None and due_ms > turn.now_ms:
            wake_ms = earliest(wake_ms, due_ms)
    if account.rules.drift:
        wake_ms = earliest(wake_ms, drift_wake_ms(turn))
    if account.pending_exits:
        wake_ms = earliest(wake_ms, exits_again_ms(turn))
    return earliest(wake_ms, flatten_again_ms(turn)) if account.stops else wake_ms


def is_state_due(turn: Turn, begun: Account, *, wake_ms: int | None) -> bool:
    """Whether a row of account_states is owed after this event."""
    if begun.sequence == 1 or turn.trading_changed:
        return True
    last_ms = begun.state_sent_ms
    old = last_ms is None or turn.now_ms - last_ms >= _STATE_EVERY_MS
    if old:
        return True
    totals = turn.account.totals
    earlier = wake_ms is not None and (begun.wake_ms is None or wake_ms < begun.wake_ms)
    if earlier or totals.active != begun.totals.active:
        return True  # Broadcast must know what to watch and when to wake, however large the row.
    large = totals.active + totals.reservations > _LARGE_STATE
    return (turn.state_changed or wake_ms != begun.wake_ms) and not large
