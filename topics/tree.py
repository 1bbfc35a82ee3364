"""Writes a message as JSON by way of a tree of plain values: complete, whatever a message holds."""

from decimal import Decimal

import orjson
from msgspec import Struct, to_builtins

from topics.fields import Written
from topics.written import exact_of, plain, shown, write_exact

__all__ = ["encode"]


def encode(message: Struct) -> bytes:
    """Encode as JSON with every Decimal as a plain string without trailing zeros.

    In what riskgate writes quantities are exact and other numbers have at most 18 decimal places.
    """
    tree = to_builtins(message, builtin_types=(Decimal,))
    if not isinstance(message, Written):
        return orjson.dumps(tree, default=plain)
    write_exact(tree, exact_of(type(message)))
    return orjson.dumps(tree, default=shown)
