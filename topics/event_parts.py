"""Parts of events: where an input comes from, and what broadcast says by itself."""

from typing import Annotated

from msgspec import Struct

from topics.fields import doc
from topics.quotes import Market


class Source(Struct, frozen=True, kw_only=True, gc=False):
    """Where an input stands, so that a repetition is recognized."""

    topic: Annotated[str, doc("Topic of the input, without the prefix.")]
    topic_id: Annotated[str, doc("Kafka's id of that topic; a topic created again has a new one.")]
    partition: Annotated[int, doc("Partition of the input.")]
    offset: Annotated[int, doc("Offset of the input in its partition.")]


class Heartbeat(Struct, frozen=True, kw_only=True, gc=False):
    """Broadcast lives: somebody watches the stops of this partition."""


class Revaluation(Struct, frozen=True, kw_only=True, gc=False):
    """What the market says to a quiet account. Of `*`: broadcast lacks rows of account_states."""

    markets: Annotated[
        tuple[Market, ...],
        doc("Instrument and quote of every watched symbol.", absent="the account is only woken"),
    ] = ()
