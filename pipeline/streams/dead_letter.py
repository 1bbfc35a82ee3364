"""A message that could not be read, as a dead letter: its reason and enough of it to look at."""

from hashlib import blake2b

from pipeline.streams.engine import Record
from topics.codec import DecodeError
from topics.dead_letters import DeadLetter, DeadSource

__all__ = ["dead_letter"]

RAW_BYTES_MAX = 16_384
DIGEST_BYTES = 16
KEY_CHARACTERS_MAX = 1024


def dead_letter(record: Record, error: DecodeError, *, topic: str, topic_id: str) -> DeadLetter:
    """Describe a record; `topic` is its topic's name without the prefix."""
    raw = record.value or b""
    key = None if record.key is None else record.key.decode(errors="backslashreplace")
    return DeadLetter(
        source=DeadSource(
            topic=topic,
            topic_id=topic_id,
            partition=record.partition,
            offset=record.offset,
            key=None if key is None else key[:KEY_CHARACTERS_MAX],
        ),
        error=error.error,
        path=error.path,
        raw=raw[:RAW_BYTES_MAX],
        raw_bytes=len(raw),
        raw_digest=blake2b(raw, digest_size=DIGEST_BYTES).hexdigest(),
    )
