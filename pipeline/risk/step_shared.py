"""Apply a `*` event, which changes the shared record of a partition and no single account."""

from msgspec.structs import replace

from pipeline.risk.account.account import Shared
from pipeline.risk.account.cause import Cause
from pipeline.risk.arrival import Arrival, Step
from pipeline.risk.boundaries import problem_of
from pipeline.risk.chain import chain, sources_after
from pipeline.risk.shared_record import apply_shared, shared_alert


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
    try:
        applied, alerts = apply_shared(begun, arrival.event, at_ms=arrival.at_ms)
    except Exception as error:  # noqa: BLE001  One bad `*` event must not end every worker for good.
        problem = problem_of(error)
        alerts = shared_alert(begun, Cause("internal_error", problem), at_ms=arrival.at_ms)
        return Step(None, begun, alerts, failed=problem)
    return Step(None, applied, alerts)
