"""Go back: open the old topics again and delete the new ones, while nothing was decided there.

The claim goes last, so that a killed run can be run again.
"""

from contextlib import closing

from msgspec.structs import replace

from pipeline.errors import StartupError
from pipeline.rebuild.transaction import Transaction
from pipeline.repartition.carrying import BEGIN, Notes
from pipeline.repartition.copying import COPIED
from pipeline.repartition.drained import ends_of, require_stopped
from pipeline.repartition.gate import ADVICE, CLOSED, SIZE, open_topics
from pipeline.repartition.making import Claim, planned, read_claim, write_claim
from pipeline.repartition.target import Target
from pipeline.streams.admin.topic_admin import delete_topic
from pipeline.streams.admin.topic_configs import configs_of
from topics.catalogue import INPUTS
from topics.origins import ORIGIN

__all__ = ["go_back"]

TRANSACTION_SECONDS_MAX = 60.0


def go_back(target: Target) -> int:
    """Return how many topics were deleted.

    Raise StartupError when there is nothing to go back from, or the new topics are in use.
    """
    with target.old.sentences():
        made = read_claim(target.new)
        if made is None or made.names != target.names:
            raise StartupError(
                f"No topics {target.new.settings.topic_prefix}… continue those of "
                f"{target.old.settings.topic_prefix}…, so there is nothing to go back from"
            )
        require_stopped(target.new, made.replicas)
        _require_unused(target)
        _leave(target, made)
        return _remove(target, made)


def _require_unused(target: Target) -> None:
    """Raise StartupError when somebody wrote to the new topics: that would be lost."""
    new, admin = target.new.settings, target.new.admin()
    there = target.new.metadata(admin).topics
    names = [topic.name for topic in INPUTS if topic.name not in COPIED] + [*new.further_topics]
    inputs = [new.topic(name) for name in names if new.topic(name) in there]
    for place, log in ends_of(target.new, inputs).items():
        if log.end:
            raise StartupError(
                f"{place[0]}[{place[1]}] has messages already, which going back would lose; let "
                "the new deployment decide them"
            )
    events = new.topic("events")
    if events not in there:
        return
    if any(log.end > BEGIN for log in ends_of(target.new, [events]).values()):
        raise StartupError(
            f"{events} has events already: going back would lose what was decided of them"
        )


def _leave(target: Target, made: Claim) -> None:
    """Note that it has begun: what is noted as done may be gone from now on."""
    transaction = Transaction(
        target.new,
        target.new.settings.group("repartition"),
        seconds_max=TRANSACTION_SECONDS_MAX,
        command="riskgate repartition --back",
    )
    write_claim(target, replace(made, is_left=True), transaction)


def _remove(target: Target, made: Claim) -> int:
    """Delete `events` first, so that nobody can begin there, and open the old topics then."""
    new, admin = target.new.settings, target.new.admin()
    there = target.new.metadata(admin).topics
    names = [each.name for each in planned(target, made.replicas) if each.name in there]
    events, origin = new.topic("events"), new.topic(ORIGIN)
    if events in names:
        delete_topic(admin, events)
    old = target.old.admin()
    found = configs_of(old, made.sizes, advice=ADVICE)
    closed = {topic: size for topic, size in made.sizes.items() if found[topic][SIZE] == CLOSED}
    open_topics(old, closed)
    for name in names:
        if name not in {events, origin}:
            delete_topic(admin, name)
    _forget(target)
    delete_topic(admin, origin)
    return len(names)


def _forget(target: Target) -> None:
    """Forget what was noted as done. Kafka deletes the notes on deleted topics by itself."""
    admin = target.new.admin()
    with closing(Notes(target.new)) as notes:
        group = notes.name
    listed = admin.list_consumer_groups(request_timeout=10).result()
    if any(each.group_id == group for each in listed.valid):
        admin.delete_consumer_groups([group], request_timeout=10)[group].result()
