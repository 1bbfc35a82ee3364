"""The edge between records and msgspec: bytes to records and back, and copies with changes.

Apart because it is the one file that differs in the compiled core, where a record is a native class
instead of a Struct; see docs/decisions/12-compiled-core.md. Inside the core, records are replaced
with msgspec's own `replace`, which the compiled build translates.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import inspect
from msgspec.structs import replace

__all__ = ["COMPILED", "convert", "decoder", "encode", "replace", "shape"]

COMPILED = False
T = TypeVar("T")

encode = msgspec.msgpack.Encoder().encode


def decoder(kind: type[T]) -> Callable[[memoryview], T]:
    """Return what reads a record from bytes. It raises a MsgspecError when they are none."""
    return msgspec.msgpack.Decoder(kind).decode


def convert(values: object, kind: type[T]) -> T:
    """Make a record of values as documents carry them. Raise ValidationError when one is wrong."""
    return msgspec.convert(values, kind, strict=False)


def shape(kind: type) -> inspect.StructType:
    """Describe the fields of a record."""
    found = inspect.type_info(kind)
    if not isinstance(found, inspect.StructType):
        raise TypeError(f"{kind.__name__} is not a record")
    return found
