"""Programs that the tests call and Python does not bring: promtool and amtool, in each version that
there is.

On PATH, as a system's packages put them there, and in .cache/tools, where `make tools` builds them.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

__all__ = ["PACKAGES", "Program", "found_programs", "need"]

ROOT = Path(__file__).parent.parent
TOOLS = Path(os.environ.get("TOOLS", ROOT / ".cache" / "tools")).resolve()
# Debian's packages.
PACKAGES = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}


class Program(NamedTuple):
    """One version of a program."""

    path: str
    version: str

    def __call__(self, *arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run it with what it is given, and return what it says."""
        return subprocess.run(
            [self.path, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )


def found_programs(name: str) -> list[Program]:
    """Return every version of a program that there is, the system's first."""
    paths = [shutil.which(name), shutil.which(name, path=TOOLS / "bin")]
    found = [Program(path, _version(path)) for path in dict.fromkeys(paths) if path]
    return list({program.version: program for program in reversed(found)}.values())[::-1]


def need(name: str, program: Program | None) -> Program:
    """Return the program; skip the test, saying what to install, when there is none."""
    if program is None:
        pytest.skip(
            f"{name} is missing: install it with `apt-get install {PACKAGES[name]}`, "
            "or build it with Go: `make tools`"
        )
    return program


def _version(path: str) -> str:
    # Both say "…, version 2.42.0 (branch: …".
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    return (said.stdout + said.stderr).split("version ", 1)[1].split()[0]
