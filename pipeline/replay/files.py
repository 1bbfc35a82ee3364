"""Replay of recorded inputs: lines in, lines out, the same bytes every time."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.replay.lines import decode_line, encode_line
from pipeline.replay.machine import Line, Machine
from pipeline.risk.limits import LimitsError, validate
from pipeline.streams.limits_file import LimitsFileError, load_rules
from pipeline.streams.settings import Settings
from topics.codec import DecodeError, decode, encode
from topics.fields import EVERYONE
from topics.limits import TOPIC as LIMITS
from topics.limits import LimitsDocument

__all__ = ["replay_file"]


def replay_file(lines: Iterable[bytes], out: BinaryIO, *, limits: Path | None = None) -> None:
    """Decide recorded inputs and write what comes of them, with a limits file as version 1 of `*`.

    Raise StartupError at a line that is no recorded input.
    """
    document = None if limits is None else _document(limits)
    machine = Machine(Settings.from_environment())
    for line in _decoded(lines):
        if document is not None:
            _write(out, machine.begin(document, at_ms=line.timestamp_ms))
            document = None
        _write(out, machine.feed(line))
    _write(out, machine.finish())


def _decoded(lines: Iterable[bytes]) -> Iterator[Line]:
    for number, text in enumerate(lines, start=1):
        if not text.isspace():
            yield decode_line(text, number)


def _write(out: BinaryIO, lines: Iterable[Line]) -> None:
    out.writelines(encode_line(line) for line in lines)


def _document(path: Path) -> LimitsDocument:
    """Read a limits file as the document that an operator would publish."""
    document = LimitsDocument(
        account_id=EVERYONE,
        version=1,
        author="replay",
        reason="the limits file of this replay",
        rules=load_rules(path),
    )
    try:
        decode(LIMITS, encode(document))
        validate(document.rules)
    except (DecodeError, LimitsError) as error:
        raise LimitsFileError(f"{path}: {error}") from None
    return document
