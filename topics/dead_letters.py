"""Dead letters: what could not be read, with its reason and enough of it to look at."""

from msgspec import Struct

from topics.topic import DAY_MS, Topic


class DeadSource(Struct, frozen=True, kw_only=True, gc=False):
    topic: str  # Without the prefix.
    topic_id: str
    partition: int
    offset: int
    key: str | None  # Undecodable bytes are escaped.


class DeadLetter(Struct, frozen=True, kw_only=True, gc=False):
    source: DeadSource
    error: str
    path: str | None  # Of the field, as `$.quantity`.
    raw: bytes  # The first 16 KiB; base64 in JSON.
    raw_bytes: int  # Of the whole message.
    raw_digest: str  # blake2b, 16 bytes in hex, of the whole message.


TOPIC = Topic(
    name="dead_letters",
    direction="out",
    message=DeadLetter,
    key="source_key",
    writers=("ingest", "risk", "broadcast"),
    readers=("operator", "desk"),
    retention_ms=30 * DAY_MS,
    copartitioned=True,
    example=DeadLetter(
        source=DeadSource(
            topic="signals",
            topic_id="AAAAAAAAAAAAAAAAAAAAAQ",
            partition=3,
            offset=18,
            key="acct-1",
        ),
        error="Object missing required field `quantity`",
        path="$.quantity",
        raw=b"{}",
        raw_bytes=2,
        raw_digest="2afb9b83f9314e5d029766197f539792",
    ),
)
