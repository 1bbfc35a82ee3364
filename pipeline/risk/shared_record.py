"""The shared record of a partition: heartbeats, limits and controls of `*`, sources of rates.

Every partition gets the same `*` events; partition 0 alone reports them.
"""

from msgspec.structs import replace

from pipeline.risk.account.account import (
    CONTROL_IDS_MAX,
    SHARED_STOPS_MAX,
    Account,
    Shared,
    SharedResume,
    SharedStop,
)
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.documents import Document
from pipeline.risk.account.rate_sources import apply_conflict
from pipeline.risk.account.records import Strength
from pipeline.risk.control_times import end_of, timing_refusal
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.limits.taking import next_document, unreported_defects, without_ended
from topics.alerts import Alert, Level
from topics.controls import Control
from topics.events import ControlEvent, Event, HeartbeatEvent, InstrumentsEvent, LimitsEvent
from topics.fields import EVERYONE, TEXT_MAX
from topics.limits import LimitsDocument


def apply_shared(shared: Shared, event: Event, *, at_ms: int) -> tuple[Shared, tuple[Alert, ...]]:
    """Apply a `*` event whose sequence and chain `shared` already carries."""
    shared, ended = _end_what_is_over(shared, at_ms=at_ms)
    shared, alerts = _apply(shared, event, at_ms=at_ms)
    return shared, (*ended, *alerts)


def _apply(shared: Shared, event: Event, *, at_ms: int) -> tuple[Shared, tuple[Alert, ...]]:
    match event:
        case HeartbeatEvent():
            return _report_defects(replace(shared, heartbeat_at_ms=shared.clock_ms), at_ms=at_ms)
        case LimitsEvent(body=document):
            return _apply_limits(shared, document, at_ms)
        case ControlEvent(body=control):
            return _apply_control(shared, control, at_ms)
        case InstrumentsEvent():
            shared, cause = apply_conflict(shared, event)
            return shared, shared_alert(shared, cause, at_ms=at_ms)
        case _:  # It concerns single accounts; a test lists these.
            return shared, ()


def _end_what_is_over(shared: Shared, *, at_ms: int) -> tuple[Shared, tuple[Alert, ...]]:
    """Forget stops whose time is over, which accounts lift themselves, and end temporary limits."""
    now_ms = shared.clock_ms
    if any(_is_over(stop, now_ms) for stop in shared.stops):
        stops = tuple(stop for stop in shared.stops if not _is_over(stop, now_ms))
        shared = replace(shared, stops=stops)
    document, ended = without_ended(shared.limits, now_ms)
    if ended is None:
        return shared, ()
    shared = replace(shared, limits=document)  # No news: accounts end it by their own clocks.
    return shared, shared_alert(shared, Cause("limits", ended), at_ms=at_ms)


def _is_over(stop: SharedStop, now_ms: int) -> bool:
    return stop.ends_ms is not None and stop.ends_ms <= now_ms


def _with_document(shared: Shared, document: Document) -> Shared:
    """Put the document of `*` in force, and let accounts see that there is news."""
    serial = shared.serial + 1
    return replace(shared, limits=document, limits_serial=serial, serial=serial)


def enlist(account: Account, shared: Shared) -> tuple[Account, Shared]:
    """Count a new account, so that broadcast knows how many rows to expect."""
    if account.applied.number:
        return account, shared
    number = shared.accounts + 1
    applied = replace(account.applied, number=number)
    return replace(account, applied=applied), replace(shared, accounts=number)


def _report_defects(shared: Shared, *, at_ms: int) -> tuple[Shared, tuple[Alert, ...]]:
    """Report the defects of the `*` document, once for each document and release."""
    cause = unreported_defects(
        limits_of(shared.limits.in_force, "{}").defects,
        reported=shared.limits_reported,
        judged=(judged := f"{shared.limits.version} {shared.rules_version}"),
    )
    if cause is None:
        return shared, ()
    shared = replace(shared, limits_reported=judged)
    return shared, shared_alert(shared, cause, at_ms=at_ms, level="high")


