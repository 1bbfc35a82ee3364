"""A recorded message as a line of JSON: topic, key, timestamp_ms and value, in that order.

The bytes of a value are kept unchanged, so numbers keep their digits. A value that is not JSON is
stored as base64 under `raw` instead of `value`.
"""

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from pipeline.errors import StartupError
from pipeline.replay.machine import Line
from topics.catalogue import INPUTS, TOPICS
from topics.codec import DecodeError
from topics.fields import Millis
from topics.further import kind_of
from topics.nesting import DEPTH_MAX, check_depth
from topics.text import nearest

__all__ = [
    "LineError",
    "decode_line",
    "decode_log_line",
    "encode_line",
    "encode_log_line",
    "is_of_log",
]

NULL = b"null"
NAMES = tuple(topic.name for topic in INPUTS)
OF_THE_LOG = frozenset(topic.name for topic in TOPICS.values() if topic.direction != "in")


class LineError(StartupError):
    """Report which line is not a recorded input, and why."""


class _Form(Struct, frozen=True):
    topic: str
    key: str | None
    timestamp_ms: Millis
    value: Raw | UnsetType = UNSET
    raw: bytes | UnsetType = UNSET
    partition: int = 0
    offset: int | None = None


_DECODER = msgspec.json.Decoder(_Form)


def decode_line(text: bytes, number: int) -> Line:
    """Decode one line without its value. Raise LineError when it is no recorded input."""
    form = _form(text, number)
    if form.topic not in NAMES and kind_of(form.topic) is None:
        near = nearest(form.topic, NAMES)
        advice = f", did you mean {near}?" if near else f"; inputs are {', '.join(NAMES)}"
        raise LineError(f"line {number} has no input topic: {form.topic!r}{advice}")
    return Line(form.topic, _key(form), form.timestamp_ms, _value(form, number))


def decode_log_line(text: bytes, number: int) -> Line:
    """Decode one line of a recorded log. Raise LineError when it is none."""
    form = _form(text, number)
    if form.topic not in OF_THE_LOG or form.offset is None:
        raise LineError(
            f"line {number} is of {form.topic!r} and stands in a recorded log: a file holds either "
            "inputs, or a log as riskgate record writes it"
        )
    value, at_ms = _value(form, number), form.timestamp_ms
    return Line(form.topic, _key(form), at_ms, value, form.offset, form.partition)


def is_of_log(text: bytes) -> bool:
    """Whether a line is one of a recorded log; False as well for one that does not decode."""
    try:
        return _DECODER.decode(text).topic in OF_THE_LOG
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def encode_line(line: Line) -> bytes:
    """Encode one line, newline included; a key that is not UTF-8 is escaped."""
    key = None if line.key is None else line.key.decode(errors="backslashreplace")
    return b'{"topic":"%b","key":%b,"timestamp_ms":%d,"value":%b}\n' % (
        line.topic.encode(),
        msgspec.json.encode(key),
        line.timestamp_ms,
        NULL if line.value is None else line.value,
    )


def encode_log_line(line: Line) -> bytes:
    """Encode one line of a log with its partition and offset, as an archive has them."""
    return b'{"topic":"%b","partition":%d,"offset":%d,"key":%b,"timestamp_ms":%d,"value":%b}\n' % (
        line.topic.encode(),
        line.partition,
        line.offset or 0,
        msgspec.json.encode((line.key or b"").decode(errors="backslashreplace")),
        line.timestamp_ms,
        line.value or NULL,
    )


def _form(text: bytes, number: int) -> _Form:
    try:
        check_depth(text, DEPTH_MAX + 1)  # The line is one level around its value.
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, DecodeError) as error:
        raise LineError(f"line {number} is not a recorded input: {error}") from None


def _key(form: _Form) -> bytes | None:
    return None if form.key is None else form.key.encode()


def _value(form: _Form, number: int) -> bytes | None:
    if (form.value is UNSET) == (form.raw is UNSET):
        raise LineError(f"line {number} is not a recorded input: it needs either value or raw")
    if isinstance(form.raw, bytes):
        return form.raw
    value = bytes(form.value) if isinstance(form.value, Raw) else NULL
    return None if value == NULL else value
