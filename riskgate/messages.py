"""The messages that a client writes, checked when they are made as riskgate checks what it reads.

Each is the type of `topics` with that check, so there is one list of fields and one set of bounds.
A number may be a Decimal, an int, a text or a float; a float is read from its shortest digits, so
0.1 is exactly 0.1. What riskgate would refuse raises DecodeError with the path of the field.
"""

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated
from uuid import uuid4

import orjson
from msgspec import Struct, field
from msgspec.structs import force_setattr

from topics import accounts, fills, orders, positions, prices, signals
from topics.codec import DecodeError, decode, encode
from topics.fields import EventId, Millis, doc
from topics.topic import Topic

__all__ = [
    "CashFlow", "Fill", "Order", "PositionSnapshot", "Price", "Signal", "now_ms", "wire_bytes",
]  # fmt: skip


def now_ms() -> int:
    """Return the time of this machine's clock in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class Signal(
    signals.Signal,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
):
    """What a strategy wants. Without an id it gets a random one, without a time it is made now."""

    signal_id: Annotated[EventId, doc("Id, unique per account.")] = field(
        default_factory=lambda: uuid4().hex
    )
    created_at_ms: Annotated[Millis, doc("When the strategy made it.")] = field(
        default_factory=now_ms
    )

    def __post_init__(self) -> None:
        _check(self, signals.TOPIC)


class Order(orders.Order, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The status of an order at the venue."""

    def __post_init__(self) -> None:
        _check(self, orders.TOPIC)


class Fill(fills.Fill, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One execution at the venue."""

    def __post_init__(self) -> None:
        _check(self, fills.TOPIC)


class PositionSnapshot(
    positions.PositionSnapshot, frozen=True, kw_only=True, omit_defaults=True, gc=False
):
    """What the venue says is held of one instrument."""

    def __post_init__(self) -> None:
        _check(self, positions.TOPIC)


class CashFlow(accounts.CashFlow, frozen=True, kw_only=True, gc=False):
    """A balance, deposit, withdrawal or funding of an account."""

    def __post_init__(self) -> None:
        _check(self, accounts.TOPIC)


class Price(prices.Price, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Prices of one instrument at one time."""

    def __post_init__(self) -> None:
        _check(self, prices.TOPIC)


_CHECKED = (Signal, Order, Fill, PositionSnapshot, CashFlow, Price)


def wire_bytes(topic: Topic, message: Struct) -> bytes:
    """Encode a message for its topic. Raise DecodeError when its reader would refuse it."""
    value = encode(message)
    # What is made here was checked when it was made, and is frozen.
    if not isinstance(message, _CHECKED):
        decode(topic, value)
    return value


def _check(message: Struct, topic: Topic) -> None:
    """Read a message back as riskgate will, and keep the values as riskgate will have them."""
    fields = {name: _wire(name, getattr(message, name)) for name in message.__struct_fields__}
    read = decode(topic, _document(fields))
    for name in message.__struct_fields__:
        force_setattr(message, name, getattr(read, name))


def _wire(name: str, value: object) -> bytes:
    """Encode one field. Here and not in the codec, as the codec writes NaN of a float as null,
    which would turn a wrong quantity into an absent one.
    """
    if isinstance(value, Decimal):
        value = str(value)
    elif isinstance(value, float):
        value = float.__repr__(value)  # A subclass, such as numpy's, may write itself otherwise.
    try:
        return orjson.dumps(value)
    except TypeError:
        kind = type(value).__name__
        raise DecodeError(f"Expected text, a number or a bool, got {kind}", f"$.{name}") from None


def _document(fields: Mapping[str, bytes]) -> bytes:
    return b"{%b}" % b",".join(b'"%b":%b' % (name.encode(), raw) for name, raw in fields.items())
