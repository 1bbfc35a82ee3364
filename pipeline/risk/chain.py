"""The chain: a digest over all applied events, and the source offsets that were applied.

Equal chains mean equal inputs, so anyone can check that nothing was skipped, repeated or forked.
"""

from hashlib import blake2b

from pipeline.risk.account.account import SOURCES_MAX
from topics.events import Event

_SOURCE = b'"source":{'
_TOPIC = len(b'"topic":"')  # The source's first field.


def chain(previous: str, content: bytes, at_ms: int, *, news: str = "") -> str:
    """Return the chain after an event; news: the shared record's chain if that changed."""
    before, found, rest = content.partition(_SOURCE)
    if found:  # Cut it out; its own fields hold no brace.
        topic = rest[_TOPIC : rest.index(b'"', _TOPIC)]
        rest = rest[rest.index(b"}") + 1 :]
        if b"." in topic:  # A further topic, which an account may refuse: it is an input too.
            before += topic
    parts = (previous.encode(), before, rest, f"{at_ms}{news}".encode())
    return blake2b(b"".join(parts), digest_size=8).hexdigest()


def sources_after(sources: dict[str, int], event: Event) -> dict[str, int] | None:
    """Return the source offsets after an event; None if it was applied before."""
    source = event.source
    if source is None:
        return sources
    key = f"{source.topic_id}:{source.partition}"
    last = sources.get(key)
    if last is not None and source.offset <= last:
        return None
    after = {**sources, key: source.offset}
    if len(after) > SOURCES_MAX:
        del after[next(iter(after))]
    return after
