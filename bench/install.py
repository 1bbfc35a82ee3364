"""`make bench-install`: what the client alone takes: megabytes on disk, and the time of its import.

Installs this clone without extras, as a strategy or an engine would, at the versions of the lock.
"""

import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from venv import EnvBuilder

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
ROUNDS = 15
MIB = 1024 * 1024
IMPORT = "from riskgate import Engine, Gate, Signal"
NOT_OURS = ("pip", "setuptools", "pkg_resources", "distutils", "_distutils_hack")


def main() -> None:
    """Install, measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        python = _installed(Path(folder))
        sizes = _sizes(Path(folder))
        nothing, client = (_seconds(python, code) for code in ("pass", IMPORT))
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        _say(f"{size / MIB:6.1f} MiB  {name}")
    _say(f"{sum(sizes.values()) / MIB:6.1f} MiB  in all")
    _say(f"{client - nothing:6.2f} s    {IMPORT}, beside {nothing:.2f} s of Python itself")


def _installed(folder: Path) -> Path:
    """Return the Python of a new environment with the client in it."""
    EnvBuilder(with_pip=True).create(folder)
    python = folder / "bin" / "python"
    lock = folder / "base.lock"
    lock.write_text(_locked())
    pip = [str(python), "-Pm", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--constraint", str(lock), str(ROOT)], check=True, cwd=folder)
    return python


def _locked() -> str:
    """Return the lock's versions of what the client needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {canonicalize_name(Requirement(each).name) for each in project["dependencies"]}
    lines = [
        line.removesuffix(" \\") for line in (ROOT / "requirements.lock").read_text().splitlines()
    ]
    return "\n".join(
        line
        for line in lines
        if "==" in line and canonicalize_name(line.partition("==")[0]) in wanted
    )


def _sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of each package, without what comes with any environment."""
    packages = next((folder / "lib").glob("python*/site-packages"))
    sizes: dict[str, int] = {}
    for path in packages.rglob("*"):
        name = path.relative_to(packages).parts[0].partition("-")[0].partition(".")[0]
        if path.is_file() and name not in NOT_OURS:
            sizes[name] = sizes.get(name, 0) + path.stat().st_size
    return sizes


def _seconds(python: Path, code: str) -> float:
    """Return the shortest of some runs; others only waited longer for the machine."""
    return min(_once(python, code) for _ in range(ROUNDS))


def _once(python: Path, code: str) -> float:
    started_s = time.perf_counter()
    subprocess.run([python, "-P", "-c", code], check=True)
    return time.perf_counter() - started_s


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
