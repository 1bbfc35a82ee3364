"""The edge between records and msgspec in the compiled core; it replaces pipeline/risk/structs.py.

A native class is nothing to msgspec. So each has a Struct of the same fields, its mirror, made of
what the build wrote down of them: bytes and documents are read into mirrors, with msgspec's own
checks and messages, and then into records.
"""

import functools
import operator
import typing
from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Struct, inspect

__all__ = [
    "COMPILED",
    "convert",
    "decoder",
    "encode",
    "freeze",
    "replace",
    "shape",
    "text_of_record",
]

COMPILED = True
T = TypeVar("T")
Make = Callable[[Any], Any]


def freeze(kind: type) -> None:
    """Refuse writes to a record's attributes, as a frozen Struct does; its `__init__` passes."""
    kind.__setattr__ = _refuse  # type: ignore[assignment,method-assign]


def _refuse(record: object, _name: str, _value: object) -> None:
    raise AttributeError(f"immutable type: '{type(record).__name__}'")


def text_of_record(record: Any) -> str:
    """Show a record as msgspec shows a Struct."""
    fields = ", ".join(f"{name}={getattr(record, name)!r}" for name in record.__struct_fields__)
    return f"{type(record).__name__}({fields})"


def _row(record: Any) -> object:
    """Return what msgspec writes of a record: its values by position."""
    row: Callable[[], object] | None = getattr(record, "__row__", None)
    if row is None or not record.__options__.get("array_like"):
        raise TypeError(f"{type(record).__name__} is not stored")
    return row()


encode = msgspec.msgpack.Encoder(enc_hook=_row).encode


def decoder(kind: type[T]) -> Callable[[memoryview], T]:
    """Return what reads a record from bytes. It raises a MsgspecError when they are none."""
    native: Any = kind
    decode, make = msgspec.msgpack.Decoder(_mirror(native)).decode, _record_of(native)
    return lambda raw: typing.cast(T, make(decode(raw)))


def convert(values: object, kind: type[T]) -> T:
    """Make a record of values as documents carry them. Raise ValidationError when one is wrong."""
    native: Any = kind
    mirrored = msgspec.convert(values, _mirror(native), strict=False)
    return typing.cast(T, _record_of(native)(mirrored))


def shape(kind: Any) -> inspect.StructType:
    """Describe the fields of a record."""
    found = inspect.type_info(_mirror(kind))
    if not isinstance(found, inspect.StructType):
        raise TypeError(f"{kind.__name__} is not a record")
    return found


def replace(record: T, /, **changes: Any) -> T:
    """Return a copy of a record with other values of some fields."""
    if isinstance(record, Struct):
        return msgspec.structs.replace(record, **changes)
    kind: Any = type(record)
    return typing.cast(
        T, kind(**{name: getattr(record, name) for name in kind.__struct_fields__} | changes)
    )


def _is_record(kind: object) -> bool:
    return isinstance(kind, type) and "__shape__" in kind.__dict__


@functools.cache
def _types(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Return the type of each field, and whether it is required, in the record's order."""
    found: dict[str, tuple[Any, bool]] = {}
    for base in reversed(kind.__mro__):
        if _is_record(base):
            shape: dict[str, tuple[str, bool]] = base.__dict__["__shape__"]
            texts = {name: text for name, (text, _) in shape.items()}
            holder = type(
                base.__name__, (), {"__annotations__": texts, "__module__": base.__module__}
            )
            types = typing.get_type_hints(holder, include_extras=True)
            found |= {name: (types[name], required) for name, (_, required) in shape.items()}
    return {name: found[name] for name in kind.__struct_fields__}


@functools.cache
def _mirror(kind: Any) -> type[Struct]:
    """Return the Struct of a record's fields. One that is left out is UNSET: the record knows."""
    options: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        options |= base.__dict__.get("__options__", {})
    fields: list[Any] = [
        (name, _mirrored(type_), *(() if required else (UNSET,)))
        for name, (type_, required) in _types(kind).items()
    ]
    namespace = {"__post_init__": _check(kind)} if hasattr(kind, "__post_init__") else None
    return msgspec.defstruct(
        kind.__name__, fields, namespace=namespace, frozen=True, module=kind.__module__, **options
    )


def _check(kind: Any) -> Callable[[Any], None]:
    """Return what lets a record check the values of its mirror; msgspec puts errors into words."""

    def check(mirrored: Any) -> None:
        _record_of(kind)(mirrored)

    return check


def _mirrored(type_: Any) -> Any:
    """Return a type with mirrors in the place of records."""
    if _is_record(type_):
        return _mirror(type_)
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin in (None, Literal, Annotated):
        return type_
    mirrored = [argument if argument is ... else _mirrored(argument) for argument in arguments]
    if origin in (UnionType, typing.Union):
        return functools.reduce(operator.or_, mirrored)
    return origin[tuple(mirrored)]


@functools.cache
def _record_of(kind: Any) -> Make:
    """Return what makes a record of its mirror."""
    makes = [(name, _value_of(type_)) for name, (type_, _) in _types(kind).items()]

    def make(mirrored: Any) -> Any:
        values = {}
        for name, convert_ in makes:
            value = getattr(mirrored, name)
            if value is not UNSET:
                values[name] = value if convert_ is None else convert_(value)
        return kind(**values)

    return make


def _value_of(type_: Any) -> Make | None:
    """Return what makes a field's value of its mirror's; None where they are the same."""
    if _is_record(type_):
        return _record_of(type_)
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin in (None, Literal, Annotated):
        return None
    makes = [make for make in map(_value_of, arguments) if make is not None]
    if not makes:
        return None
    (make,) = makes  # No field holds records of two kinds.
    if origin is dict:
        return lambda value: {key: make(item) for key, item in value.items()}
    if origin is tuple:
        return lambda value: tuple([make(item) for item in value])
    return lambda value: None if value is None else make(value)
