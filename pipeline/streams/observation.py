"""What a worker's engine does, as metrics; and what its HTTP thread asks of it."""

from pipeline.streams import metrics
from pipeline.streams.broadcast import Broadcast
from pipeline.streams.engine import EngineStatus, Observer
from pipeline.streams.health import Health
from pipeline.streams.table_reader import TableReader
from pipeline.streams.tally import Tally

__all__ = ["MeteredEngine", "broadcast_health", "engine_health"]


class MeteredEngine(Observer):
    """Count commits, losses, recoveries and rebalances; show a tally once it is committed."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def committed(self, seconds: float, records: int) -> None:
        """Record a commit and show what it committed."""
        metrics.COMMIT_SECONDS.observe(seconds)
        metrics.COMMITTED.inc(records)
        self._tally.flush()

    def dropped(self, records: int) -> None:
        """Record a checkpoint thrown away; what it counted never happened."""
        self._tally.drop()
        if records:
            metrics.ABORTED.inc()

    def recovered(self, seconds: float) -> None:
        """Record a recovery from the changelog."""
        metrics.RECOVERY_SECONDS.observe(seconds)

    def rebalanced(self) -> None:
        """Record a new assignment."""
        metrics.REBALANCES.inc()


def engine_health(status: EngineStatus, reader: TableReader | None = None) -> Health:
    """Return what the HTTP thread asks of a worker, with tables or without."""

    def reasons() -> list[str]:
        late = [] if reader is None else reader.reasons_not_ready()
        return ([] if status.ready else ["no partitions are assigned and recovered yet"]) + late

    return Health(lambda: status.heartbeat_s, reasons, lambda: _show(status, reader))


def broadcast_health(broadcast: Broadcast, reader: TableReader) -> Health:
    """Return what the HTTP thread asks of broadcast."""

    def reasons() -> list[str]:
        return reader.reasons_not_ready() + broadcast.reasons_not_ready()

    def show() -> None:
        reader.show()
        broadcast.show()

    return Health(lambda: broadcast.heartbeat_s, reasons, show)


def _show(status: EngineStatus, reader: TableReader | None) -> None:
    metrics.LAG.clear()
    for (topic, partition), records in dict(status.lags).items():
        metrics.LAG.labels(topic, str(partition)).set(records)
    if reader is not None:
        reader.show()
