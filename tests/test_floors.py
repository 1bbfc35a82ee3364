"""The floors of the core: a folder imports only what lies below it; docs/architecture.md."""

from collections.abc import Iterator
from itertools import combinations

import pytest

from tests.test_architecture import ROOT, SOURCES, _imports, _module

CORE = "pipeline.risk"
FLOORS = (
    {"numbers", "parameters", "outputs", "statistics"},
    {"account"},
    {"valuation", "state", "chain", "arrival"},
    {"order"},
    {"rules"},
    {"limits"},
    {"turn", "gate", "stops", "baselines", "recall", "shared_record"},
    {"ledger"},
    {"protection"},
    {"boundaries", "due", "release", "report", "report_currencies", "step", "step_shared"},
)
FLOOR_OF = {name: number for number, floor in enumerate(FLOORS) for name in floor}
TOP = len(FLOORS) - 1
DECIDING = FLOOR_OF["turn"]


def _room(module: str) -> str:
    """Return the folder or the file directly in the core that a module belongs to.

    An import from the core itself, without naming the module, has no room: the first test fails.
    """
    return module.removeprefix(f"{CORE}.").split(".")[0]


def _floor(room: str) -> int:
    return TOP if room.startswith("on_") else FLOOR_OF[room]


def _edges() -> Iterator[tuple[str, str]]:
    """Yield who imports whom, module by module; imports for type checking count."""
    for path in sorted(ROOT.glob("pipeline/risk/**/*.py")):
        if path.parent.name == "risk" and path.name == "__init__.py":
            continue
        for name in _imports(path):
            if name.startswith(CORE):
                yield _module(path), name


def test_every_room_of_the_core_has_a_floor() -> None:
    rooms = {_room(module) for edge in _edges() for module in edge}

    assert {room for room in rooms if not room.startswith("on_")} == set(FLOOR_OF)


def test_nothing_imports_from_a_floor_above_it() -> None:
    upward = [
        f"{module} imports {name}"
        for module, name in _edges()
        if _floor(_room(module)) < _floor(_room(name))
    ]

    assert upward == []


def test_no_two_rooms_import_each_other() -> None:
    edges = {(_room(module), _room(name)) for module, name in _edges()}
    rooms = sorted({room for edge in edges for room in edge})

    assert [
        (one, two)
        for one, two in combinations(rooms, 2)
        if (one, two) in edges and (two, one) in edges
    ] == []


@pytest.mark.parametrize("name", sorted(FLOOR_OF))
def test_a_floor_names_only_what_is_there(name: str) -> None:
    core = ROOT / "pipeline" / "risk"

    assert (core / f"{name}.py").exists() != (core / name).is_dir()


def test_who_is_outside_enters_the_core_by_its_doors() -> None:
    """`step` and `wanted` of step.py; what only reads, as report.py and the limits, is open."""
    inner = set().union(*FLOORS[DECIDING:]) - {"step", "report", "boundaries"}

    entering = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in SOURCES
        if not path.is_relative_to(ROOT / "pipeline" / "risk")
        for name in _imports(path)
        if name.startswith(f"{CORE}.")
        if _room(name) in inner or _room(name).startswith("on_")
    ]

    assert entering == []
