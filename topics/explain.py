"""What the decoder says of wrong bytes, as one sentence and the path of the field."""

import json
import re
from typing import get_args, get_type_hints

import msgspec

from topics.fields import DecodeError
from topics.text import visible

__all__ = ["explain", "malformed", "path_of"]

_PATH = re.compile(r"^(?P<error>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<field>[^`]*)`")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_ELEMENT = "[...]"  # How the decoder writes an element of a dict; it does not tell which.
_NAME_SHOWN_MAX = 64
_ERROR_MAX = 200  # It may quote what was sent.
_PATH_MAX = 400

_Raws = dict[str, msgspec.Raw]


def explain(text: str, message: object, value: bytes) -> DecodeError:
    """Turn the decoder's complaint about a value into ours."""
    found = _PATH.match(text)
    error, path = (found["error"], found["path"]) if found else (text, None)
    missing = _MISSING.search(error)
    if missing:
        path = f"{path or '$'}.{missing['field']}"
    elif path and _ELEMENT in path and isinstance(message, type):
        path = _element_of_message(path.partition(_ELEMENT)[0], message, value)
    problem = visible(" ".join(error.split())[:_ERROR_MAX])
    return DecodeError(problem, visible(path[:_PATH_MAX]) if path else "$")


def malformed(text: str) -> str:
    """Turn the decoder's complaint about what is no JSON into a sentence."""
    return text if text.startswith("JSON is malformed") else f"JSON is malformed: {text.lower()}"


def path_of(path: str, name: str) -> str:
    """Return the path of an element by its name, quoted and cut where it is no plain word."""
    if _PLAIN_NAME.fullmatch(name):
        return f"{path}.{name}"
    return f"{path}[{visible(json.dumps(name[:_NAME_SHOWN_MAX]))}]"


def _element_of_message(path: str, message: type, value: bytes) -> str:
    name = path.removeprefix("$.")
    hint = get_type_hints(message).get(name)
    if hint is None:  # Deeper than a field of the message itself: the parent says enough.
        return path
    try:
        return _element(path, hint, bytes(msgspec.json.decode(value, type=_Raws)[name]))
    except msgspec.DecodeError:  # What follows is wrong as well, or replaces what was.
        return path


def _element(path: str, hint: object, raw: bytes) -> str:
    """Return the path of the first element of a dict that does not decode."""
    part = get_args(hint)[1] if get_args(hint) else hint
    for name, item in msgspec.json.decode(raw, type=_Raws).items():
        try:
            msgspec.json.decode(item, type=part)
        except msgspec.ValidationError as error:
            here = path_of(path, name)
            return _element(here, part, bytes(item)) if f"`${_ELEMENT}" in str(error) else here
    return path
