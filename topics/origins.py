"""Origin: the first record of a partition of `events` whose accounts began in another log.

It is no event: no account's number or chain counts it. Only the state that belongs to the record
knows what came before, so a worker that reads it has lost that state.
"""

from typing import Annotated

import msgspec
from msgspec import Struct

from topics.fields import doc

__all__ = ["ORIGIN", "Origin", "encode_origin", "origin_of"]

ORIGIN = "origin"  # Topic of the state that belongs to these records.

_BEGIN = b'{"type":"origin"'


class Origin(Struct, frozen=True, kw_only=True, tag_field="type", tag="origin"):
    """Where the accounts of a partition were before."""

    topic: Annotated[str, doc("Full name of the log of before.")]
    topic_id: Annotated[str, doc("Kafka's id of that topic.")]
    partition: Annotated[int, doc("Partition of that log.")]
    offset: Annotated[int, doc("Offset behind the last event of before.")]


def encode_origin(origin: Origin) -> bytes:
    """Return the record's value."""
    return msgspec.json.encode(origin)


def origin_of(value: bytes) -> Origin | None:
    """Return the origin that a record of `events` holds; None for any other record."""
    return msgspec.json.decode(value, type=Origin) if value.startswith(_BEGIN) else None
