"""Dead letters: what could not be read, with its reason and enough of it to look at."""

from typing import Annotated

from msgspec import Struct

from topics.fields import doc
from topics.topic import DAY_MS, Topic


class DeadSource(Struct, frozen=True, kw_only=True, gc=False):
    topic: Annotated[str, doc("Topic of the message, without the prefix.")]
    topic_id: Annotated[str, doc("Kafka's id of that topic; a topic created again has a new one.")]
    partition: Annotated[int, doc("Partition of the message.")]
    offset: Annotated[int, doc("Offset of the message in its partition.")]
    key: Annotated[
        str | None,
        doc(
            "Key of the message, cut at 1 KiB; bytes that are no UTF-8 are escaped.",
            null="if it had no key",
        ),
    ]


class DeadLetter(Struct, frozen=True, kw_only=True, gc=False):
    source: Annotated[DeadSource, doc("Where the message stands.")]
    error: Annotated[str, doc("Why it could not be read, in one sentence.")]
    path: Annotated[
        str | None,
        doc("Field that is wrong, such as `$.quantity`, or `key`.", null="if no field is to blame"),
    ]
    raw: Annotated[bytes, doc("First 16 KiB of the message, base64.")]
    raw_bytes: Annotated[int, doc("Length of the whole message.", unit="bytes")]
    raw_digest: Annotated[str, doc("blake2b of the whole message, 16 bytes in hex.")]


TOPIC = Topic(
    name="dead_letters",
    direction="out",
    message=DeadLetter,
    key="source_key",
    writers=("ingest", "risk", "broadcast"),
    readers=("risk", "operator", "desk"),
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
