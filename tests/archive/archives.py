"""Archives of two days, made without a broker."""

from pathlib import Path

import msgspec

from pipeline.archive.lines import Archived, write_lines
from pipeline.archive.manifest import MANIFEST, FileEntry, Manifest, digest_of, file_name

FIRST, SECOND = "2026-01-01", "2026-01-02"
NAME = file_name("events", 0)


def record(offset: int, value: bytes = b'{"at_ms":1,"price":0.10}') -> Archived:
    return Archived("events", 0, offset, "a", 1_767_225_600_000 + offset, value)


def write_day(folder: Path, day: str, offsets: range, previous: str) -> str:
    """Archive a day of one file and return the digest of its manifest."""
    (folder / day).mkdir()
    path = folder / day / NAME
    count = write_lines(path, map(record, offsets))
    entry = FileEntry(
        name=NAME, topic="events", partition=0, begin=offsets.start, end=offsets.stop,
        records=count, sha256=digest_of(path),
    )  # fmt: skip
    manifest = Manifest(day=day, previous=previous, release="1", partitions=1, files=(entry,))
    (folder / day / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    return digest_of(folder / day / MANIFEST)


def write_archive(folder: Path) -> None:
    """Archive two days that follow each other."""
    first = write_day(folder, FIRST, range(5), "")
    write_day(folder, SECOND, range(5, 8), first)
