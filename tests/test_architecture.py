"""The house keeps its shape: imports go one way, the core is pure, sizes stay small, tests assert.

Each check reads the sources, so a new file is under it from its first day.
"""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from pipeline.risk.rules import RULES

ROOT = Path(__file__).parent.parent
PACKAGES = ("riskgate", "topics", "pipeline")
SOURCES = sorted(path for name in PACKAGES for path in ROOT.glob(f"{name}/**/*.py"))
OTHERS = ("bench", "ops", "tests")
PROGRAMS = sorted(path for name in OTHERS for path in ROOT.glob(f"{name}/**/*.py"))
TESTS = sorted(ROOT.glob("tests/**/test_*.py"))

# Top-level packages that a layer may import besides the standard library's pure part.
LAYERS: dict[str, tuple[str, ...]] = {
    "topics": ("topics",),
    "riskgate": ("topics", "riskgate"),
    "pipeline/risk": ("topics", "pipeline.risk"),
    "pipeline/streams": (
        "topics",
        "pipeline.risk",
        "pipeline.streams",
        "pipeline.errors",
        "riskgate.consumer_errors",
    ),
    "pipeline/replay": (
        "topics",
        "pipeline.risk",
        "pipeline.streams",
        "pipeline.replay",
        "pipeline.errors",
    ),
    "pipeline/backtest": (
        "topics",
        "pipeline.risk",
        "pipeline.streams",
        "pipeline.replay",
        "pipeline.report",
        "pipeline.paper",
        "pipeline.backtest",
        "pipeline.errors",
    ),
    "pipeline/archive": (
        "topics",
        "pipeline.risk",
        "pipeline.streams",
        "pipeline.replay",
        "pipeline.archive",
        "pipeline.errors",
    ),
    "pipeline/rebuild": (
        "topics",
        "pipeline.risk",
        "pipeline.streams",
        "pipeline.replay",
        "pipeline.rebuild",
        "pipeline.errors",
    ),
    "pipeline/repartition": (
        "topics",
        "pipeline.risk",
        "pipeline.streams",
        "pipeline.replay",
        "pipeline.rebuild",
        "pipeline.repartition",
        "pipeline.errors",
    ),
    "pipeline/budgets": (
        "topics",
        "pipeline.risk",
        "pipeline.streams",
        "pipeline.budgets",
        "pipeline.errors",
    ),
    "pipeline/outputs": (
        "topics",
        "pipeline.risk",
        "pipeline.streams",
        "pipeline.outputs",
        "pipeline.errors",
    ),
    "pipeline/console": (
        "topics",
        "pipeline.risk",
        "pipeline.streams",
        "pipeline.budgets",
        "pipeline.replay",
        "pipeline.outputs",
        "pipeline.web",
        "pipeline.console",
        "pipeline.errors",
    ),
    "pipeline/web": ("pipeline.streams", "pipeline.web", "pipeline.errors"),
    "pipeline/door": (
        "topics",
        "riskgate",
        "pipeline.streams",
        "pipeline.web",
        "pipeline.door",
        "pipeline.errors",
    ),
    "pipeline/verify": (
        "topics",
        "pipeline.risk",
        "pipeline.streams",
        "pipeline.replay",
        "pipeline.verify",
        "pipeline.errors",
    ),
    "pipeline/paper": (
        "topics",
        "riskgate",
        "pipeline.streams",
        "pipeline.paper",
        "pipeline.errors",
    ),
    "pipeline/report": (
        "topics",
        "pipeline.risk",
        "pipeline.streams",
        "pipeline.replay",
        "pipeline.outputs",
        "pipeline.report",
        "pipeline.errors",
    ),
}
NAMED_BY_DESIGN = {"pipeline.rules_version", "pipeline.cli.app"}
IMPURE = {
    "asyncio", "concurrent", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib",
    "random", "secrets", "shutil", "signal", "socket", "subprocess", "sys", "tempfile",
    "threading", "time", "urllib", "uuid",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input", "now", "utcnow", "today", "getenv", "float"}
PURE_LIBRARIES = {"msgspec"}
FUNCTION_LINES_MAX = 40
TEST_LINES_MAX = 20
HELPER_DUMP_MIN = 250  # As `ast.dump` writes it; what is shorter is a line.
NAME_WORDS = range(5, 13)  # Of a test's name, after `test_`.
DANGLING = {"a", "an", "and", "if", "of", "or", "that", "the", "when", "while"}
FILE_LINES_MAX = {
    "topics": 200,
    "pipeline/risk": 200,
    "riskgate": 300,
    "pipeline": 300,
    "ops": 300,
    "bench": 300,
}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _imports_to_load(path: Path) -> set[str]:
    """Return what a module imports while it is itself imported, none of it for types alone."""
    body = _tree(path).body
    return {node.module for node in body if isinstance(node, ast.ImportFrom) and node.module}


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _layer(path: Path) -> str | None:
    name = path.relative_to(ROOT).as_posix()
    return next((layer for layer in LAYERS if name.startswith(f"{layer}/")), None)


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _own(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in set(PACKAGES)


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_go_one_way_when_a_layer_uses_another(layer: str) -> None:
    allowed = LAYERS[layer]

    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in SOURCES
        if _layer(path) == layer
        for name in _imports(path)
        if _own(name)
        and name not in NAMED_BY_DESIGN
        and not any(name == prefix or name.startswith(f"{prefix}.") for prefix in allowed)
    ]

    assert wrong == []


def test_core_imports_nothing_impure_when_it_is_read() -> None:
    wrong = [
        f"{path.name} imports {name}"
        for path in ROOT.glob("pipeline/risk/**/*.py")
        for name in _imports(path)
        if name.split(".")[0] in IMPURE
        or (not _own(name) and name.split(".")[0] not in PURE_LIBRARIES | _standard())
    ]

    assert wrong == []


def test_core_calls_no_clock_no_file_and_no_float_when_it_is_read() -> None:
    wrong = [
        f"{path.name}:{node.lineno} calls {name}"
        for path in ROOT.glob("pipeline/risk/**/*.py")
        if "statistics" not in path.parts
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        for name in [getattr(node.func, "id", getattr(node.func, "attr", ""))]
        if name in IMPURE_CALLS
    ]

    assert wrong == []


def test_core_holds_no_float_when_it_is_read() -> None:
    wrong = [
        f"{path.name}:{node.lineno}"
        for path in ROOT.glob("pipeline/risk/**/*.py")
        if "statistics" not in path.parts
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]

    assert wrong == []


def test_one_file_knows_quixstreams_when_the_sources_are_read() -> None:
    knowing = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if any(name.split(".")[0] == "quixstreams" for name in _imports(path))
    }

    assert knowing == {"pipeline/streams/engine/application.py"}


