"""Run roles: one in this process' main thread, several each in its own process."""

from collections.abc import Sequence

from pipeline.streams.logs import set_up_logs
from pipeline.streams.processes import run_each
from pipeline.streams.roles import RoleName
from pipeline.streams.settings import Settings
from pipeline.streams.topic_admin import require_topics

__all__ = ["run_role", "run_roles"]


def run_roles(roles: Sequence[RoleName]) -> int:
    """Run until SIGTERM or until one of the roles ends, and return the exit code."""
    settings = Settings.from_environment()
    distinct = list(dict.fromkeys(roles))
    require_topics(settings, distinct)
    if len(distinct) > 1:
        return run_each(distinct, settings, run=run_role)
    run_role(distinct[0], settings)
    return 0


def run_role(role: RoleName, settings: Settings) -> None:
    """Run one role in this thread until it is told to stop."""
    set_up_logs(settings)
    match role:
        case RoleName.INGEST:
            from pipeline.streams.ingest import run_ingest

            run_ingest(settings)
        case RoleName.RISK:
            from pipeline.streams.decide import run_risk

            run_risk(settings)
        case RoleName.BROADCAST:
            from pipeline.streams.broadcast import run_broadcast

            run_broadcast(settings)
