"""A record of `decisions` that cannot be read: it may be a stop, so its account is refused."""

import msgspec
from confluent_kafka import Message

__all__ = ["Unreadable", "account_of"]


class Unreadable(msgspec.Struct, frozen=True):
    """An account that must not trade until a person finds out what its record says."""

    account_id: str


class _Named(msgspec.Struct):
    """What is read of a record that is no message of `decisions`."""

    account_id: str


def account_of(message: Message) -> str | None:
    """Return the account of a record by its key, else by its body; None: it names none."""
    key, value = message.key(), message.value()
    if isinstance(key, bytes) and key:
        return key.decode(errors="replace")
    try:
        return msgspec.json.decode(value or b"", type=_Named).account_id
    except msgspec.DecodeError:
        return None
