"""The parts of a running worker, put together.

Apart from application.py because none of them needs quixstreams.
"""

from typing import NamedTuple, Self

from pipeline.streams.clients.cluster import Cluster
from pipeline.streams.engine.checkpoint import Checkpoints, Keeper
from pipeline.streams.engine.loop import Clients, Hooks, Loop
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.takeover import Takeover
from pipeline.streams.role_interface import EngineSettings, Observer

__all__ = ["Parts"]


class Parts(NamedTuple):
    """What reads, what saves, and what takes partitions over."""

    loop: Loop
    checkpoints: Checkpoints
    takeover: Takeover

    @classmethod
    def of(  # noqa: PLR0913 - All that a worker consists of.
        cls,
        clients: Clients,
        settings: EngineSettings,
        *,
        keeper: Keeper,
        progress: Progress,
        hooks: Hooks,
        observer: Observer,
        cluster: Cluster,
    ) -> Self:
        """Put them together."""
        cluster.beat = hooks.beat
        checkpoints = Checkpoints(
            keeper, clients.sender, progress=progress, observer=observer, settings=settings
        )
        loop = Loop(clients, settings, progress=progress, checkpoints=checkpoints, hooks=hooks)
        takeover = Takeover(settings, cluster, progress=progress, clients=clients)
        return cls(loop, checkpoints, takeover)