def _apply_limits(
    shared: Shared, document: LimitsDocument, at_ms: int
) -> tuple[Shared, tuple[Alert, ...]]:
    taken = next_document(shared.limits, document, below="{}", now_ms=shared.clock_ms)
    if taken.document is not None:
        shared = _with_document(shared, taken.document)
    cause = None if taken.reported is None else Cause("limits", taken.reported)
    return shared, shared_alert(shared, cause, at_ms=at_ms)


def _apply_control(
    shared: Shared, control: Control, at_ms: int
) -> tuple[Shared, tuple[Alert, ...]]:
    refusal = _refusal(shared, control)
    if refusal is not None:
        cause = Cause("control", f"{control.control_id} is ignored: {refusal}")
        return shared, shared_alert(shared, cause, at_ms=at_ms)
    match control.command:
        case "activate":
            return _activated(shared, control), ()
        case "resume":
            return _resumed(shared, control), ()
        case "acknowledge":  # It names one account, or it does not decode.
            return shared, ()
        case strength:
            return with_stop(shared, control, strength, at_ms=at_ms), ()


def _activated(shared: Shared, control: Control) -> Shared:
    """Let another release publish from this event on; for accounts that is no news."""
    control_ids = (*shared.control_ids, control.control_id)[-CONTROL_IDS_MAX:]
    return replace(shared, active_version=control.version or "", control_ids=control_ids)


def _resumed(shared: Shared, control: Control) -> Shared:
    shared = _counted(shared, control)
    resumed = SharedResume(shared.serial, control.stop_id or "", control.author, control.reason)
    stops = tuple(stop for stop in shared.stops if stop.stop_id != control.stop_id)
    resumes = (*shared.resumes, resumed)[-SHARED_STOPS_MAX:]
    return replace(shared, stops=stops, resumes=resumes)


def _counted(shared: Shared, control: Control) -> Shared:
    """Use up a control's id, and let accounts see that there is news."""
    control_ids = (*shared.control_ids, control.control_id)[-CONTROL_IDS_MAX:]
    return replace(shared, serial=shared.serial + 1, control_ids=control_ids)


def with_stop(shared: Shared, control: Control, strength: Strength, *, at_ms: int) -> Shared:
    """Stop every account under the id of a control."""
    shared = _counted(shared, control)
    stop = SharedStop(
        shared.serial,
        control.control_id,
        strength,
        control.author,
        control.reason,
        min(control.issued_at_ms, at_ms),
        end_of(control, shared.clock_ms),
    )
    return replace(shared, stops=(*shared.stops, stop), tightened_ms=stop.tightened_ms)


def _refusal(shared: Shared, control: Control) -> str | None:
    if control.control_id in shared.control_ids:
        return "it was already applied"
    skew_ms_max = limits_of(shared.limits.in_force, "{}").prices.clock_skew_ms_max
    untimely = timing_refusal(
        control,
        now_ms=shared.clock_ms,
        tightened_ms=shared.tightened_ms,
        skew_ms_max=skew_ms_max,
    )
    if untimely is not None:
        return untimely
    known = any(stop.stop_id == control.stop_id for stop in shared.stops)
    if control.command == "resume" and not known:
        return f"no open stop of all accounts has the id {control.stop_id!r}"
    tightens = control.command not in {"resume", "activate"}
    if tightens and len(shared.stops) >= SHARED_STOPS_MAX:
        return "too many stops of all accounts are open"
    return None


def shared_alert(
    shared: Shared, cause: Cause | None, *, at_ms: int, level: Level = "low"
) -> tuple[Alert, ...]:
    """Raise an alert about a `*` event, once for all partitions."""
    if cause is None or shared.partition != 0:
        return ()
    alert = Alert(
        alert_id=f"{EVERYONE}:{shared.sequence}:1",
        account_id=EVERYONE,
        level=level,
        rule=cause.rule,
        action="halt" if level == "critical" else "warn",
        message=cause.reason[:TEXT_MAX],
        sequence=shared.sequence,
        chain=shared.chain,
        rules_version=shared.rules_version,
        at_ms=at_ms,
    )
    return (alert,)
