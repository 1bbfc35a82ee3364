"""Packages of other people that are called as riskgate's: never imported, and named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.streams.roles.children import riskgate_command

SCRIPT = str(Path(sys.executable).with_name("riskgate"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a project with a `pipeline`, a `topics` and a `signal.py` of its own."""
    for name in ("pipeline/__init__.py", "pipeline/__main__.py", "topics/__init__.py", "signal.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"print('{name} of somebody else')\n")
    return tmp_path


def run(
    command: list[str], folder: Path, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = path
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", [[SCRIPT], riskgate_command()], ids=["script", "child"])
def test_command_is_riskgates_own_when_a_folder_has_such_packages(
    folder: Path, command: list[str]
) -> None:
    done = run([*command, "--version"], folder)

    assert (done.returncode, done.stdout, done.stderr) == (0, "riskgate 0.1.0, pure core\n", "")


@pytest.mark.parametrize("name", ["pipeline", "topics"])
def test_stranger_is_named_when_the_path_puts_it_first(folder: Path, name: str) -> None:
    ours, theirs = folder / name, folder / "theirs" / name
    theirs.parent.mkdir()
    ours.rename(theirs)

    done = run([SCRIPT, "--version"], folder, path=str(theirs.parent))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"riskgate: Python would import the package {name!r} from {theirs}/__init__.py, which is "
        "not riskgate's; start it in another folder, or remove that one from PYTHONPATH\n"
    )


def test_stranger_is_named_when_python_is_started_beside_it(folder: Path) -> None:
    for name in ("pipeline/__init__.py", "pipeline/__main__.py", "signal.py"):
        (folder / name).unlink()
    (folder / "pipeline").rmdir()

    done = run([sys.executable, "-m", "pipeline", "--version"], folder)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("riskgate: Python would import the package 'topics' from")


def test_module_is_named_when_it_is_called_as_a_package(tmp_path: Path) -> None:
    (tmp_path / "topics.py").write_text("")

    done = run([SCRIPT, "--version"], tmp_path, path=".")

    assert done.returncode == 2
    assert f"'topics' from {tmp_path}/topics.py, which" in done.stderr
