"""What a paper venue did before a restart, read from the topics that it wrote.

A venue that forgot would fill orders twice. It also makes sure that it is the only engine there:
two engines would both act on every decision.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from functools import partial
from typing import cast

from confluent_kafka import OFFSET_BEGINNING, TopicPartition
from msgspec import Struct

from pipeline.errors import StartupError
from pipeline.paper.venue import Name, PaperVenue
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.consumer_groups import describe_groups
from pipeline.streams.clients.read_to_end import operator_reader, read_to_end
from riskgate.engine_protocol import ID_LENGTH_MAX, Log, ticket_of
from topics import accounts, decisions, fills, orders
from topics.accounts import CashFlow
from topics.codec import DecodeError, decode, reader_of
from topics.decisions import Stop
from topics.fills import Fill
from topics.orders import Order
from topics.topic import Topic

__all__ = ["accounts_begun", "recover", "require_alone"]

ASK_AGAIN_SECONDS = 0.2


class _Known(Struct):
    """What is known of one order."""

    fills: dict[str, Decimal] = {}  # By id, as one may be in the log twice.
    accepted: bool = False
    final: Order | None = None


def require_alone(broker: Broker, group: str) -> None:
    """Wait until the session of a venue that crashed has ended.

    Raise StartupError when another paper venue works in this group.
    """
    give_up_s = time.monotonic() + 2 * broker.settings.session_timeout_ms / 1000
    while describe_groups(broker, [group])[group].members:
        if time.monotonic() > give_up_s:
            raise StartupError(
                f"Another riskgate paper is a member of {group}; stop it, or choose another topic "
                "prefix and group prefix for this dry run"
            )
        time.sleep(ASK_AGAIN_SECONDS)


def recover(broker: Broker, venue: PaperVenue, *, name: str, now_ms: int) -> int:
    """Let a venue know its orders of before; return how many of them still work.

    name: begins the venue's order ids. Raise StartupError when another engine reports here.
    """
    known = _known(broker, name)
    working = 0
    for message in _read(broker, decisions.TOPIC):
        log = cast("Log", message)
        ticket = None if isinstance(log, Stop) else ticket_of(log)
        found = known.get((ticket.account_id, ticket.client_id)) if ticket else None
        # Once: a decision may be in the log twice.
        if ticket and found and found.accepted and found.final is None:
            filled = sum(found.fills.values(), Decimal(0))
            venue.resume(ticket, now_ms, filled=filled, number=len(found.fills))
            found.accepted = False
            working += 1
    for each in known.values():
        if each.final is not None:
            venue.remember(each.final)
    return working


def accounts_begun(broker: Broker) -> set[str]:
    """Return the accounts of which a balance or an opening was written."""
    return {row.account_id for row in _read(broker, accounts.TOPIC) if isinstance(row, CashFlow)}


def _known(broker: Broker, name: str) -> dict[Name, _Known]:
    known: dict[Name, _Known] = {}
    for order in _read(broker, orders.TOPIC):
        if isinstance(order, Order):
            _require_own(order, name)
            found = known.setdefault((order.account_id, order.signal_id), _Known())
            found.accepted = True
            if order.status != "accepted":
                found.final = order
    for fill in _read(broker, fills.TOPIC):
        if isinstance(fill, Fill) and fill.signal_id is not None:
            found = known.setdefault((fill.account_id, fill.signal_id), _Known())
            found.fills[fill.fill_id] = fill.quantity
    return known


def _require_own(order: Order, name: str) -> None:
    # What is answered without a venue, such as `expired`, has the decision's id.
    unplaced = not order.filled_quantity and order.status in {"expired", "cancelled", "rejected"}
    own_id = order.signal_id[-ID_LENGTH_MAX:]
    if order.order_id.startswith(f"{name}:") or (unplaced and order.order_id == own_id):
        return
    raise StartupError(
        f"Another engine reports orders here (order {order.order_id} of {order.account_id}), and "
        "both would act on every decision; choose a topic prefix of its own for a dry run, with "
        "RISKGATE_TOPIC_PREFIX"
    )


def _message(topic: Topic) -> type[Struct]:
    return cast("type[Struct]", topic.message)


def _read(broker: Broker, topic: Topic) -> Iterator[Struct]:
    """Yield what a topic holds now, without what riskgate could not read either."""
    name = broker.settings.topic(topic.name)
    # What riskgate wrote is not bounded as its inputs are.
    read = partial(decode, topic) if topic.direction == "in" else reader_of(_message(topic))
    with closing(operator_reader(broker, auto_offset_reset="earliest")) as consumer:
        (count,) = broker.partitions(consumer, topic.name)
        places = [TopicPartition(name, number, OFFSET_BEGINNING) for number in range(count)]
        for message in read_to_end(consumer, places):
            value = message.value()
            if isinstance(value, bytes):
                try:
                    yield read(value)
                except DecodeError:
                    continue
