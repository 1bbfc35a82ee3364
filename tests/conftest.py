"""What holds for every test: children import what the tests do, the end is said in plain words, and
nothing is left in the root of the clone.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import PACKAGES, Program, found_programs, need

ROOT = Path(__file__).parent.parent
# Beside an installation the tests may be of a copy: mutants, say. Children look here, too.
os.environ["PYTHONPATH"] = str(ROOT)
MADE_IN_PASSING = {"__pycache__", "build", "mutants"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask each version of a program that there is."""
    for name in PACKAGES:
        if name in metafunc.fixturenames:
            programs = found_programs(name)
            names = [f"{name} {program.version}" for program in programs] or [f"no {name}"]
            metafunc.parametrize(name, programs or [None], ids=names, indirect=True)


@pytest.fixture
def promtool(request: pytest.FixtureRequest) -> Program:
    """Return one version of promtool."""
    return need("promtool", request.param)


@pytest.fixture
def amtool(request: pytest.FixtureRequest) -> Program:
    """Return one version of amtool."""
    return need("amtool", request.param)


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left() -> Iterator[None]:
    before = {path.name for path in ROOT.iterdir()}
    yield
    after = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    left = after - before - MADE_IN_PASSING
    assert not left, f"a test left {', '.join(sorted(left))} in {ROOT}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run of CI that skipped anything: there everything is installed."""
    if os.environ.get("CI") and _reports(session.config, "skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Iterator[None]:
    """Say last of all, in a few sentences, what became of the tests."""
    yield
    terminalreporter.section("in short")
    for sentence in _sentences(config):
        terminalreporter.line(sentence)


def _sentences(config: pytest.Config) -> Iterator[str]:
    counts = {what: len(_reports(config, what)) for what in ("passed", "failed", "error")}
    yield f"Passed: {counts['passed']:,}"
    if wrong := counts["failed"] + counts["error"]:
        yield f"Failed: {wrong:,}; each has a line above, and all that is known of it further up"
    skipped = Counter(map(_reason, _reports(config, "skipped")))
    for reason, count in skipped.items():
        yield f"Skipped: {count:,}; {reason}"
    if skipped and os.environ.get("CI"):
        yield "This is CI, where everything is installed: what is skipped counts as failed."


def _reports(config: pytest.Config, what: str) -> list[pytest.TestReport]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter.stats.get(what, []) if reporter else []


def _reason(report: pytest.TestReport) -> str:
    *_, reason = report.longrepr if isinstance(report.longrepr, tuple) else (str(report.longrepr),)
    return str(reason).removeprefix("Skipped: ")
