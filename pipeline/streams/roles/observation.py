"""A worker's metrics and health, for its engine and its HTTP thread."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pipeline.streams.observe import metrics
from pipeline.streams.observe.health import Health
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import EngineStatus, Observer
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.broadcast.broadcast import Broadcast
from pipeline.streams.tables.reader import TableReader

__all__ = ["MeteredEngine", "broadcast_health", "engine_health", "state_bytes"]

IDLE_MEMBER = "an idle member of the group, since there are more workers than partitions"


class MeteredEngine(Observer):
    """Count commits, losses, recoveries and rebalances; show a tally once it is committed."""

    def __init__(self, tally: Tally, role: RoleName) -> None:
        self._tally = tally
        self._last_commit = metrics.LAST_COMMIT.labels(role.value)

    def committed(self, seconds: float, records: int) -> None:
        """Record a commit and publish its counts."""
        metrics.COMMIT_SECONDS.observe(seconds)
        metrics.COMMITTED.inc(records)
        self._last_commit.set_to_current_time()
        self._tally.flush()

    def dropped(self, records: int) -> None:
        """Record a dropped checkpoint, and drop its counts."""
        self._tally.drop()
        if records:
            metrics.ABORTED.inc()

    def recovered(self, seconds: float) -> None:
        """Record a recovery from the changelog."""
        metrics.RECOVERY_SECONDS.observe(seconds)

    def overwritten(self, partitions: int) -> None:
        """Record when group offsets were last older than the state."""
        del partitions  # The log names them.
        metrics.STALE_OFFSET.set_to_current_time()

    def rebalanced(self) -> None:
        """Record a new assignment."""
        metrics.REBALANCES.inc()


def engine_health(
    role: RoleName,
    status: EngineStatus,
    *more: Callable[[], None],
    reader: TableReader | None = None,
    beside: EngineStatus | None = None,
) -> Health:
    """Return the health of a worker, with or without tables; `more` updates further gauges.

    `beside` is the engine of controls and limits in ingest.
    """
    statuses = [status] if beside is None else [status, beside]

    def reasons() -> list[str]:
        late = [] if reader is None else reader.reasons_not_ready()
        begun = all(each.ready or each.idle_member for each in statuses)
        return ([] if begun else ["no partitions are assigned and recovered yet"]) + late

    def show() -> None:
        _show_ready(role, works=not reasons() and not status.idle_member)
        _show(statuses)
        for show_more in more:
            show_more()
        if reader is not None:
            reader.show()

    return Health(
        lambda: min(each.last_turn_s for each in statuses if each.last_turn_s or each is status),
        reasons,
        show,
        lambda: [IDLE_MEMBER] if status.idle_member else [],
    )


def broadcast_health(broadcast: Broadcast, reader: TableReader) -> Health:
    """Return the health of broadcast."""

    def reasons() -> list[str]:
        return reader.reasons_not_ready() + broadcast.reasons_not_ready()

    def show() -> None:
        _show_ready(RoleName.BROADCAST, works=not reasons())
        reader.show()
        broadcast.show()

    return Health(
        lambda: broadcast.last_turn_s,
        reasons,
        show,
        lambda: [IDLE_MEMBER] if broadcast.is_idle_member else [],
    )


def state_bytes(folder: Path) -> Callable[[], None]:
    """Return a function that updates the metric of the state's size on disk."""

    def show() -> None:
        sizes = 0
        for path in folder.rglob("*"):
            with suppress(FileNotFoundError):  # The store may replace files meanwhile.
                sizes += path.lstat().st_size
        metrics.STATE_BYTES.set(sizes)

    return show


def _show_ready(role: RoleName, *, works: bool) -> None:
    metrics.READY.labels(role.value).set(works)


def _show(statuses: list[EngineStatus]) -> None:
    metrics.RECOVERING_SECONDS.set(max(status.recovering_s for status in statuses))
    metrics.LAG.clear()
    metrics.COPY_LAG.clear()
    for status in statuses:
        for number, records in dict(status.copies).items():
            metrics.COPY_LAG.labels(str(number)).set(records)
        for (topic, partition), records in dict(status.lags).items():
            metrics.LAG.labels(topic, str(partition)).set(records)
