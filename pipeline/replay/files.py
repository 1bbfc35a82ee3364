"""Replay of a file of recorded inputs: lines in, lines out, the same bytes every time."""

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Protocol, TypeAlias

from pipeline.errors import StartupError
from pipeline.replay.changes import UNCHANGED, Changes
from pipeline.replay.lines import decode_line, decode_log_line, encode_line, is_of_log
from pipeline.replay.log_player import LogPlayer
from pipeline.replay.machine import Line, Machine, Observe
from pipeline.risk.limits.document import LimitsError, validate
from pipeline.streams.admin.limits_file import LimitsFileError, load_rules
from pipeline.streams.settings import Settings
from topics.catalogue import topic_of
from topics.codec import DecodeError, decode, encode
from topics.fields import EVERYONE
from topics.limits import TOPIC as LIMITS
from topics.limits import LimitsDocument

__all__ = ["Out", "document_of", "in_time_order", "play", "recorded_lines", "replay_file"]

Numbered: TypeAlias = tuple[int, bytes]  # A line and its number in the file.


class Out(Protocol):
    """The destination of replayed lines."""

    def writelines(self, lines: Iterable[bytes], /) -> None:
        """Write lines, each of which ends with a newline."""


def replay_file(lines: Iterable[bytes], out: Out, *, limits: Path | None = None) -> None:
    """Decide recorded inputs and write the outputs; `limits` becomes version 1 of `*`.

    Raise StartupError at a line that is not a recorded input.
    """
    for outputs in play(lines, limits=limits):
        out.writelines(encode_line(line) for line in outputs)


def play(
    lines: Iterable[bytes],
    *,
    limits: Path | None = None,
    observe: Observe | None = None,
    changes: Changes = UNCHANGED,
) -> Iterator[list[Line]]:
    """Decide recorded inputs, or a recorded log, and yield the outputs of each line.

    limits: version 1 of `*`, for inputs. Raise StartupError at a line that is not as recorded.
    """
    texts = _texts(lines)
    first = next(texts, None)
    document = None if limits is None else document_of(limits)
    if first is None:
        return
    texts = chain([first], texts)
    if is_of_log(first[1]):
        if limits is not None:
            raise StartupError("a recorded log has its own limits; use --set to change them")
        yield from _play_log(texts, LogPlayer(changes, observe))
        return
    machine = Machine(Settings.from_environment(), observe=observe, changes=changes)
    for line in in_time_order(_inputs(texts)):
        if document is not None:
            yield machine.begin(document, at_ms=line.timestamp_ms)
            document = None
        yield machine.feed(line)
    yield machine.finish()


def _play_log(texts: Iterable[Numbered], player: LogPlayer) -> Iterator[list[Line]]:
    for number, text in texts:
        yield player.feed(decode_log_line(text, number))
    yield player.finish()


def in_time_order(lines: Iterable[Line]) -> Iterator[Line]:
    """Sort the lines between two shared lines by time; one account's lines keep their order.

    A shared line concerns every account: a price, an instrument or `*`. So it makes no difference
    how accounts were interleaved in the recording.
    """
    waiting: list[tuple[int, int, Line]] = []
    newest_ms: dict[bytes | None, int] = {}  # Of each key.
    for line in lines:
        if _is_shared(line):
            yield from _sorted(waiting)
            waiting.clear()
            newest_ms.clear()
            yield line
        else:
            at_ms = max(newest_ms.get(line.key, 0), line.timestamp_ms)
            newest_ms[line.key] = at_ms
            waiting.append((at_ms, len(waiting), line))
    yield from _sorted(waiting)


def _is_shared(line: Line) -> bool:
    return topic_of(line.topic).key == "symbol" or line.key == EVERYONE.encode()


def _sorted(waiting: list[tuple[int, int, Line]]) -> Iterator[Line]:
    waiting.sort()
    for _, _, line in waiting:
        yield line


def recorded_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """Decode lines and number each within its topic, as offsets do. Blank lines are skipped."""
    return _inputs(_texts(lines))


def _texts(lines: Iterable[bytes]) -> Iterator[Numbered]:
    for number, text in enumerate(lines, start=1):
        content = text.removeprefix(codecs.BOM_UTF8) if number == 1 else text
        if content and not content.isspace():
            yield number, content


def _inputs(texts: Iterable[Numbered]) -> Iterator[Line]:
    offsets: Counter[str] = Counter()
    for number, content in texts:
        line = decode_line(content, number)
        yield line._replace(offset=offsets[line.topic])
        offsets[line.topic] += 1


def document_of(path: Path) -> LimitsDocument:
    """Read a limits file as a document for `*`. Raise LimitsFileError when it is invalid."""
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
