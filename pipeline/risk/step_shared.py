"""Apply a `*` event, which changes the shared record of a partition and no single account.

A control that riskgate fails on must not be lost: every account is halted under its id, as if the
operator had asked for a halt. An unneeded halt costs a resume; a lost one may cost the money.
"""

from msgspec import structs
from msgspec.structs import replace

from pipeline.risk.account.account import SHARED_STOPS_MAX, Shared
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.records import Strength
from pipeline.risk.arrival import Arrival, Step
from pipeline.risk.boundaries import problem_of
from pipeline.risk.chain import chain, sources_after
from pipeline.risk.shared_record import apply_shared, shared_alert, with_stop
from topics.controls import Control
from topics.events import ControlEvent


def step_shared(shared: Shared, arrival: Arrival) -> Step:
    """Apply one `*` event to a partition's shared record."""
    sources = sources_after(shared.sources, arrival.event)
    if sources is None:
        return Step(None, shared, repeated=True)
    begun = replace(
        shared,
        sequence=shared.sequence + 1,
        chain=chain(shared.chain, arrival.content, arrival.at_ms),
        clock_ms=max(shared.clock_ms, arrival.at_ms),
        sources=sources,
    )
    if arrival.set_aside is not None:
        return _leave_out(begun, arrival, arrival.set_aside)
    try:
        applied, alerts = apply_shared(begun, arrival.event, at_ms=arrival.at_ms)
    except Exception as error:  # noqa: BLE001  One bad `*` event must not end every worker for good.
        return _leave_out(begun, arrival, problem_of(error))
    return Step(None, applied, alerts)


def _leave_out(begun: Shared, arrival: Arrival, problem: str) -> Step:
    """Apply nothing of a `*` event, except that a control still halts every account."""
    event, at_ms = arrival.event, arrival.at_ms
    if not isinstance(event, ControlEvent):
        alerts = shared_alert(begun, Cause("internal_error", problem), at_ms=at_ms)
        return Step(None, begun, alerts, failed=problem)
    halted = _halt_everyone(begun, event.body, at_ms=at_ms)
    done = "no account changes" if halted is begun else "every account is stopped"
    cause = Cause("internal_error", f"{event.body.control_id} is not applied, {done}: {problem}")
    alerts = shared_alert(halted, cause, at_ms=at_ms, level="critical")
    return Step(None, halted, alerts, failed=problem)


def _halt_everyone(shared: Shared, control: Control, *, at_ms: int) -> Shared:
    """Stop every account under the id of a control that cannot be applied, at least by a halt.

    A resume lifts nothing then, an activate changes no release, and a control that acted before
    does not act again. Expiry is not judged: that may be what raised.
    """
    known = control.control_id in shared.control_ids
    loosens = control.command in {"resume", "activate", "acknowledge"}
    if known or loosens or len(shared.stops) >= SHARED_STOPS_MAX:
        return shared
    strength: Strength = "flatten" if control.command == "flatten" else "halt"
    lasting = structs.replace(control, duration_ms=None)  # What raised has to be looked at first.
    return with_stop(shared, lasting, strength, at_ms=at_ms)
