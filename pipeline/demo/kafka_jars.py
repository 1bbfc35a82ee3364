"""The jars of Kafka in the user's cache, fetched by Maven when they are missing or incomplete.

Apart from kafka.py because running a broker needs only a class path. The folder in the cache
appears by one rename, so it is whole or absent, whoever is killed while fetching.
"""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import StartupError

__all__ = ["MissingToolError", "class_path", "java"]

KAFKA_VERSION = "4.1.1"
POM = Path(__file__).with_name("kafka_pom.xml")
INVENTORY = "inventory.json"
FETCH_SECONDS_MAX = 900


class MissingToolError(StartupError):
    """Say which program of the machine is missing and which command installs it."""


def class_path() -> str:
    """Return Kafka's class path, fetching the jars first where the cache does not have them."""
    folder = _cache() / f"kafka-{KAFKA_VERSION}"
    if not _is_complete(folder):
        _fetch(folder)
    return f"{folder}/*"


def java() -> str:
    """Return the path of the Java program."""
    return _program("java")


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise MissingToolError(
            f"The local Kafka needs the program {name!r}, which is not installed; "
            "install it with: apt-get install openjdk-17-jre-headless maven"
        )
    return path


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "riskgate"


def _fetch(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.parent / f"{folder.name}.lock"):
        if _is_complete(folder):
            return  # Another process fetched them while this one waited for the lock.
        shutil.rmtree(folder, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetch-") as scratch:
            jars = Path(scratch) / "jars"
            _copy_jars(jars)
            _write_inventory(jars)
            jars.rename(folder)


def _copy_jars(folder: Path) -> None:
    command = [
        _program("mvn"),
        "--quiet",
        "--batch-mode",
        "--color=never",
        "--file",
        str(POM),
    ]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    try:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            timeout=FETCH_SECONDS_MAX,
        )
    except subprocess.CalledProcessError as error:
        reason = (error.stdout.strip() or error.stderr.strip() or "no output").splitlines()[0]
        raise StartupError(
            f"Maven could not fetch the jars of Kafka {KAFKA_VERSION} ({reason}); "
            "check that this machine reaches a Maven repository and try again"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise StartupError(
            f"Maven did not fetch the jars of Kafka {KAFKA_VERSION} within "
            f"{FETCH_SECONDS_MAX} s; check the network and try again"
        ) from error


def _write_inventory(folder: Path) -> None:
    sizes = {jar.name: jar.stat().st_size for jar in sorted(folder.glob("*.jar"))}
    (folder / INVENTORY).write_text(json.dumps(sizes, indent=1))


def _is_complete(folder: Path) -> bool:
    try:
        sizes = json.loads((folder / INVENTORY).read_text())
        return bool(sizes) and all(
            (folder / name).stat().st_size == size for name, size in sizes.items()
        )
    except (OSError, ValueError):
        return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # The kernel drops the lock with its holder, so a killed process blocks nobody.
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    class_path()
