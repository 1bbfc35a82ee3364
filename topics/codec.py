"""Bytes to message and back. What does not decode raises DecodeError, which names the field's path.

Numbers stay exact: a JSON number is read from its digits, and written as plain decimal strings.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
import orjson

from topics.topic import Topic

DIGITS_MAX = 34
EXPONENT_MAX = 30

_PATH = re.compile(r"^(?P<error>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<field>[^`]*)`")

T = TypeVar("T")


class DecodeError(ValueError):
    """Bytes are not the message they should be; `path` is the field's, as `$.quantity`."""

    def __init__(self, error: str, path: str | None = None) -> None:
        super().__init__(f"{path}: {error}" if path else error)
        self.error = error
        self.path = path


def encode(message: msgspec.Struct) -> bytes:
    """Encode as JSON with every Decimal as a plain string without trailing zeros."""
    return orjson.dumps(msgspec.to_builtins(message, builtin_types=(Decimal,)), default=plain)


def plain(number: object) -> str:
    """Write a Decimal in plain notation: no exponent, no trailing zeros, no negative zero."""
    if not isinstance(number, Decimal):
        raise TypeError(f"{type(number).__name__} does not travel")
    text = str(number)
    if "E" in text:
        text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def decode(topic: Topic, value: bytes | None) -> msgspec.Struct:
    """Decode one input message. Raise DecodeError with the path of what is wrong."""
    if value is None:
        raise DecodeError("no value")
    message: msgspec.Struct = _decode(_decoder(topic.message), value)
    for name, bounds in _numbers(type(message)):
        number = getattr(message, name)
        if number is not None:
            _check(number, bounds, name)
    if hasattr(message, "rules"):
        _check_parameters(message.rules, "$.rules")
    return message


def decode_as(message: type[T], value: bytes) -> T:
    """Decode bytes that riskgate itself wrote: shape is checked, bounds of numbers are not."""
    decoded: T = _decode(_decoder(message), value)
    return decoded


def key_of(topic: Topic, message: msgspec.Struct) -> str:
    """Return the key that the message's body calls for."""
    return str(getattr(message, topic.key))


@cache
def _decoder(message: object) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(message, float_hook=Decimal)


def _decode(decoder: "msgspec.json.Decoder[Any]", value: bytes) -> Any:  # The decoder's own type.
    try:
        return decoder.decode(value)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise DecodeError(str(error)) from None


def _explain(text: str) -> DecodeError:
    found = _PATH.match(text)
    error, path = (found["error"], found["path"]) if found else (text, None)
    missing = _MISSING.search(error)
    if missing:
        path = f"{path or '$'}.{missing['field']}"
    return DecodeError(error, path or "$")


Bounds = tuple[Callable[[Decimal], bool], str] | None


@cache
def _numbers(message: type[msgspec.Struct]) -> tuple[tuple[str, Bounds], ...]:
    """List the Decimal fields of a message with the bounds that their types state."""
    hints = get_type_hints(message, include_extras=True)
    return tuple(
        (name, _bounds(schema))
        for name, hint in hints.items()
        if (schema := _decimal_schema(hint)) is not None
    )


def _decimal_schema(hint: object) -> dict[str, object] | None:
    for option in (hint, *get_args(hint)):
        for meta in getattr(option, "__metadata__", ()):
            schema: dict[str, object] | None = getattr(meta, "extra_json_schema", None)
            if schema and schema.get("format") == "decimal":
                return schema
    return None


def _bounds(schema: dict[str, object]) -> Bounds:
    if "exclusiveMinimum" in schema:
        return (lambda number: number > 0), "must be > 0"
    if "maximum" in schema:
        return (lambda number: 0 <= number <= 1), "must be from 0 to 1"
    if "minimum" in schema:
        return (lambda number: number >= 0), "must be >= 0"
    return None


def _check(number: Decimal, bounds: Bounds, name: str) -> None:
    problem = exactness(number)
    if problem is None and bounds is not None and not bounds[0](number):
        problem = bounds[1]
    if problem is not None:
        raise DecodeError(problem, f"$.{name}")


def exactness(number: Decimal) -> str | None:
    """Say why a number is none that we keep exactly, or None."""
    if not number.is_finite():
        return "must be a finite number"
    text = str(number)
    if len(text) <= EXPONENT_MAX and "E" not in text:
        return None
    if len(number.as_tuple().digits) > DIGITS_MAX:
        return f"has more than {DIGITS_MAX} significant digits"
    if abs(number.adjusted()) > EXPONENT_MAX:
        return f"has an exponent beyond ±{EXPONENT_MAX}"
    return None


def _check_parameters(value: object, path: str) -> None:
    """Check every number in a tree of untyped parameters; its depth is bounded by the decoder."""
    if isinstance(value, Decimal):
        problem = exactness(value)
        if problem is not None:
            raise DecodeError(problem, path)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_parameters(item, f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_parameters(item, f"{path}[{index}]")
