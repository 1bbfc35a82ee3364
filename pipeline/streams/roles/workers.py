"""Wire each role to its engine, tables, metrics and health, and run it."""

import decimal
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import version

from pipeline.risk.numbers import MONEY
from pipeline.rules_version import rules_version
from pipeline.streams.clients.append_time import require_append_time
from pipeline.streams.engine.applications import IngestApplication, RiskApplication
from pipeline.streams.engine.clean_end import Life
from pipeline.streams.engine.ending import ended_whole
from pipeline.streams.engine.garbage import Garbage, collect_all
from pipeline.streams.engine.last_stops import Cause, note_stop, show_stops
from pipeline.streams.engine.watchdog import Watchdog
from pipeline.streams.input_groups import OTHERS
from pipeline.streams.observe import metrics
from pipeline.streams.observe.health import TURN_SECONDS_MAX, Health
from pipeline.streams.observe.probes import Probes
from pipeline.streams.observe.tally import Tally, show_zeros
from pipeline.streams.role_interface import EngineSettings, EngineStatus
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.broadcast.broadcast import Broadcast
from pipeline.streams.roles.decide.decide import DECIDED, Risk, questions_of
from pipeline.streams.roles.ingest.ingest import IngestOfOthers, rank_of
from pipeline.streams.roles.ingest.operators import OperatorsIngest
from pipeline.streams.roles.observation import (
    MeteredEngine,
    broadcast_health,
    engine_health,
    state_bytes,
)
from pipeline.streams.settings import Settings
from pipeline.streams.tables.guard import TableGuard
from pipeline.streams.tables.reader import TableReader
from pipeline.streams.tables.tables import Tables
from topics.catalogue import TOPICS

__all__ = ["run_broadcast", "run_ingest", "run_risk"]

FIRST_LIFE = Life()
STALL_SECONDS_MAX = TURN_SECONDS_MAX  # The same bound as /livez.


def run_risk(settings: Settings, *, probes: Probes, life: Life = FIRST_LIFE) -> None:
    """Decide until SIGTERM. Raise Stopped when the worker must not continue."""
    _show_start(RoleName.RISK)
    decimal.setcontext(MONEY)  # For this thread, which decides everything.
    show_zeros()
    tally = Tally()
    engine = engine_settings(settings, RoleName.RISK, (settings.topic("events"),), life=life)
    application = RiskApplication(engine, observer=MeteredEngine(tally, RoleName.RISK))
    role = Risk(
        settings,
        produce=application.produce,
        produce_with_state=application.produce_with_state,
        tally=tally,
        questions=questions_of(settings, on_heard=application.heard),
    )
    shown, status = (role.show, state_bytes(settings.own_state_dir)), application.status
    garbage = Garbage(lambda: bool(status.assigned))
    with (
        _health(settings, engine_health(RoleName.RISK, status, *shown), probes),
        ended_whole(application, is_mended=settings.sessions_mended_max > 0),
        _watched(settings, RoleName.RISK, status) as watchdog,
    ):
        status.beat = partial(_beat, watchdog, garbage)
        application.serve(role)


def run_ingest(settings: Settings, *, probes: Probes, life: Life = FIRST_LIFE) -> None:
    """Write events until SIGTERM. Raise Stopped when the tables fail."""
    _show_start(RoleName.INGEST)
    collect_all()  # Else a later collection of all that was imported delays events.
    tally, tables = Tally(), Tables(settings)
    names = (*(topic.name for topic in OTHERS), *settings.further_topics)
    ranks = {settings.topic(name): rank_of(name) for name in names}
    engine = replace(
        engine_settings(settings, RoleName.INGEST, tuple(ranks), life=life), ranks=ranks
    )
    application = IngestApplication(engine, observer=MeteredEngine(tally, RoleName.INGEST))
    reader = TableReader(
        settings, tables, on_failure=application.stop, guard=_table_guard(settings, life)
    )
    role = IngestOfOthers(settings, tables, produce=application.produce, tally=tally)
    status = application.status
    operators = OperatorsIngest(settings, engine, on_failure=application.stop)

    def beat() -> None:
        operators.check()
        status.last_turn_s = time.monotonic()

    health = engine_health(RoleName.INGEST, status, reader=reader, beside=operators.status)
    with (
        _health(settings, health, probes),
        ended_whole(application, operators, is_mended=settings.sessions_mended_max > 0),
        reader,
    ):
        require_append_time(settings)
        with operators:
            reader.await_caught_up(beat)
            with _watched(settings, RoleName.INGEST, status) as watchdog:
                operators.status.beat = watchdog.beat_of("thread of controls and limits")
                application.serve(role)
        operators.check()
        reader.check()


