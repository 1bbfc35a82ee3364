"""How long a snapshot that differs from ours waits: the first starts it, one that agrees ends it.

At its end the latest snapshot counts. By symbol; what acts is in pipeline/risk/ledger/drift.py.
"""

from msgspec.structs import replace

from pipeline.risk.account.account import POSITIONS_MAX
from pipeline.risk.account.rule_records import Drift

Drifts = dict[str, Drift]


def after_snapshot(drifts: Drifts, name: str, latest: Drift, *, differs: bool) -> Drifts:
    """Keep the latest snapshot of a name while it differs; the first one says when it is due."""
    known = drifts.get(name)
    if known is not None and latest.as_of_ms < known.as_of_ms:
        return drifts
    if not differs:
        return without(drifts, name)
    if known is None and len(drifts) > POSITIONS_MAX:
        return drifts
    return {**drifts, name: latest if known is None else replace(latest, due_ms=known.due_ms)}


def without(drifts: Drifts, name: str) -> Drifts:
    """End the wait of a differing snapshot."""
    if name not in drifts:
        return drifts
    return {other: drift for other, drift in drifts.items() if other != name}


def due(drifts: Drifts, now_ms: int) -> list[str]:
    """List the names whose wait is over."""
    return [name for name, drift in drifts.items() if drift.due_ms <= now_ms]


def next_due_ms(drifts: Drifts, now_ms: int) -> int | None:
    """When the first wait ends; one that is over waits for a snapshot."""
    waits_ms = [drift.due_ms for drift in drifts.values()]
    return min((due_ms for due_ms in waits_ms if due_ms > now_ms), default=None)
