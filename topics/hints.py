"""What the annotation of a field says, with or without a description around its type."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from msgspec import Meta

__all__ = ["bare", "metas", "options"]


def bare(hint: object) -> object:
    """Return a type without what `Annotated` says of it."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def options(hint: object) -> Iterator[object]:
    """Yield a type, or each type of a union, with its metadata."""
    kind = bare(hint)
    if get_origin(kind) not in {Union, UnionType}:
        yield hint
        return
    for option in get_args(kind):
        yield from options(option)


def metas(hint: object) -> Iterator[Meta]:
    """Yield what a field's annotation says: of the field first, then of each type it may have."""
    for each in (hint, *options(hint)):
        yield from getattr(each, "__metadata__", ())