def run_broadcast(settings: Settings, *, probes: Probes, life: Life = FIRST_LIFE) -> None:
    """Send heartbeats and revaluations until SIGTERM. Raise Stopped when the tables fail."""
    _show_start(RoleName.BROADCAST)
    collect_all()  # Else a later collection of all that was imported delays events.
    tables = Tables(settings)
    guard = _table_guard(settings, life)
    broadcast = Broadcast(settings, tables, guard=guard)
    reader = TableReader(settings, tables, on_failure=broadcast.stop, guard=guard)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: broadcast.stop())
    with _health(settings, broadcast_health(broadcast, reader), probes), reader:
        broadcast.serve(reader)


def engine_settings(
    settings: Settings, role: RoleName, topics: tuple[str, ...], *, life: Life = FIRST_LIFE
) -> EngineSettings:
    """Return the settings of a role's engine."""
    used = [topic for topic in TOPICS.values() if role in {*topic.writers, *topic.readers}]
    return EngineSettings(
        brokers=settings.brokers,
        group=settings.role_group(role),
        instance=settings.instance,
        topics=topics,
        partitions=dict.fromkeys(topics)
        | {
            settings.topic(topic.name): settings.partitions if topic.copartitioned else None
            for topic in used
        },
        state_dir=settings.own_state_dir,
        stop_levels=life.stop_levels if life.is_unclean else (),
        security=settings.connection(),
        checkpoint_interval_ms=settings.checkpoint_interval_ms,
        outputs=tuple(map(settings.topic, DECIDED)) if role is RoleName.RISK else (),
        standby=settings.standby if role is RoleName.RISK else "off",
        transaction_timeout_ms=settings.transaction_timeout_ms,
        session_timeout_ms=settings.session_timeout_ms,
        # Ingest has no state, so waiting for its return would gain nothing.
        leave_at_end=role is RoleName.INGEST or settings.at_end == "leave",
    )


def _table_guard(settings: Settings, life: Life) -> TableGuard | None:
    if not life.stop_levels:
        return None
    return TableGuard(life.stop_levels, settings.own_state_dir, is_unclean=life.is_unclean)


@contextmanager
def _watched(settings: Settings, role: RoleName, status: EngineStatus) -> Iterator[Watchdog]:
    """Exit the process, and record the cause, if the engine's thread is stuck."""
    folder = settings.own_state_dir
    show_stops(folder)
    stalled = partial(note_stop, folder, Cause.STALLED)
    with Watchdog(role.value, seconds_max=STALL_SECONDS_MAX, on_end=stalled) as watchdog:
        status.beat = watchdog.beat
        yield watchdog


def _beat(watchdog: Watchdog, garbage: Garbage) -> None:
    watchdog.beat()
    garbage.turn()


def _show_start(role: RoleName) -> None:
    metrics.BUILD.labels(version("riskgate-kafka"), rules_version()).set(1)
    metrics.UP_SINCE.labels(role.value).set_to_current_time()


def _health(settings: Settings, health: Health, probes: Probes) -> AbstractContextManager[object]:
    return probes.showing(health, host=settings.http_host, port=settings.http_port)
