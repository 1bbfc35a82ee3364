"""A folder imports only what lies below it, in the core and in the shell; docs/architecture.md."""

import ast
from collections.abc import Iterator
from itertools import combinations

import pytest

from tests.test_architecture import ROOT, SOURCES, _imports, _module, _tree

CORE = "pipeline.risk"
SHELL = "pipeline.streams"
# Lowest first. A file of the core that says what one kind of input means, on_<input>, is on top.
FLOORS: dict[str, tuple[set[str], ...]] = {
    CORE: (
        {"numbers", "parameters", "outputs", "statistics", "structs", "unknown_check"},
        {"account"},
        {"valuation", "state", "chain", "arrival"},
        {"order"},
        {"rules"},
        {"limits"},
        {
            "baselines",
            "control_times",
            "gate",
            "recall",
            "resumes",
            "shared_record",
            "stops",
            "turn",
            "working_account",
        },
        {"ledger"},
        {"protection"},
        {
            "boundaries",
            "due",
            "release",
            "report",
            "report_currencies",
            "step",
            "step_shared",
            "unaccepted",
            "uninvited",
        },
    ),
    SHELL: (
        {
            "console_settings",
            "door_settings",
            "bound_settings",
            "observer",
            "places",
            "setting",
            "settings",
            "setting_values",
            "settings_table",
            "service_links",
            "role_names",
            "role_interface",
            "client_settings",
        },
        {"dead_letter", "input_groups", "observe", "clients"},
        {"engine"},
        {"tables"},
        {"admin"},
        {"roles"},
    ),
}
PACKAGES = pytest.mark.parametrize("package", sorted(FLOORS))


def _room(package: str, module: str) -> str:
    """Return the folder, or the file beside the folders, that a module belongs to."""
    return module.removeprefix(f"{package}.").split(".")[0]


def _floor(package: str, room: str) -> int:
    floors = FLOORS[package]
    if room.startswith("on_"):
        return len(floors) - 1
    return next(number for number, floor in enumerate(floors) if room in floor)


def _edges(package: str) -> Iterator[tuple[str, str]]:
    """Yield who imports whom, module by module; imports for type checking count."""
    folder = ROOT / package.replace(".", "/")
    for path in sorted(folder.glob("**/*.py")):
        for node in ast.walk(_tree(path)):
            name = node.module if isinstance(node, ast.ImportFrom) else None
            if name is not None and name.startswith(f"{package}."):
                yield _module(path), name


def _rooms(package: str) -> set[str]:
    return {_room(package, module) for edge in _edges(package) for module in edge}


@PACKAGES
def test_every_room_has_a_floor(package: str) -> None:
    rooms = {room for room in _rooms(package) if not room.startswith("on_")}

    assert rooms == set().union(*FLOORS[package])


@PACKAGES
def test_nothing_imports_from_a_floor_above_it(package: str) -> None:
    upward = [
        f"{module} imports {name}"
        for module, name in _edges(package)
        if _floor(package, _room(package, module)) < _floor(package, _room(package, name))
    ]

    assert upward == []


@PACKAGES
def test_no_two_rooms_import_each_other(package: str) -> None:
    edges = {(_room(package, module), _room(package, name)) for module, name in _edges(package)}

    assert [
        (one, two)
        for one, two in combinations(sorted(_rooms(package)), 2)
        if (one, two) in edges and (two, one) in edges
    ] == []


@PACKAGES
def test_every_module_is_imported_by_its_own_name(package: str) -> None:
    folder = ROOT / package.replace(".", "/")

    vague = [
        f"{path.name}:{node.lineno}"
        for path in sorted(folder.glob("**/*.py"))
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == package
    ]

    assert vague == []  # Else a room could be imported without being seen above.


def test_who_is_outside_enters_the_core_by_its_doors() -> None:
    """`step` and `wanted` of step.py; what only reads, as report.py and the limits, is open."""
    deciding = next(number for number, floor in enumerate(FLOORS[CORE]) if "turn" in floor)
    inner = set().union(*FLOORS[CORE][deciding:]) - {"step", "report", "boundaries"}

    entering = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in SOURCES
        if not path.is_relative_to(ROOT / "pipeline" / "risk")
        for name in _imports(path)
        if name.startswith(f"{CORE}.")
        if (room := _room(CORE, name)) in inner or room.startswith("on_")
    ]

    assert entering == []
