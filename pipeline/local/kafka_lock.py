"""Lock files of jars, such as kafka_jars.lock: their sizes and sha256, made by `make lock`.

Without a lock each machine would resolve the dependencies itself and might get different jars.
"""

import hashlib
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

__all__ = ["LOCK", "Jar", "lock_digest", "lock_text", "locked_jars", "sha256_of"]

POM = Path(__file__).with_name("kafka_pom.xml")
LOCK = Path(__file__).with_name("kafka_jars.lock")
HEAD = "# Made by `make lock` from {}: coordinate, bytes and sha256 of each jar.\n"


class Jar(NamedTuple):
    """One jar with its expected size and checksum."""

    coordinate: str  # group:artifact:version
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """Its file name."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def locked_jars(lock: Path | None = None) -> list[Jar]:
    """Return every jar in a lock, by default the broker's."""
    lines = (lock or LOCK).read_text().splitlines()
    return [_parse(line) for line in lines if not line.startswith("#")]


def lock_digest(lock: Path | None = None) -> str:
    """Return eight hexadecimal digits that change with the lock."""
    return sha256_of(lock or LOCK)[:8]


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def renew(pom: Path = POM, lock: Path = LOCK) -> None:
    """Resolve the dependencies of a project and replace its lock."""
    from pipeline.local import maven

    with tempfile.TemporaryDirectory() as scratch:
        coordinates = sorted(maven.resolve(pom, Path(scratch)))
        paths = maven.download(coordinates, Path(scratch))
        jars = [
            Jar(coordinate, path.stat().st_size, sha256_of(path))
            for coordinate, path in zip(coordinates, paths, strict=True)
        ]
    lock.write_text(lock_text(jars, pom.name))


def lock_text(jars: Iterable[Jar], pom: str = POM.name) -> str:
    """Return the content of the lock file. pom: the file that names what is needed."""
    return HEAD.format(pom) + "".join(f"{jar.coordinate} {jar.size} {jar.sha256}\n" for jar in jars)


def _parse(line: str) -> Jar:
    coordinate, size, sha256 = line.split()
    return Jar(coordinate, int(size), sha256)


if __name__ == "__main__":
    renew(*(Path(argument) for argument in sys.argv[1:]))
