"""How numbers look in what riskgate writes: plain, at most 18 decimal places, quantities exact."""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache
from typing import Any, NamedTuple, get_args, get_type_hints

from msgspec import Struct

from topics.fields import EXACT
from topics.hints import bare, metas

PLACES = 18
_WIDE = Context(prec=400, rounding=ROUND_HALF_EVEN, Emin=-999999, Emax=999999)
_LEAST = Decimal((0, (1,), -PLACES))


def plain(number: object) -> str:
    """Write a Decimal in plain notation: no exponent, no trailing zeros, no negative zero."""
    if not isinstance(number, Decimal):
        raise TypeError(f"{type(number).__name__} does not travel")
    text = str(number)
    if text[-1] == "0" or "E" in text:  # Most are plain as they are.
        return _trimmed(text if "E" not in text else format(number, "f"))
    return text


def shown(number: object) -> str:
    """Write a Decimal as `plain` does, rounded half-even to 18 decimal places."""
    if not isinstance(number, Decimal):
        raise TypeError(f"{type(number).__name__} does not travel")
    text = str(number)
    if len(text) > PLACES + 1 or "E" in text:  # Else it has no more than 18 of them.
        number = _WIDE.quantize(number, _LEAST)
        text = str(number)
        # Plain but for what is below a millionth; to ask for that form takes twice the time.
        return _trimmed(text if "E" not in text else format(number, "f"))
    return _trimmed(text) if text[-1] == "0" else text


def _trimmed(text: str) -> str:
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


class Exact(NamedTuple):
    """Which numbers of a message are written with all their digits."""

    names: tuple[str, ...]
    items: tuple[tuple[str, "Exact"], ...]  # Fields that hold several messages.
    by_unit: bool  # Only where its `unit` is `quantity`.


@cache
def exact_of(message: type[Struct]) -> Exact:
    """Find the exact numbers of a message type by its annotations."""
    hints = get_type_hints(message, include_extras=True)
    names = tuple(name for name, hint in hints.items() if _is_exact(hint))
    nested = ((name, exact_of(inner)) for name, hint in hints.items() for inner in _inner(hint))
    items = tuple((name, exact) for name, exact in nested if exact.names or exact.items)
    by_unit = "unit" in hints
    if by_unit:
        names = ("measured", "limit", "headroom")
    return Exact(names, items, by_unit)


def write_exact(tree: dict[str, Any], exact: Exact) -> None:
    """Write the exact numbers of a message as texts, in place."""
    if exact.by_unit and tree["unit"] != "quantity":
        return
    for name in exact.names:
        number = tree[name]
        if number is not None:
            tree[name] = plain(number)
    for name, inner in exact.items:
        for item in tree[name]:
            write_exact(item, inner)


def _is_exact(hint: object) -> bool:
    return any(EXACT in (meta.extra_json_schema or {}) for meta in metas(hint))


def _inner(hint: object) -> Iterator[type[Struct]]:
    for part in get_args(bare(hint)):
        if isinstance(part, type) and issubclass(part, Struct):
            yield part
