"""Bytes to message and back. What does not decode raises DecodeError, which names the field's path.

Numbers stay exact: a JSON number is read from its digits, and written as plain decimal strings.
Unknown fields are ignored, but refused in messages that are strict, unless they begin with `x_`; of
a field that comes twice the last one counts.
"""

from collections.abc import Callable, Hashable
from decimal import Decimal
from functools import cache, partial
from typing import Any, TypeVar, cast

import msgspec
import orjson

from topics.bounds import check_message, check_spelling, suspicious
from topics.explain import explain, malformed, path_of
from topics.fields import DecodeError
from topics.nesting import check_depth
from topics.text import nearest
from topics.topic import Topic
from topics.writer import encode
from topics.written import plain, shown

__all__ = [
    "DecodeError",
    "decode",
    "decode_as",
    "decode_plain",
    "encode",
    "encode_event",
    "encode_plain",
    "key_of",
    "plain",
    "reader_of",
    "shown",
    "unknown_fields",
]

EXTENSION = "x_"  # What a sender's own fields begin with.

_EVENTS = msgspec.json.Encoder(decimal_format="string")
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])

T = TypeVar("T")


def encode_event(event: msgspec.Struct) -> bytes:
    """Encode an event for the log: exact digits as they came, at the encoder's own speed."""
    return _EVENTS.encode(event)


def encode_plain(value: object) -> bytes:
    """Encode an untyped tree of parameters, numbers plain: the canonical text of a document."""
    return orjson.dumps(value, default=plain, option=orjson.OPT_SORT_KEYS)


def decode(topic: Topic, value: bytes | None) -> msgspec.Struct:
    """Decode one input message. Raise DecodeError with the path of what is wrong."""
    if value is None:
        raise DecodeError("Expected a value, got none")
    if len(value) > topic.message_bytes_max:
        raise DecodeError(f"Expected at most {topic.message_bytes_max} bytes, got {len(value)}")
    check_depth(value)
    try:
        message: msgspec.Struct = _decode(_decoder(topic.message), value)
    except DecodeError as error:
        message = _decode(_decoder(topic.message), _without_extensions(topic, value, error))
    if suspicious(value):
        check_spelling(type(message), _decode(_FIELDS, value))
    check_message(message)
    return message


def unknown_fields(topic: Topic, value: bytes) -> int:
    """Count the fields of a message that decodes, but are none of its own; usually there are none.

    The usual answer costs one more decoding and no look at the names.
    """
    try:
        _strict(topic.message).decode(value)
    except msgspec.DecodeError:
        return len(_decode(_FIELDS, value).keys() - _known(topic.message))
    return 0


def _without_extensions(topic: Topic, value: bytes, error: DecodeError) -> bytes:
    """Return a strict message without its sender's own fields. Raise DecodeError when it has none,
    or one that is not known.
    """
    message: Any = topic.message
    if not message.__struct_config__.forbid_unknown_fields:
        raise error
    fields, known = _decode(_FIELDS, value), _known(message)
    unknown = [name for name in fields if name not in known]
    for name in unknown:
        if not name.startswith(EXTENSION):
            near = nearest(name, known)
            hint = f", did you mean {near}?" if near else ""
            problem = f"Expected a known field, or one that begins with {EXTENSION}{hint}"
            raise DecodeError(problem, path_of("$", name))
    if not unknown:
        raise error
    return msgspec.json.encode({name: fields[name] for name in fields if name not in unknown})


@cache
def _known(message: Any) -> frozenset[str]:
    return frozenset(message.__struct_encode_fields__)


@cache
def _strict(message: Any) -> "msgspec.json.Decoder[Any]":
    """Make the decoder of a message's twin that knows no other fields."""
    kind = msgspec.defstruct(
        message.__name__, [], bases=(message,), forbid_unknown_fields=True, frozen=True
    )
    return msgspec.json.Decoder(kind, float_hook=_exact)


def decode_as(message: type[T], value: bytes) -> T:
    """Decode bytes that riskgate itself wrote: shape is checked, bounds of numbers are not."""
    decoded: T = _decode(_decoder(cast(Hashable, message)), value)
    return decoded


def reader_of(message: type[T]) -> Callable[[bytes], T]:
    """Make the function that does what decode_as does, for a path where even a look-up counts."""
    return partial(_decode, _decoder(cast(Hashable, message)))


def decode_plain(value: bytes | str) -> Any:  # JSON of any shape.
    """Decode JSON of any shape with exact numbers."""
    raw = value.encode() if isinstance(value, str) else value
    check_depth(raw)
    return _decode(_decoder(Any), raw)


def key_of(topic: Topic, message: msgspec.Struct) -> str:
    """Return the key that the message's body calls for."""
    return str(getattr(message, topic.key))


def _exact(text: str) -> Decimal:
    """Read a number of a tree of any shape from its digits."""
    try:
        return Decimal(text)
    except ArithmeticError:  # An exponent beyond what Decimal itself can hold.
        raise DecodeError("Expected a number with a smaller exponent", "$") from None


@cache
def _decoder(message: Hashable) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(message, float_hook=_exact)


def _decode(decoder: "msgspec.json.Decoder[Any]", value: bytes) -> Any:  # The decoder's own type.
    if not value.isascii():
        _check_encoding(value)
    try:
        return decoder.decode(value)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, DecodeError):
            raise error.__cause__ from None
        check_depth(value)  # The explanation decodes parts of it again.
        raise explain(str(error), decoder.type, value) from None
    except msgspec.DecodeError as error:
        raise DecodeError(malformed(str(error))) from None
    except RecursionError:
        raise DecodeError("JSON is nested too deeply") from None


def _check_encoding(value: bytes) -> None:
    try:
        value.decode()
    except UnicodeDecodeError as error:
        raise DecodeError(f"Expected UTF-8, got {error.reason} (byte {error.start})") from None