def test_one_file_of_the_judge_calls_the_core_when_the_sources_are_read() -> None:
    core = ("pipeline.risk", "pipeline.replay", "pipeline.streams.roles")
    calling = {
        path.name
        for path in ROOT.glob("pipeline/verify/*.py")
        if any(name.startswith(core) for name in _imports(path))
    }

    assert calling == {"redecided.py"}  # All else is judged from outside.


def test_oracle_shares_no_code_with_the_program_when_it_is_read() -> None:
    own = "tests.oracle.model"
    shared = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in ROOT.glob("tests/oracle/model/**/*.py")
        for name in _imports(path)
        if name.split(".")[0] in {*PACKAGES, *OTHERS} and not name.startswith(f"{own}.")
    }

    assert shared == set()  # A second opinion: it reads the same JSON, and works alone.


def test_one_file_knows_the_calendars_when_the_sources_are_read() -> None:
    knowing = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if any(name.split(".")[0] == "exchange_calendars" for name in _imports(path))
    }

    assert knowing == {"pipeline/streams/tables/sessions.py"}


def test_commands_print_through_one_door_when_the_sources_are_read() -> None:
    others = [
        f"{path.name} has {call}"
        for path in ROOT.glob("pipeline/cli/*.py")
        if path.name != "terminal.py"
        for call in ("typer.echo(", "sys.stdout.write(", "print(")
        if re.search(rf"(?<![\w.]){re.escape(call)}", path.read_text())
    ]

    assert others == []  # What somebody sent is escaped there.


def test_one_file_starts_python_when_all_are_read() -> None:
    starting = {
        path.relative_to(ROOT).as_posix()
        for path in [*SOURCES, *PROGRAMS]
        for node in ast.walk(_tree(path))
        if getattr(node, "attr", getattr(node, "id", "")) in {"get_context", "executable"}
    }

    # The tests are of what happens when a person starts it.
    tests = {"tests/cli/test_strangers.py", "tests/streams/roles/test_processes.py"}
    assert starting == {"pipeline/streams/roles/children.py", *tests}


def test_nobody_consumes_batches_when_the_end_of_a_partition_is_an_event() -> None:
    """librdkafka counts that event as a message there, and skips a record after a pause."""
    settings = r"enable.partition.eof[\"=]|WITHOUT_COMMITS|operator_reader"
    wrong = [
        path.relative_to(ROOT).as_posix()
        for path in [*SOURCES, *PROGRAMS]
        if re.search(settings, text := path.read_text()) and re.search(r"\.consume\(", text)
    ]

    assert wrong == []


def _rule_of(module: str) -> str:
    return ".".join(module.split(".")[:4])


def test_no_rule_imports_a_rule_when_the_rules_are_read() -> None:
    shared = {f"pipeline.risk.rules.{name}" for name in ("loss_limit", "measure", "rule")}

    wrong = [
        f"{_module(path)} imports {name}"
        for path in ROOT.glob("pipeline/risk/rules/**/*.py")
        if _module(path) not in shared | {"pipeline.risk.rules"}
        for name in _imports(path)
        if name.startswith("pipeline.risk.rules") and name not in shared
        if not name.startswith(f"{_rule_of(_module(path))}.")  # A folder is one rule.
    ]

    assert wrong == []


