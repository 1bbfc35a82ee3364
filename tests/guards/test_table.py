"""The table of guards names what is in the source; `make mutants-guards` takes each out."""

from pathlib import Path

import pytest

from tests.guards.table import GUARDS, Guard

ROOT = Path(__file__).parent.parent.parent
NAMES = [guard.says for guard in GUARDS]


@pytest.mark.parametrize("guard", GUARDS, ids=NAMES)
def test_guard_is_in_the_source_once_and_its_tests_are_there(guard: Guard) -> None:
    assert (ROOT / guard.path).read_text().count(guard.text) == 1
    assert all((ROOT / test).exists() for test in guard.tests.split())


def test_each_guard_has_its_own_name() -> None:
    assert len(set(NAMES)) == len(NAMES)
