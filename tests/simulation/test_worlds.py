"""Risk's own worker on a simulated Kafka: whatever a seed draws, what must hold holds.

A seed that failed once stays here, whatever else runs.
"""

import pytest

from tests.simulation.deployment import Terms
from tests.simulation.faults import Profile
from tests.simulation.world import World, run

CALM = World(Profile(), workers=1, terms=Terms(), seconds=20.0, whole=False)
SEEDS = range(30)  # `make simulate` runs more.
POINTS = {
    "begin_transaction": 2,
    "before send_offsets": 2,
    "after send_offsets": 2,
    "before flush": 2,
    "after flush": 2,
    "before commit": 2,
    "after commit": 2,
    "before disk": 2,
    "after disk": 2,
    "produce": 30,
    "consume": 40,
    "before list_topics": 1,
    "after init_transactions": 1,
    "after committed": 1,
    "assign": 1,
    "seek": 1,
}


def test_everything_is_decided_as_the_core_decides_when_nothing_fails() -> None:
    report = run(1, CALM)

    assert report.violations == []
    assert report.signals > 20
    assert report.lives == 1
    assert report.doubles == 0


def test_equal_seeds_give_equal_logs_when_faults_happen() -> None:
    first, second = run(7), run(7)

    assert first.faults
    assert first == second


def test_other_seeds_give_other_logs_when_nothing_fails() -> None:
    assert run(1, CALM).digest != run(2, CALM).digest


@pytest.mark.parametrize("wiped", [0.0, 1.0], ids=["disk kept", "disk lost"])
@pytest.mark.parametrize("point", POINTS)
def test_nothing_is_lost_or_forked_when_a_worker_dies_there(point: str, wiped: float) -> None:
    world = CALM._replace(profile=Profile(wiped=wiped), kills_at={point: POINTS[point]})

    report = run(5, world)

    assert report.violations == []
    assert report.faults[f"kill {point}"] == 1
    assert report.lives == 2


@pytest.mark.parametrize("wiped", [0.0, 1.0], ids=["disk kept", "disk lost"])
def test_nothing_is_lost_when_a_worker_dies_while_it_restores(wiped: float) -> None:
    kills_at = {"after commit": 4, "restore": 3}

    report = run(5, CALM._replace(profile=Profile(wiped=wiped), kills_at=kills_at))

    assert report.violations == []
    assert report.lives == 3


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_violated_when_a_seed_draws_its_faults(seed: int) -> None:
    assert run(seed).violations == []


def test_all_roles_work_on_each_other_when_nothing_fails() -> None:
    report = run(2, World(Profile(), workers=1, terms=Terms(), seconds=20.0, whole=True))

    assert report.violations == []
    assert report.signals > 20
    assert report.lives == 5