def test_every_rule_has_a_file_of_tests_named_as_it_is_when_the_files_are_compared() -> None:
    tested = {path.stem.removeprefix("test_") for path in ROOT.glob("tests/spec/rules/test_*.py")}

    assert tested == set(RULES)


def test_every_rule_is_tested_as_turned_off_and_on_an_exit_when_its_tests_are_read() -> None:
    """An entry rule says what a proven exit does; every rule says what happens without it."""
    silent = [
        f"{rule}: nothing of {word}"
        for rule, kind in RULES.items()
        for word in ["turned_off", *(["exempt"] if kind.ENTRY else [])]
        if word not in (ROOT / f"tests/spec/rules/test_{rule}.py").read_text()
    ]

    assert silent == []


def test_no_module_of_the_core_needs_itself_when_the_imports_are_followed() -> None:
    graph = {_module(path): _imports_to_load(path) for path in ROOT.glob("pipeline/risk/**/*.py")}

    order = list(TopologicalSorter(graph).static_order())

    assert order.index("pipeline.risk.turn") < order.index("pipeline.risk.step")


def test_folders_of_the_core_import_nothing_when_they_are_read() -> None:
    importing = {
        path.parent.name
        for path in ROOT.glob("pipeline/risk/**/__init__.py")
        if list(_imports(path))
    }

    assert importing == {"rules"}  # It finds the rules.


def test_functions_stay_small_when_the_sources_are_read() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.name} has {_lines(node)} lines"
        for path in SOURCES
        for node in _functions(path)
        if _lines(node) > FUNCTION_LINES_MAX
    ]

    assert long == []


@pytest.mark.parametrize("folder", FILE_LINES_MAX)
def test_files_stay_small_when_the_sources_are_read(folder: str) -> None:
    limit = FILE_LINES_MAX[folder]

    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in ROOT.glob(f"{folder}/**/*.py")
        if (lines := len(path.read_text().splitlines())) > limit
    }

    assert long == {}


def test_tests_stay_small_when_they_are_read() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.name} has {_lines(node)} lines"
        for path in TESTS
        for node in _functions(path)
        if node.name.startswith("test_") and _lines(node) > TEST_LINES_MAX
    ]

    assert long == []


@pytest.mark.parametrize("folder", ["spec", "risk"])
def test_names_of_tests_are_sentences_when_they_are_read(folder: str) -> None:
    """It begins with its subject, ends with a word of weight, and is read in one breath."""
    wrong = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in ROOT.glob(f"tests/{folder}/**/test_*.py")
        for node in _functions(path)
        if node.name.startswith("test_")
        for words in [node.name.split("_")[1:]]
        if len(words) not in NAME_WORDS or words[0] == "when" or words[-1] in DANGLING
    ]

    assert wrong == []


def test_helpers_stand_in_one_file_when_the_tests_are_read() -> None:
    """What two files need belongs to given.py, spec/desks.py, a log or a conftest."""
    places: dict[str, set[str]] = {}
    for path in PROGRAMS:
        for node in _tree(path).body:
            if isinstance(node, ast.FunctionDef) and len(body := _body(node)) > HELPER_DUMP_MIN:
                places.setdefault(body, set()).add(f"{path.relative_to(ROOT)}:{node.name}")

    assert [sorted(found) for found in places.values() if len(found) > 1] == []


def test_every_test_asserts_when_it_is_read() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in TESTS
        for node in _functions(path)
        if node.name.startswith("test_") and not _asserts(node)
    ]

    assert silent == []


def test_no_test_is_skipped_when_they_are_read() -> None:
    skipped = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in TESTS
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"skip", "skipif", "xfail"}
    ]

    assert skipped == []


def test_every_module_says_what_it_is_when_it_is_read() -> None:
    silent = [path.relative_to(ROOT).as_posix() for path in SOURCES if not _said(path)]

    assert silent == []


def _body(node: ast.FunctionDef) -> str:
    """Return what a function does, whatever it is called and says of itself."""
    said = ast.get_docstring(node) is not None
    return "".join(ast.dump(line) for line in node.body[said:])


def _said(path: Path) -> bool:
    said = ast.get_docstring(_tree(path))
    return bool(said) and len(str(said).splitlines()) <= 7


def _asserts(node: ast.AST) -> bool:
    """Whether a test asserts: by `assert`, `pytest.raises` or `expect`, or by a named check."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert):
            return True
        if isinstance(inner, ast.Call):
            name = getattr(inner.func, "attr", getattr(inner.func, "id", ""))
            if name in {"raises", "fail", "expect"} or name.startswith("assert_"):
                return True
    return False


def _standard() -> set[str]:
    return {
        "array", "bisect", "collections", "dataclasses", "datetime", "decimal", "difflib",
        "functools", "hashlib", "importlib", "itertools", "math", "operator", "pkgutil",
        "statistics", "types", "typing", "zoneinfo",
    }  # fmt: skip
