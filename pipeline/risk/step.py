"""The two doors of the core: `wanted` names what to look up, `step` applies the event with it.

    recall = <look up>(wanted(account, shared, event, at_ms=...))
    step(account, shared, Arrival(event, ..., recall)) -> Step(account, shared, outputs)

Both are pure: time and what was looked up come with the event; what to remember is an output.
"""

from decimal import getcontext, localcontext
from typing import assert_never

from msgspec.structs import replace

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.identities import Remembered
from pipeline.risk.account.lookup import Lookup, Recall
from pipeline.risk.arrival import Arrival, Step
from pipeline.risk.boundaries import PartByPart, halt, leave_out, problem_of
from pipeline.risk.chain import chain, sources_after
from pipeline.risk.due import is_state_due, next_wake_ms, refresh_deadlines
from pipeline.risk.ledger.drift import adopt_due
from pipeline.risk.ledger.market import take_all
from pipeline.risk.ledger.roll import roll
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.numbers import MONEY
from pipeline.risk.on_account import on_account
from pipeline.risk.on_control import catch_up, end_what_is_over, on_control
from pipeline.risk.on_fill import on_fill
from pipeline.risk.on_limits import keep_sums, on_limits, report_defects
from pipeline.risk.on_order import expire, on_order
from pipeline.risk.on_position import on_position
from pipeline.risk.on_signal import on_signal
from pipeline.risk.outputs import Output, topic_of
from pipeline.risk.protection.after_event import protect
from pipeline.risk.protection.flatten import flatten
from pipeline.risk.protection.position_stops import send_exits
from pipeline.risk.recall import recall_seen, wanted
from pipeline.risk.shared_record import enlist
from pipeline.risk.step_shared import step_shared
from pipeline.risk.turn import Turn
from pipeline.risk.unaccepted import is_unaccepted, refuse_unaccepted
from pipeline.risk.uninvited import uninvited
from topics.events import (
    AccountEvent,
    ControlEvent,
    FillEvent,
    HeartbeatEvent,
    InstrumentsEvent,
    LimitsEvent,
    OrderEvent,
    PositionEvent,
    RevaluationEvent,
    SignalEvent,
)
from topics.fields import EVERYONE

__all__ = [
    "Arrival", "Lookup", "Output", "Recall", "Remembered", "Step", "step", "topic_of", "wanted",
]  # fmt: skip

_AGAIN_AFTER_FAILURE_MS = 60_000


def step(account: Account | None, shared: Shared, arrival: Arrival) -> Step:
    """Apply one event to its account, or to the shared record when it names `*`."""
    if getcontext() is MONEY:  # The worker set it once for its thread.
        return _step(account, shared, arrival)
    with localcontext(MONEY):
        return _step(account, shared, arrival)


def _step(account: Account | None, shared: Shared, arrival: Arrival) -> Step:
    event = arrival.event
    if event.account_id == EVERYONE:
        return step_shared(shared, arrival)
    known = account or Account(event.account_id)
    refused = uninvited(known, shared, event)
    sources = None if refused else sources_after(known.applied.sources, event)
    if sources is None:
        return Step(known, shared, repeated=True, refused=refused)
    known, shared = enlist(known, shared)
    begun = _begin(known, shared, arrival, sources=sources)
    if arrival.set_aside is not None:
        return _step_aside(begun, shared, arrival)
    try:
        return _step_account(begun, shared, arrival)
    except Exception as error:  # noqa: BLE001  Its state can no longer be trusted: halt it.
        return _step_apart(begun, shared, arrival, error=error)


def _begin(
    account: Account, shared: Shared, arrival: Arrival, *, sources: dict[str, int]
) -> Account:
    """Count the event, move the clock and chain the event to all before it."""
    before = account.applied
    news = shared.chain if shared.chain != before.shared_chain else ""
    applied = replace(
        before,
        sequence=before.sequence + 1,
        chain=chain(before.chain, arrival.content, arrival.at_ms, news=news),
        clock_ms=max(before.clock_ms, arrival.at_ms),
        sources=sources,
        shared_chain=shared.chain,
    )
    return replace(account, applied=applied)


