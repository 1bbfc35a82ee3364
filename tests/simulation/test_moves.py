"""A partition that moves twice behind an open transaction keeps its state."""

from tests.simulation.moves import moved_twice
from tests.simulation.mutants import MUTANTS


def test_state_is_whole_when_a_partition_moves_behind_an_open_transaction() -> None:
    assert moved_twice(1) == []


def test_an_early_end_of_a_restore_is_found_when_a_partition_moves_twice() -> None:
    with MUTANTS["a restore stops at an open transaction"].make():
        found = moved_twice(1)

    # The heir ends the open transaction, so this restore loses no state: it never gets ready.
    assert "not every signal was decided" in found
