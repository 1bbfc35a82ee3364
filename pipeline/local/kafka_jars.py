"""Kafka's jars in the user's cache, downloaded when they are missing or incomplete.

Apart from kafka.py because running a broker needs only a class path. The cache folder appears by
one rename, so it is complete or absent even if a download is killed.
"""

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import StartupError
from pipeline.local.java import MissingToolError
from pipeline.local.kafka_lock import Jar, lock_digest, locked_jars, sha256_of

__all__ = ["class_path"]

KAFKA = "org.apache.kafka:"


def class_path(lock: Path | None = None) -> str:
    """Return the class path of a lock's jars, by default the broker's; download what is missing.

    Raise StartupError when a download fails or a jar has another checksum.
    """
    jars = locked_jars(lock)
    folder = _folder(jars, lock_digest(lock))
    if not _is_complete(folder, jars):
        _fetch(folder, jars)
    return f"{folder}/*"


def _folder(jars: Sequence[Jar], digest: str) -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    cache = (Path(home) if home else Path.home() / ".cache") / "riskgate"
    # Each lock has its own folder, so jars are never removed under a running broker.
    return cache / f"kafka-{_version(jars)}-{digest}"


def _version(jars: Sequence[Jar]) -> str:
    """Return the version of Kafka's own jars, which are of one release."""
    coordinate = next(jar.coordinate for jar in jars if jar.coordinate.startswith(KAFKA))
    return coordinate.rpartition(":")[2]


def _fetch(folder: Path, jars: Sequence[Jar]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.parent / f"{folder.name}.lock"):
        if _is_complete(folder, jars):
            return  # Another process downloaded them while this one waited for the lock.
        shutil.rmtree(folder, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetch-") as scratch:
            whole = Path(scratch) / "jars"
            whole.mkdir()
            _download(jars, Path(scratch) / "repository", whole)
            whole.rename(folder)


def _download(jars: Sequence[Jar], repository: Path, folder: Path) -> None:
    with _reported_when_missing():
        from pipeline.local import maven
    size = sum(jar.size for jar in jars) / 1e6
    sys.stderr.write(
        f"Downloading Kafka {_version(jars)}, only this once: {len(jars)} jars, {size:.0f} MB\n"
    )
    try:
        paths = maven.download([jar.coordinate for jar in jars], repository)
    except (OSError, RuntimeError) as error:
        raise StartupError(
            f"The jars of Kafka {_version(jars)} could not be downloaded ({error}); check that "
            "this machine reaches Maven Central, or name a mirror as `central` under "
            "[repositories] in ~/.config/jgo.conf"
        ) from error
    for jar, path in zip(jars, paths, strict=True):
        if sha256_of(path) != jar.sha256:
            raise StartupError(
                f"{jar.name} is not the file that riskgate was tested with: its sha256 is "
                f"{sha256_of(path)}, expected {jar.sha256}. Something between this machine and "
                "Maven Central changed it; do not use it"
            )
        path.rename(folder / jar.name)


@contextmanager
def _reported_when_missing() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise MissingToolError(
            f"Downloading Kafka needs the package {error.name}, which is not installed; "
            "`make install` in a clone of riskgate installs it"
        ) from error


def _is_complete(folder: Path, jars: Sequence[Jar]) -> bool:
    try:
        return all((folder / jar.name).stat().st_size == jar.size for jar in jars)
    except OSError:
        return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # The kernel releases the lock when its holder dies, so a killed process blocks nobody.
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    try:
        class_path()
    except StartupError as problem:
        sys.exit(f"riskgate: {problem}")
