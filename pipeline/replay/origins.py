"""The state that a log begins with when its accounts were in another log before.

Such a log's first record is its origin, and the topic `origin` has the state that belongs to it:
every key, so ids of before are known too.
"""

from contextlib import closing
from typing import NamedTuple

from pipeline.errors import StartupError
from pipeline.replay.comparison import Span
from pipeline.replay.tapes import read, span, to_bytes
from pipeline.risk.state import load_account, load_shared
from pipeline.rules_version import rules_version
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.read_to_end import operator_reader
from pipeline.streams.engine.partition_store import OURS
from pipeline.streams.role_interface import Store
from pipeline.streams.roles.decide.account_store import ACCOUNTS, IDENTITIES, SHARED
from topics.fields import EVERYONE
from topics.origins import ORIGIN, Origin, origin_of

__all__ = ["Begun", "find_origin", "load_origin"]


class Begun(NamedTuple):
    """Where an account, or `*`, stood when its log began."""

    sequence: int
    chain: str
    knows_shared: bool = True  # Its last event came after the last one of `*`.
    ids: tuple[str, ...] = ()  # Remembered, as the core names them.


def find_origin(broker: Broker, events: Span) -> Origin | None:
    """Return the origin of a partition; None when its accounts began there, or it is gone."""
    if events.begin > 0 or events.end == 0:
        return None
    with closing(read(broker, events._replace(end=1))) as records:
        first = next(records, None)
    return None if first is None else origin_of(to_bytes(first.value() or b""))


def load_origin(broker: Broker, events: Span, store: Store) -> dict[str, Begun] | None:
    """Load what a partition began with; None when its accounts began there, or that is gone.

    Raise StartupError when the log has an origin, and its state cannot be read.
    """
    origin = find_origin(broker, events)
    if origin is None:
        return None
    found = _state(broker, events.partition)
    if not found and origin.offset:
        raise StartupError(
            f"{broker.settings.topic(events.topic)}[{events.partition}] continues {origin.topic}, "
            f"but {broker.settings.topic(ORIGIN)} no longer has the state that it began with"
        )
    for key, value in found.items():
        store.set(key, value)
    return _begun(found, events.partition)


def _state(broker: Broker, number: int) -> dict[bytes, bytes]:
    with closing(operator_reader(broker)) as reader:
        if broker.settings.topic(ORIGIN) not in broker.metadata(reader).topics:
            return {}
        where = span(broker, reader, ORIGIN, number)
    found = {}
    with closing(read(broker, where)) as records:
        for record in records:
            key = to_bytes(record.key() or b"")
            if key.startswith(OURS):
                found[key.removeprefix(OURS)] = to_bytes(record.value() or b"")
    return found


def _begun(state: dict[bytes, bytes], partition: int) -> dict[str, Begun]:
    raw, begun, chain, ids = state.get(SHARED), {}, "", _ids(state)
    if raw is not None:
        shared = load_shared(raw, partition=partition, rules_version=rules_version())
        begun[EVERYONE] = Begun(shared.sequence, shared.chain)
        chain = shared.chain
    for key, value in state.items():
        if key.startswith(ACCOUNTS):
            account = load_account(value)
            applied = account.applied
            begun[account.account_id] = Begun(
                applied.sequence,
                applied.chain,
                applied.shared_chain == chain,
                tuple(ids.get(account.account_id, ())),
            )
    return begun


def _ids(state: dict[bytes, bytes]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in state:
        if key.startswith(IDENTITIES):
            _, account_id, identity = key.decode().split("|", 2)
            found.setdefault(account_id, []).append(identity)
    return found
