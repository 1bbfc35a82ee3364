"""The manifest of an archived day: its files with their SHA-256, and the digest of the day before.

A digest of the newest manifest, kept elsewhere, proves every file of every day.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from pipeline.errors import StartupError

__all__ = [
    "MANIFEST", "SIGNATURE", "FileEntry", "Manifest", "broken", "day_of", "days_of", "digest_of",
    "end_ms", "file_name", "read_manifest",
]  # fmt: skip

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"  # Of the manifest; not every archive is signed.
BLOCK = 1 << 20


class FileEntry(Struct, frozen=True, kw_only=True):
    """One file: the records of one partition of one topic."""

    name: str
    topic: str
    partition: int
    begin: int  # Offsets; the end is exclusive.
    end: int
    records: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """One day, UTC."""

    day: str
    previous: str  # SHA-256 of the manifest of the day before; empty for the first day.
    release: str
    partitions: int
    files: tuple[FileEntry, ...]

    def entry(self, topic: str, partition: int) -> FileEntry:
        """Return the file of a partition of a topic."""
        name = file_name(topic, partition)
        return next(each for each in self.files if each.name == name)


def file_name(topic: str, partition: int) -> str:
    """Return the name of the file of a partition of a topic."""
    return f"{topic}-{partition:03d}.jsonl.gz"


def day_of(at_ms: int) -> date:
    """Return the day of a time, UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def end_ms(day: date) -> int:
    """Return when a day ends, exclusive."""
    after = day + timedelta(days=1)
    return round(datetime(after.year, after.month, after.day, tzinfo=UTC).timestamp() * 1000)


def days_of(folder: Path) -> list[str]:
    """Return the days that a folder holds, oldest first. Raise StartupError if it is none."""
    try:
        names = [each.name for each in folder.iterdir() if each.is_dir()]
    except OSError as error:
        raise StartupError(f"{folder} cannot be read ({error.strerror}); name an archive") from None
    return sorted(name for name in names if not name.startswith("."))


def read_manifest(folder: Path, day: str) -> Manifest:
    """Read the manifest of a day. Raise StartupError when that fails."""
    path = folder / day / MANIFEST
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise StartupError(f"{path} cannot be read ({error.strerror})") from None
    except msgspec.DecodeError as error:
        raise StartupError(f"{path} is no manifest: {error}") from None


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def broken(folder: Path) -> Iterator[str]:
    """Yield a sentence for each file that is not as it was archived, and for each hole."""
    previous: Manifest | None = None
    for day in days_of(folder):
        try:
            manifest = read_manifest(folder, day)
        except StartupError as error:
            yield f"{day}: {error}"
            continue
        yield from _broken_chain(folder, previous, manifest, day=day)
        yield from _broken_files(folder / day, manifest)
        previous = manifest


def _broken_chain(
    folder: Path, before: Manifest | None, manifest: Manifest, *, day: str
) -> Iterator[str]:
    if manifest.day != day:
        yield f"{day}/{MANIFEST} is that of {manifest.day}"
    expected = "" if before is None else digest_of(folder / before.day / MANIFEST)
    if manifest.previous != expected:
        where = "an earlier day is gone" if before is None else f"{before.day}/{MANIFEST} changed"
        yield f"{day}: its manifest follows another one: {where}, or a day between them is gone"
    for entry in manifest.files:
        begin = entry.begin if before is None else before.entry(entry.topic, entry.partition).end
        if entry.begin != begin:
            yield f"{day}/{entry.name} begins at offset {entry.begin}, not at {begin}"


def _broken_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    for entry in manifest.files:
        path = folder / entry.name
        if not path.is_file():
            yield f"{manifest.day}/{entry.name} is gone"
        elif digest_of(path) != entry.sha256:
            yield f"{manifest.day}/{entry.name} changed since it was archived"
    known = {MANIFEST, SIGNATURE, *(entry.name for entry in manifest.files)}
    for path in sorted(folder.iterdir()):
        if path.name not in known:
            yield f"{manifest.day}/{path.name} is not in the manifest"
