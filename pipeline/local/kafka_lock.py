"""The lock file of Kafka's jars, kafka_jars.lock: their sizes and sha256, made by `make lock`.

Without a lock each machine would resolve the dependencies itself and might get different jars.
"""

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

__all__ = ["LOCK", "Jar", "lock_digest", "lock_text", "locked_jars", "sha256_of"]

POM = Path(__file__).with_name("kafka_pom.xml")
LOCK = Path(__file__).with_name("kafka_jars.lock")
HEAD = "# Made by `make lock` from kafka_pom.xml: coordinate, bytes and sha256 of each jar.\n"


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


def locked_jars() -> list[Jar]:
    """Return every jar in the lock."""
    lines = LOCK.read_text().splitlines()
    return [_parse(line) for line in lines if not line.startswith("#")]


def lock_digest() -> str:
    """Return eight hexadecimal digits that change with the lock."""
    return sha256_of(LOCK)[:8]


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def renew() -> None:
    """Resolve the dependencies of kafka_pom.xml and replace the lock."""
    from pipeline.local import maven

    with tempfile.TemporaryDirectory() as scratch:
        coordinates = sorted(maven.resolve(POM, Path(scratch)))
        paths = maven.download(coordinates, Path(scratch))
        jars = [
            Jar(coordinate, path.stat().st_size, sha256_of(path))
            for coordinate, path in zip(coordinates, paths, strict=True)
        ]
    LOCK.write_text(lock_text(jars))


def lock_text(jars: Iterable[Jar]) -> str:
    """Return the content of the lock file."""
    return HEAD + "".join(f"{jar.coordinate} {jar.size} {jar.sha256}\n" for jar in jars)


def _parse(line: str) -> Jar:
    coordinate, size, sha256 = line.split()
    return Jar(coordinate, int(size), sha256)


if __name__ == "__main__":
    renew()
