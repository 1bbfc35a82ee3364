"""The new log's first records, which let the new workers begin: the last step of all.

Until `events` exists no role of the new deployment starts. The first record of each partition says
which log its accounts come from, and the groups' offsets are behind it.
"""

from collections.abc import Mapping

from confluent_kafka import Producer, TopicPartition

from pipeline.errors import StartupError
from pipeline.rebuild.transaction import Transaction
from pipeline.repartition.carrying import BEGIN, Notes
from pipeline.repartition.drained import ends_of
from pipeline.repartition.making import Claim, events_plan
from pipeline.repartition.target import Target, of_set
from pipeline.replay.comparison import Span
from pipeline.replay.origins import find_origin
from pipeline.streams.admin.topic_admin import await_leaders, create_topic
from pipeline.streams.clients.cluster import topic_id
from pipeline.streams.clients.group_offsets import metadata_of
from pipeline.streams.role_names import RoleName
from topics.fields import EVERYONE
from topics.origins import Origin, encode_origin

__all__ = ["begin_events", "has_begun"]

FLUSH_SECONDS_MAX = 30.0


def has_begun(target: Target, notes: Notes) -> bool:
    """Return whether the new log is there, with its origin."""
    name, admin = target.new.settings.topic("events"), target.new.admin()
    if name not in target.new.metadata(admin).topics:
        return False
    places = [(name, number) for number in range(target.new.settings.partitions)]
    return len(notes.of(places)) == len(places)


def begin_events(target: Target, claim: Claim, *, transaction: Transaction, notes: Notes) -> None:
    """Create the new `events`, and write where each partition comes from."""
    old, new = target.old.settings, target.new.settings
    admin, planned = target.new.admin(), events_plan(target, claim)
    if planned.name not in target.new.metadata(admin).topics:
        create_topic(admin, planned)
    await_leaders(target.new, admin, [planned.name])
    before, before_id = old.topic("events"), topic_id(old, "events")
    ends = ends_of(target.old, [before])
    origins = {
        number: Origin(
            topic=before,
            topic_id=before_id,
            partition=number % old.partitions,
            offset=ends[before, number % old.partitions].end,
        )
        for number in range(new.partitions)
    }
    _write(target, origins)
    _require_first(target, origins)
    transaction.begin()
    _commit(target, claim, transaction=transaction, notes=notes)


def _write(target: Target, origins: Mapping[int, Origin]) -> None:
    """Write the origin of each partition that is empty.

    In no transaction: an aborted record would keep offset 0 from the one that comes next.
    """
    name = target.new.settings.topic("events")
    ends = ends_of(target.new, [name])
    producer = Producer(target.new.properties(acks="all", enable_idempotence=True))
    for number, origin in origins.items():
        if not ends[name, number].end:
            producer.produce(name, encode_origin(origin), EVERYONE.encode(), number)
    if producer.flush(FLUSH_SECONDS_MAX):
        raise StartupError(f"Kafka did not take the first records of {name}; run it again")


def _require_first(target: Target, origins: Mapping[int, Origin]) -> None:
    """Raise StartupError unless the origin is all that each partition has."""
    name = target.new.settings.topic("events")
    for (_, number), log in sorted(ends_of(target.new, [name]).items()):
        span = Span("events", number, log.begin, log.end)
        if log.end != BEGIN or find_origin(target.new, span) != origins[number]:
            raise StartupError(
                f"{name}[{number}] does not hold its origin alone: a role of the new deployment "
                "ran already, or another run of this command; go back with --back"
            )


def _commit(target: Target, claim: Claim, *, transaction: Transaction, notes: Notes) -> None:
    """Commit the transaction: from here on the new workers can begin."""
    new = target.new.settings
    places = [TopicPartition(new.topic("events"), n, BEGIN) for n in range(new.partitions)]
    groups = [notes.group()]
    for replica in claim.replicas:
        group = of_set(new, replica).role_group(RoleName.RISK)
        groups.append(metadata_of(target.new, group))
    transaction.commit([(places, group) for group in groups])
