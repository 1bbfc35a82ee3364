"""Run roles: one in this process's main thread, or several in a process each."""

import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial

from pipeline.streams.admin.topic_admin import require_topics
from pipeline.streams.engine.clean_end import Life, noted_life
from pipeline.streams.engine.last_stops import Cause, note_stop
from pipeline.streams.observe.logs import set_up_logs
from pipeline.streams.observe.probes import Probes
from pipeline.streams.role_interface import LogChanged, Stopped
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.children import python_command
from pipeline.streams.roles.leaving import exit_on_sigterm
from pipeline.streams.roles.processes import FAILED, run_each
from pipeline.streams.settings import Settings
from topics.text import visible

__all__ = ["run_role", "run_roles"]

GUARD = "pipeline.streams.engine.guarded_child"


def run_roles(roles: Sequence[RoleName]) -> int:
    """Run until SIGTERM or until one of the roles exits; return the exit code."""
    settings = Settings.from_environment()
    distinct = list(dict.fromkeys(roles))
    require_topics(settings, distinct)
    if len(distinct) > 1:
        return run_each(distinct, settings, run=run_role)
    return run_role(distinct[0], settings)


def run_role(role: RoleName, settings: Settings) -> int:
    """Run one role in this thread until SIGTERM and return the exit code."""
    set_up_logs(settings)
    exit_on_sigterm()
    # Imported here because roles import quixstreams, which their parent process does not need.
    from pipeline.streams.roles import workers
    from pipeline.streams.roles.lives import Lives

    run = {
        RoleName.INGEST: workers.run_ingest,
        RoleName.RISK: workers.run_risk,
        RoleName.BROADCAST: workers.run_broadcast,
    }
    try:
        with noted_life(settings.own_state_dir, role) as is_unclean, closing(Probes()) as probes:
            life = Life(tuple(python_command("-m", GUARD)), is_unclean=is_unclean)
            live = partial(run[role], settings, life=life, probes=probes)
            Lives(role, settings, probes).run(live)
    except Stopped as error:
        if isinstance(error, LogChanged):
            note_stop(settings.own_state_dir, Cause.LOG_CHANGED)
        sys.stderr.write(f"riskgate: {role} stopped: {visible(str(error))}\n")
        return FAILED
    return 0
