"""The topics of the new deployment, made as those of the old one are, and the claim on their names.

The claim is the first record of all: it says whose successor the topics are, so that a run that was
killed goes on, and topics that somebody else made are left alone.
"""

from collections.abc import Iterable
from contextlib import closing
from typing import NamedTuple

import msgspec
from confluent_kafka.admin import AdminClient

from pipeline.errors import StartupError
from pipeline.rebuild.transaction import Transaction
from pipeline.repartition.gate import ADVICE, CLOSED, SIZE
from pipeline.repartition.target import Target
from pipeline.replay.tapes import read, span, to_bytes
from pipeline.streams.admin.topic_admin import await_leaders, create_topic
from pipeline.streams.admin.topic_configs import configs_of, own_configs
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.read_to_end import operator_reader
from pipeline.streams.clients.topic_plan import Planned, plan, plan_changelog
from topics.catalogue import TOPICS
from topics.origins import ORIGIN

__all__ = ["Claim", "claim", "events_plan", "make_topics", "planned", "read_claim"]

EVENTS = "events"
KEY = b"claim"  # Keys of state begin otherwise.


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Whose successor the new topics are."""

    names: list[str | int]  # Prefixes and counts, of the old deployment and the new one.
    replicas: list[str]
    sizes: dict[str, str]  # Of the old topics: `max.message.bytes` before they were closed.
    is_left: bool = False  # Going back has begun, so some of the new topics may be gone.


class Planning(NamedTuple):
    """What is to be made, by the old topic that it is like; None: like no other."""

    old: str | None
    new: Planned


def read_claim(broker: Broker) -> Claim | None:
    """Return the newest claim on the topics of a deployment; None when there is none."""
    admin = broker.admin()
    if broker.settings.topic(ORIGIN) not in broker.metadata(admin).topics:
        return None
    with closing(operator_reader(broker)) as reader:
        where = span(broker, reader, ORIGIN, 0)
    found = None
    with closing(read(broker, where)) as records:
        for record in records:
            if record.key() == KEY:
                found = msgspec.json.decode(to_bytes(record.value() or b""), type=Claim)
    return found


def claim(target: Target, replicas: list[str]) -> Claim:
    """Claim the names of the new topics, or return the claim of an earlier run.

    Raise StartupError when any of them is somebody else's.
    """
    new = target.new.settings
    found = read_claim(target.new)
    if found is not None:
        _require_same(target, found)
        return found
    admin = target.new.admin()
    there = target.new.metadata(admin).topics
    names = [each.name for each in planned(target, replicas) if each.name in there]
    if others := [name for name in names if name != new.topic(ORIGIN)]:
        raise StartupError(
            f"{others[0]} exists already, and riskgate repartition did not make it; choose another "
            "--topic-prefix, or delete what has this one"
        )
    made = Claim(
        names=target.names,
        replicas=replicas,
        sizes=_sizes(target, admin),
    )
    origin = next(each for each in planned(target, replicas) if each.name == new.topic(ORIGIN))
    create_topic(admin, origin)
    await_leaders(target.new, admin, [origin.name])
    return made


def _require_same(target: Target, found: Claim) -> None:
    """Raise StartupError when a claim is another one's, or was given up."""
    if found.names != target.names:
        before, _, count, _, groups, after = found.names
        raise StartupError(
            f"The topics {target.new.settings.topic_prefix}… continue those of {before}… with "
            f"{count} partitions, as {after} partitions and the groups {groups}…: run it with the "
            "same names, or choose another --topic-prefix"
        )
    if found.is_left:
        raise StartupError(
            f"Going back from {target.new.settings.topic_prefix}… was not finished: run riskgate "
            "repartition with --back first"
        )


def write_claim(target: Target, made: Claim, transaction: Transaction) -> None:
    """Write the claim unless it is there."""
    if read_claim(target.new) != made:
        transaction.begin()
        place = target.new.settings.topic(ORIGIN), 0
        transaction.send(place, KEY, value=msgspec.json.encode(made))
        transaction.flush()
        transaction.commit([])


def planned(target: Target, replicas: Iterable[str]) -> list[Planned]:
    """Return all topics of the new deployment."""
    return [each.new for each in _planning(target, replicas)]


def events_plan(target: Target, made: Claim) -> Planned:
    """Return how `events` is made, which is the last of all topics."""
    name = target.new.settings.topic(EVENTS)
    admin = target.old.admin()
    return next(
        _as_before(target, each, made, admin=admin)
        for each in _planning(target, made.replicas)
        if each.new.name == name
    )


def make_topics(target: Target, made: Claim) -> None:
    """Create all topics that are missing, except `events`: without it no role starts."""
    admin, events = target.new.admin(), target.new.settings.topic(EVENTS)
    there = target.new.metadata(admin).topics
    names = []
    for each in _planning(target, made.replicas):
        if each.new.name != events:
            names.append(each.new.name)
            if each.new.name not in there:
                create_topic(admin, _as_before(target, each, made, admin=admin))
    await_leaders(target.new, admin, names)


def _planning(target: Target, replicas: Iterable[str]) -> list[Planning]:
    old, new = target.old.settings, target.new.settings
    copies = min(new.replication_factor, len(target.new.metadata(target.new.admin()).brokers))
    topics = plan(
        prefix=new.topic_prefix,
        partitions=new.partitions,
        replicas=copies,
        further=new.further_topics,
    )
    names = [*TOPICS, *new.further_topics]
    before = [old.topic(name) for name in names]
    found = [Planning(*pair) for pair in zip(before, topics, strict=True)]
    (snapshots,) = (each.new for each in found if each.new.topic.name == "snapshots")
    found.append(Planning(None, snapshots._replace(name=new.topic(ORIGIN))))
    for name in target.changelogs(list(replicas)):
        changelog = plan_changelog(name, partitions=new.partitions, replicas=copies)
        found.append(Planning(None, changelog))
    return found


def _as_before(target: Target, each: Planning, made: Claim, *, admin: AdminClient) -> Planned:
    """Return a topic with the settings and replicas that its old one has."""
    if each.old is None:
        return each.new
    topic = target.old.metadata(admin).topics[each.old]
    copies = min(len(partition.replicas) for partition in topic.partitions.values())
    size = {SIZE: made.sizes[each.old]} if each.old in made.sizes else {}
    config = {**each.new.config, **own_configs(admin, each.old, advice=ADVICE), **size}
    # An input may have another count than `events`; it keeps that.
    count = len(topic.partitions)
    is_usual = count == target.old.settings.partitions
    partitions = each.new.partitions if is_usual else count
    return each.new._replace(partitions=partitions, replicas=copies, config=config)


def _sizes(target: Target, admin: AdminClient) -> dict[str, str]:
    """Return the largest message that each topic takes which is closed later."""
    names = [topic.name for topic in TOPICS.values() if topic.direction == "in"]
    names += [*target.old.settings.further_topics, EVENTS]
    old = [target.old.settings.topic(name) for name in names]
    found = configs_of(admin, old, advice=ADVICE)
    usual = {each.old: each.new.config[SIZE] for each in _planning(target, [])}
    return {
        # Closed by a run whose topics somebody deleted: then as riskgate creates it.
        topic: usual[topic] if found[topic][SIZE] == CLOSED else found[topic][SIZE]
        for topic in old
    }
