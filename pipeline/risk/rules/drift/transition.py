"""The grace period of a differing snapshot: the first starts it, an agreeing one ends it.

At its end the latest snapshot counts. By symbol; what acts is in pipeline/risk/ledger/drift.py.
"""

from msgspec.structs import replace

from pipeline.risk.account.account import POSITIONS_MAX
from pipeline.risk.account.rule_records import Drift

Drifts = dict[str, Drift]


def after_snapshot(drifts: Drifts, name: str, latest: Drift, *, differs: bool) -> Drifts:
    """Keep the latest snapshot while it differs; the first one sets when it is due."""
    known = drifts.get(name)
    if known is not None and latest.as_of_ms < known.as_of_ms:
        return drifts
    if not differs:
        return without(drifts, name)
    if known is None and len(drifts) > POSITIONS_MAX:
        return drifts
    return {**drifts, name: latest if known is None else replace(latest, due_ms=known.due_ms)}


def without(drifts: Drifts, name: str) -> Drifts:
    """End the grace period of a differing snapshot."""
    if name not in drifts:
        return drifts
    return {other: drift for other, drift in drifts.items() if other != name}


def due(drifts: Drifts, now_ms: int) -> list[str]:
    """Return the names whose grace period is over."""
    return [name for name, drift in drifts.items() if drift.due_ms <= now_ms]


def next_due_ms(drifts: Drifts, now_ms: int) -> int | None:
    """Return when the first grace period ends; one already over waits for a snapshot."""
    waits_ms = [drift.due_ms for drift in drifts.values()]
    return min((due_ms for due_ms in waits_ms if due_ms > now_ms), default=None)
