"""The simulation finds known mistakes; `make mutants` tries them all, and more seeds."""

import pytest

from tests.simulation.mutants import MUTANTS, first_caught
from tests.simulation.world import World, run

FOUND = {  # And the seed that shows it today; else one of the first ten must.
    "a lost checkpoint is kept": 24,
    "commits name no member": 12,
    "the disk is written before the commit": 3,
    "offsets are committed one too far": 1,
    "deliveries are counted over all partitions": 24,
    "what is decided again is not sent": 1,
    "decisions go by the worker's clock": 0,
    "stops are kept in memory only": 1,
    "the peak is lost on a restore": 1,
    "reservations are lost on a restore": 1,
}

WORLDS = list(dict.fromkeys((seed, MUTANTS[name].world) for name, seed in FOUND.items()))


@pytest.mark.parametrize("name", FOUND)
def test_a_mistake_is_found_when_it_is_made(name: str) -> None:
    assert first_caught(name, [FOUND[name], *range(10)]) is not None


@pytest.mark.parametrize(("seed", "world"), WORLDS)
def test_nothing_is_found_in_the_same_world_when_no_mistake_is_made(
    seed: int, world: World
) -> None:
    assert run(seed, world).violations == []
