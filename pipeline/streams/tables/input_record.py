"""Read an input record: decode its body and check its key, for ingest and for the tables."""

from msgspec import Struct

from pipeline.streams.role_interface import Record
from pipeline.streams.tables.sessions import check_calendar
from topics.codec import DecodeError, decode, key_of
from topics.instruments import Instrument, check_instrument
from topics.topic import Topic

__all__ = ["read", "withdrawn"]

KEY = "key"  # The path of an error in the key; paths of the body begin with `$`.
KEY_CHARACTERS_MAX = 128


def withdrawn(record: Record, topic: Topic) -> str | None:
    """Return the key that a tombstone of a compacted topic deletes; None for any other record."""
    if record.value is not None or record.key is None or not topic.compacted:
        return None
    return record.key.decode(errors="backslashreplace")


def read(record: Record, topic: Topic) -> Struct:
    """Decode an input record of any topic and check its key against its body.

    Raise DecodeError with the path of the error.
    """
    message = decode(topic, record.value)
    if isinstance(message, Instrument):
        check_instrument(message)
        if message.session is not None:
            check_calendar(message.session)
    if record.key is None:
        raise DecodeError(f"Expected the {topic.key} as the key, got none", KEY)
    try:
        key = record.key.decode()
    except UnicodeDecodeError:
        raise DecodeError(f"Expected the {topic.key} as the key, got invalid UTF-8", KEY) from None
    if key != key_of(topic, message):
        shown = key[:KEY_CHARACTERS_MAX]
        raise DecodeError(f"Expected the message's own key, {shown!r}", f"$.{topic.key}")
    return message
