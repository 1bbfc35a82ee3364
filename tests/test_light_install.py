"""The base installation, in an environment of its own: the client, and no part of the gate."""

import json
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from venv import EnvBuilder

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from riskgate.__main__ import GATE

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
INSTALL_SECONDS_MAX = 300
FIRST_THINGS = """
import json, sys
from riskgate import Engine, Gate, Signal
Signal(account_id="acct-1", symbol="BTC-USD", side="buy", quantity="2")
import importlib.metadata
print(json.dumps({
    "loaded": sorted(sys.modules),
    "installed": sorted(found.name.lower() for found in importlib.metadata.distributions()),
}))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the Python of an environment that holds what the locks say of the base alone."""
    folder = tmp_path_factory.mktemp("light")
    EnvBuilder(with_pip=True).create(folder)
    program = str(folder / "bin" / "python")
    lock = folder / "base.lock"
    lock.write_text(_locked(PROJECT["dependencies"]))
    pip = [program, "-Pm", "pip", "--disable-pip-version-check", "install", "--quiet"]
    for what in (["hatchling"], ["-r", str(lock)], ["--no-build-isolation", str(ROOT)]):
        subprocess.run([*pip, *what], check=True, timeout=INSTALL_SECONDS_MAX, cwd=folder)
    return program


def _locked(wanted: list[str]) -> str:
    """Return these dependencies at the versions of the lock; what they need, pip chooses."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    names = {canonicalize_name(Requirement(each).name) for each in wanted}
    return "\n".join(
        line.removesuffix(" \\")
        for line in lines
        if "==" in line and canonicalize_name(line.partition("==")[0]) in names
    )


def _run(python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    folder = Path(python).parent
    return subprocess.run(
        [python, "-P", *arguments], capture_output=True, text=True, check=False, cwd=folder
    )


def test_client_works_and_loads_nothing_of_the_gate_when_only_the_base_is_there(
    python: str,
) -> None:
    done = _run(python, "-c", FIRST_THINGS)

    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert {"riskgate.gate", "riskgate.engine", "topics.signals"} <= {*found["loaded"]}
    assert {name.partition(".")[0] for name in found["loaded"]} & {*GATE, "pipeline"} == set()
    assert {*found["installed"]} & {"pandas", "numpy", "pydantic", "quixstreams", "typer"} == set()


@pytest.mark.parametrize("arguments", [[], ["run"], ["--help"]])
def test_command_says_what_to_install_when_the_gate_is_not_there(
    python: str, arguments: list[str]
) -> None:
    done = _run(python, "-m", "riskgate", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"riskgate: this is the client alone: the gate's commands need {', '.join(GATE)}; install "
        "riskgate with its extra gate, in a clone with: pip install '.[gate]'\n"
    )


def test_command_looks_for_every_package_of_the_extra_when_it_starts() -> None:
    wanted = {Requirement(each).name for each in PROJECT["optional-dependencies"]["gate"]}
    there = packages_distributions()

    looked_for = {canonicalize_name(name) for module in GATE for name in there[module]}

    # `ruamel` is a folder that the packages of one author share.
    assert {canonicalize_name(name) for name in wanted} <= looked_for
    assert len(GATE) == len(wanted)
