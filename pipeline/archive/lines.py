"""An archived record as a line: topic, partition, offset, key, timestamp_ms and value.

`riskgate verify FILE` reads the same form. A value is kept byte for byte.
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct

from pipeline.errors import StartupError

__all__ = ["Archived", "read_lines", "write_lines"]

LEVEL = 6


class Archived(NamedTuple):
    """One record."""

    topic: str
    partition: int
    offset: int
    key: str
    timestamp_ms: int  # Append time of an event; else that of the record.
    value: bytes


class _Form(Struct, frozen=True):
    topic: str
    partition: int
    offset: int
    key: str
    timestamp_ms: int
    value: Raw


_DECODER = msgspec.json.Decoder(_Form)


def write_lines(path: Path, records: Iterable[Archived]) -> int:
    """Write records and return how many; the same records give the same bytes."""
    count = 0
    with path.open("wb") as raw, gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as file:
        for record in records:
            file.write(_line(record))
            count += 1
    return count


def _line(record: Archived) -> bytes:
    return b'{"topic":"%b","partition":%d,"offset":%d,"key":%b,"timestamp_ms":%d,"value":%b}\n' % (
        record.topic.encode(),
        record.partition,
        record.offset,
        msgspec.json.encode(record.key),
        record.timestamp_ms,
        record.value or b"null",
    )


def read_lines(path: Path) -> Iterator[Archived]:
    """Read records back. Raise StartupError when the file is not as it was written."""
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                form = _DECODER.decode(line)
                value = bytes(form.value)
                yield Archived(
                    form.topic,
                    form.partition,
                    form.offset,
                    form.key,
                    form.timestamp_ms,
                    b"" if value == b"null" else value,
                )
    except (OSError, EOFError, zlib.error, msgspec.DecodeError) as error:
        raise StartupError(
            f"{path} cannot be read ({error}); riskgate verify names what changed"
        ) from None
