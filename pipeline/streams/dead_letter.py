"""Dead letters: why a record was not accepted, and enough of its bytes to inspect it."""

from hashlib import blake2b

from pipeline.streams.role_interface import Record
from topics.codec import DecodeError
from topics.dead_letters import DeadLetter, DeadSource

__all__ = ["dead_key", "dead_letter", "key_text"]

# Everything that a sender can make long is cut. Otherwise the dead letter could be too large to
# write, and ingest would never get past the record.
RAW_BYTES_MAX = 16_384
KEY_BYTES_MAX = 1024
TEXT_CHARACTERS_MAX = 1000
DIGEST_BYTES = 16


def dead_letter(record: Record, error: DecodeError, *, topic: str, topic_id: str) -> DeadLetter:
    """Describe a record; `topic` is its topic's name without the prefix."""
    raw = record.value or b""
    return DeadLetter(
        source=DeadSource(
            topic=topic,
            topic_id=topic_id,
            partition=record.partition,
            offset=record.offset,
            key=key_text(record.key),
        ),
        error=error.error[:TEXT_CHARACTERS_MAX],
        path=None if error.path is None else error.path[:TEXT_CHARACTERS_MAX],
        raw=raw[:RAW_BYTES_MAX],
        raw_bytes=len(raw),
        raw_digest=blake2b(raw, digest_size=DIGEST_BYTES).hexdigest(),
    )


def key_text(key: bytes | None) -> str | None:
    """Return the key of a record as its dead letter names it."""
    cut = dead_key(key)
    return None if cut is None else cut.decode(errors="backslashreplace")


def dead_key(key: bytes | None) -> bytes | None:
    """Return the key of a record's dead letter: the record's own, cut to its bound."""
    return None if key is None else key[:KEY_BYTES_MAX]
