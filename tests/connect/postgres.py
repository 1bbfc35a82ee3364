"""A Postgres of a test's own, in a temporary folder, reached over a socket file alone."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

USER = "postgres"  # Debian's; Postgres refuses to run as root.


class Postgres:
    """Runs inside `with`. Raise FileNotFoundError where Postgres is not installed."""

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="riskgate-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER)
        self._call("initdb", "-D", self._data, "-A", "trust", "-U", USER, "--no-sync")
        options = f"-k {self._folder} -c listen_addresses="
        log = str(self._folder / "log")
        self._call("pg_ctl", "-D", self._data, "-o", options, "-l", log, "-w", "start")
        return self

    def __exit__(self, *_: object) -> None:
        self._call("pg_ctl", "-D", self._data, "-m", "immediate", "stop")
        shutil.rmtree(self._folder)

    def run(self, script: str, *, folder: Path) -> str:
        """Run a script in a folder, and return what its queries print."""
        words = ["psql", "-h", str(self._folder), "-U", USER, "-qAt", "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(
            words, input=script, cwd=folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _call(self, program: str, *words: str) -> None:
        found = str(_newest() / program)  # Of one folder: initdb looks for its server beside it.
        as_user = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
        subprocess.run(
            [*as_user, found, *words],
            check=True,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def _newest() -> Path:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        raise FileNotFoundError("Postgres is missing; install it with: apt-get install postgresql")
    return folders[-1]
