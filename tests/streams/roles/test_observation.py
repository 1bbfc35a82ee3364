"""What a worker's engine does, as metrics."""

import time
from pathlib import Path

import pytest

from pipeline.streams.clients.cluster import Bounds
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.start_checks import Start
from pipeline.streams.observe import metrics
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import EngineSettings, EngineStatus
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.observation import MeteredEngine, engine_health, state_bytes
from tests import given
from tests.streams.roles.decide.test_decide import Desk
from topics.events import Heartbeat, HeartbeatEvent, LimitsEvent

PLACE = ("risk.events", 2)
SETTINGS = EngineSettings(
    brokers="", group="risk", instance="one", topics=PLACE[:1], partitions={"risk.events": 4}
)


def ready(status: EngineStatus) -> float:
    """Return what is shown of a worker in this state."""
    engine_health(RoleName.RISK, status).show()
    return metrics.value("riskgate_ready", role="risk")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (EngineStatus(ready=True), 1),
        (EngineStatus(ready=False), 0),
        (EngineStatus(ready=False, idle_member=True), 0),
    ],
)
def test_worker_is_shown_as_ready_when_it_does_its_work(
    status: EngineStatus, expected: float
) -> None:
    assert ready(status) == expected


def test_recovery_is_shown_while_partitions_wait_for_their_state() -> None:
    engine_health(RoleName.RISK, EngineStatus(recovering_s=42.5)).show()

    assert metrics.value("riskgate_recovering_seconds") == 42.5


def test_recovery_takes_no_time_when_no_partition_waits() -> None:
    progress = Progress(Desk().role, clock_ahead_ms_max=60_000)
    now_s = time.monotonic()
    assert progress.recovering_s(now_s + 30) == 0

    progress.expect({PLACE: Start(*PLACE, None, Bounds(0, 0))}, SETTINGS, stateful=True)

    assert 30 <= progress.recovering_s(time.monotonic() + 30) < 40


def test_lag_is_that_of_the_partitions_owned_now_when_others_went() -> None:
    engine_health(RoleName.RISK, EngineStatus(lags={("risk.events", 1): 7})).show()
    engine_health(RoleName.RISK, EngineStatus(lags={("risk.events", 2): 9})).show()

    assert metrics.value("riskgate_lag_records", topic="risk.events", partition="1") == 0
    assert metrics.value("riskgate_lag_records", topic="risk.events", partition="2") == 9


def test_state_is_as_large_as_its_files_when_they_lie_in_folders(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    before = sum(path.lstat().st_size for path in tmp_path.rglob("*"))
    (tmp_path / "one").write_bytes(b"x" * 1000)
    (tmp_path / "deep" / "two").write_bytes(b"x" * 500)

    state_bytes(tmp_path)()

    assert metrics.value("riskgate_state_bytes") == before + 1500


def test_last_commit_is_now_when_one_succeeds() -> None:
    MeteredEngine(Tally(), RoleName.INGEST).committed(0.01, 5)

    last_s = metrics.value("riskgate_last_commit_timestamp_seconds", role="ingest")
    assert 0 <= time.time() - last_s < 60


def test_limits_version_and_heartbeat_age_are_shown_of_owned_partitions_only() -> None:
    desk = Desk()
    limits = LimitsEvent(account_id="*", body=given.limits({}, version=3))
    desk.apply(limits, HeartbeatEvent(account_id="*", body=Heartbeat()))

    desk.role.show()

    assert metrics.value("riskgate_limits_version", partition="2") == 3
    age_s = metrics.value("riskgate_heartbeat_age_seconds", partition="2")
    assert abs(age_s - (time.time() - given.T0_MS / 1000)) < 60
    assert metrics.value("riskgate_heartbeat_age_seconds", partition="1") == 0