def _step_account(begun: Account, shared: Shared, arrival: Arrival) -> Step:
    turn = _turn(begun, shared, arrival)
    keep_sums(turn)
    rolled = roll(turn)
    catch_up(turn)
    end_what_is_over(turn)
    if turn.recheck_all:
        expire(turn)
        adopt_due(turn)
    take_all(turn, arrival.event)
    _apply(turn, arrival)
    report_defects(turn)
    keep_sums(turn)
    protect(turn)
    flatten(turn)
    send_exits(turn)
    refresh_deadlines(turn)
    return _finish(turn, begun, wake_ms=next_wake_ms(turn), rolled=rolled)


def _step_apart(begun: Account, shared: Shared, arrival: Arrival, *, error: Exception) -> Step:
    """Apply an event that raised a second time, part by part, and halt the account."""
    parts = PartByPart(_turn(begun, shared, arrival))
    parts.run(arrival, _apply)
    if not parts.sound:  # An event that halts the account must not approve anything.
        parts = PartByPart(_turn(begun, shared, arrival), refuses=True)
        parts.run(arrival, _apply)
        halt(parts.turn, f"what follows from an event raised {problem_of(error)}")
    # Retry what raised when it became due only after a while, or it would repeat without end.
    wake_ms = parts.turn.now_ms + _AGAIN_AFTER_FAILURE_MS
    step = _finish(parts.turn, begun, wake_ms=wake_ms, rolled=parts.rolled)
    return replace(step, state_due=True, failed=parts.failed, raised=tuple(parts.raised))


def _step_aside(begun: Account, shared: Shared, arrival: Arrival) -> Step:
    """Apply nothing of an event, and halt the account."""
    turn = _turn(begun, shared, arrival)
    problem = leave_out(turn, arrival)
    step = _finish(turn, begun, wake_ms=turn.now_ms + _AGAIN_AFTER_FAILURE_MS, rolled=False)
    return replace(step, state_due=True, failed=problem)


def _turn(begun: Account, shared: Shared, arrival: Arrival) -> Turn:
    now_ms = begun.applied.clock_ms
    limits = limits_of(shared.limits.in_force_at(now_ms), begun.limits.in_force_at(now_ms))
    return Turn(begun, shared, limits, at_ms=arrival.at_ms)


def _apply(turn: Turn, arrival: Arrival) -> None:  # noqa: C901  One case per kind of event.
    event = arrival.event
    if is_unaccepted(turn.limits.account, event):
        refuse_unaccepted(turn, event)
        return
    seen = recall_seen(turn, event, arrival.recall)
    match event:
        case SignalEvent(body=signal, sessions=sessions):
            on_signal(turn, signal, seen=seen, sessions=sessions)
        case FillEvent(body=fill):
            on_fill(turn, fill, seen=seen, recall=arrival.recall)
        case OrderEvent(body=order):
            on_order(turn, order)
        case PositionEvent(body=snapshot):
            on_position(turn, snapshot)
        case AccountEvent(body=flow, rated_currencies=rated):
            on_account(turn, flow, seen=seen, rated=rated)
        case ControlEvent(body=control):
            on_control(turn, control, seen=seen)
        case LimitsEvent(body=document):
            on_limits(turn, document)
        case RevaluationEvent() | HeartbeatEvent() | InstrumentsEvent():
            pass  # The event's market data is applied already; the other types name `*`.
        case _:
            assert_never(event)


def _finish(turn: Turn, begun: Account, *, wake_ms: int | None, rolled: bool) -> Step:
    due = is_state_due(turn, begun, wake_ms=wake_ms)
    sent_ms = turn.now_ms if due else begun.deadlines.state_sent_ms
    kept = turn.account.deadlines
    if wake_ms != kept.wake_ms or sent_ms != kept.state_sent_ms:
        turn.set_deadlines(wake_ms=wake_ms, state_sent_ms=sent_ms)
    return Step(
        turn.account,
        turn.shared,
        tuple(turn.outputs),
        tuple(turn.remember),
        tuple(turn.forget),
        tuple(turn.fills),
        state_due=due,
        snapshot_due=rolled,
        refused=turn.refused,
        fill_match=turn.fill_match,
    )
