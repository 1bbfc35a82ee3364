"""What an operator's control means for one account, and `*` controls that it has not seen yet."""

from pipeline.risk.account.account import STOPS_MAX, SharedResume, SharedStop
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.records import Stop
from pipeline.risk.control_times import end_of, timing_refusal
from pipeline.risk.ledger.cash import choose_cash
from pipeline.risk.on_limits import end_temporary
from pipeline.risk.resumes import end_stops, resume
from pipeline.risk.stops import Explanation, add_stop
from pipeline.risk.turn import Turn
from topics.controls import Control


def on_control(turn: Turn, control: Control, *, seen: bool) -> None:
    """Apply a control once; the id of a refused one can be used again."""
    refusal = _refusal(turn, control, seen=seen)
    if refusal is not None:
        turn.alert(Cause("control", f"{control.control_id} is ignored: {refusal}"))
        return
    stops_before = turn.account.halts.stops
    if control.command == "activate":  # It names `*`, or it does not decode.
        return
    if control.command == "acknowledge":
        if not _acknowledged(turn, control):
            return
    elif control.command == "resume":
        resume(turn, control.stop_id or "", Explanation(control.reason, control.author))
        if turn.account.halts.stops == stops_before:
            return
    elif len(stops_before) >= STOPS_MAX:
        turn.alert(Cause("control", f"{control.control_id} is ignored: too many stops are open"))
        return
    else:
        ends_ms = end_of(control, turn.now_ms)
        stop = Stop(turn.next_id(), control.command, "control", turn.now_ms, ends_ms=ends_ms)
        add_stop(turn, stop, Explanation(control.reason, control.author))
        turn.set_halts(tightened_ms=min(control.issued_at_ms, turn.at_ms))
    turn.remember_id("controls", f"control:{control.control_id}")


def _acknowledged(turn: Turn, control: Control) -> bool:
    """Alert that somebody looks at an open stop; nothing else changes. False: there is none."""
    is_open = any(stop.stop_id == control.stop_id for stop in turn.account.halts.stops)
    if not is_open:
        turn.alert(Cause("control", f"no open stop has the id {control.stop_id!r}"))
        return False
    by = f"{control.author}: {control.reason}"
    turn.alert(Cause("acknowledge", f"{control.stop_id} is acknowledged by {by}"))
    return True


def _refusal(turn: Turn, control: Control, *, seen: bool) -> str | None:
    if seen:
        return "it was already applied"
    return timing_refusal(
        control,
        now_ms=turn.now_ms,
        tightened_ms=turn.account.halts.tightened_ms,
        skew_ms_max=turn.limits.prices.clock_skew_ms_max,
    )


def end_what_is_over(turn: Turn) -> None:
    """End the stops and limits of the account that were made for a while."""
    end_stops(turn)
    end_temporary(turn)


def catch_up(turn: Turn) -> None:
    """Apply the `*` controls and documents since this account's last event."""
    shared, serial = turn.shared, turn.account.applied.shared_serial
    if serial == shared.serial:
        return
    if shared.limits_serial > serial:
        turn.state_changed = True
        turn.recheck_all = True
        choose_cash(turn)
    news: list[SharedStop | SharedResume] = [*shared.stops, *shared.resumes]
    for item in sorted(news, key=lambda item: item.serial):
        if item.serial > serial:
            _apply_shared(turn, item)
    turn.set_applied(shared_serial=shared.serial)


def _apply_shared(turn: Turn, item: SharedStop | SharedResume) -> None:
    if isinstance(item, SharedResume):
        if any(stop.stop_id == item.stop_id for stop in turn.account.halts.stops):
            resume(turn, item.stop_id, Explanation(item.reason, item.author))
        return
    if item.ends_ms is not None and item.ends_ms <= turn.now_ms:
        return  # It was over before the account had an event.
    stop = Stop(
        item.stop_id,
        item.strength,
        "control",
        turn.now_ms,
        everyone=True,
        ends_ms=item.ends_ms,
    )
    turn.set_halts(tightened_ms=item.tightened_ms)
    add_stop(turn, stop, Explanation(item.reason, item.author))
