"""Make the state of all partitions again, and let `riskgate run risk` go on from there.

First everything is decided again and compared; only then is the changelog made anew and written, a
partition at a time. Killed at any step it can be run again: it reads nothing that it writes, and a
worker takes no partition over that has not been written.
"""

import shutil
import sys
from contextlib import closing
from typing import NamedTuple

from confluent_kafka import Consumer, TopicPartition

from pipeline.errors import StartupError
from pipeline.rebuild.again import Decided, Wanted, decide_again
from pipeline.rebuild.beginning import START_OVER
from pipeline.rebuild.group import SoleMember
from pipeline.rebuild.writing import StateWriter
from pipeline.replay.comparison import COMPARED
from pipeline.replay.counts import Counts
from pipeline.replay.findings import describe
from pipeline.replay.recorded import Log
from pipeline.replay.tapes import span
from pipeline.rules_version import rules_version
from pipeline.streams.admin.changelog_admin import empty_changelog, recreate_changelog
from pipeline.streams.admin.topic_admin import require_topics
from pipeline.streams.clients.append_time import require_append_time
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.cluster import id_of, topic_id
from pipeline.streams.clients.consumer_errors import require_answers
from pipeline.streams.clients.group_offsets import outsider
from pipeline.streams.role_interface import Place
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.decide.decide import DECIDED
from pipeline.streams.settings import Settings
from topics.text import visible

__all__ = ["Rebuilt", "log_of", "rebuild"]

ANSWER_SECONDS_MAX = 10.0
CLOCKS_APART_MS_MAX = 120_000  # Of brokers and senders; a minute each is what workers stand.


class Rebuilt(NamedTuple):
    """What became of a rebuild."""

    different: int  # Outputs that are published and not decided again, or otherwise.
    unsent: int  # Events that the group had passed, and of which outputs are missing.
    is_written: bool


def rebuild(
    settings: Settings, *, from_snapshots: bool, accept: bool, partition: int | None = None
) -> Rebuilt:
    """Make the state of all partitions or of one again, and print what is found.

    Nothing is written when there are differences, unless they are accepted. Raise StartupError
    when a worker is a member of the group, or the log does not reach back far enough.
    """
    if partition is not None and not 0 <= partition < settings.partitions:
        raise StartupError(
            f"--partition {partition} is none of 0 to {settings.partitions - 1}, the partitions "
            "of events"
        )
    broker = Broker(settings)
    require_topics(settings, [RoleName.RISK])
    with broker.sentences():
        require_append_time(settings)
        with SoleMember(broker, partitions=settings.partitions) as member:
            committed = member.committed()
            if partition is not None:
                committed = {partition: committed[partition]}
            decided = _decide_all(broker, member, committed, from_snapshots=from_snapshots)
            found = _judge(broker, decided, committed)
            if (found.different or found.unsent) and not accept:
                return found
            _write_all(broker, member, decided, one=partition)
    return found._replace(is_written=True)


def _decide_all(
    broker: Broker,
    member: SoleMember,
    committed: dict[int, int | None],
    *,
    from_snapshots: bool,
) -> dict[int, Decided]:
    events_id = topic_id(broker.settings, "events")
    decided = {}
    with closing(outsider(broker, broker.settings.group("operator"))) as asking:
        for number, offset in sorted(committed.items()):
            log = log_of(broker, asking, number, committed=offset)
            wanted = Wanted(log, events_id, from_snapshots)
            decided[number] = decide_again(broker, wanted, beat=member.beat)
    return decided


def log_of(broker: Broker, asking: Consumer, number: int, *, committed: int | None) -> Log:
    """Return what there is of a partition: events up to the group's offset, if it has one."""
    events = span(broker, asking, "events", number)
    outputs = tuple(span(broker, asking, topic, number) for topic in COMPARED)
    name, group = broker.settings.topic("events"), broker.settings.role_group(RoleName.RISK)
    if committed is None and outputs[0].begin == outputs[0].end > 0:
        raise StartupError(
            f"{group} has no offset in {name}[{number}], and {outputs[0].topic} has no record any "
            "more, so nobody knows how far was decided: set the offset by hand, and run riskgate "
            "rebuild again"
        )
    if committed is not None and committed > events.end:
        raise StartupError(
            f"{group} is at {committed} of {name}[{number}], which ends at {events.end}: it was "
            f"truncated, and what was decided of the rest cannot be decided again; {START_OVER}"
        )
    end = events.end if committed is None else max(committed, events.begin)
    return Log(
        events=events._replace(end=end),
        outputs=outputs,
        snapshots=span(broker, asking, "snapshots", number),
        partitions=broker.settings.partitions,
    )


def _judge(
    broker: Broker, decided: dict[int, Decided], committed: dict[int, int | None]
) -> Rebuilt:
    """Print what the comparison found."""
    counts, unsent = Counts(), 0
    for number, each in decided.items():
        counts.add(each.counts)
        behind = max(0, (committed[number] or 0) - each.position)
        if behind:
            unsent += behind
            _say(
                f"{broker.settings.topic('events')}[{number}]: outputs of events from "
                f"{each.position} to {committed[number]}, which were decided, are missing"
            )
    for line in describe(counts, rules_version()):
        _say(line)
    return Rebuilt(counts.different.total(), unsent, is_written=False)


def _write_all(
    broker: Broker, member: SoleMember, decided: dict[int, Decided], *, one: int | None
) -> None:
    settings = broker.settings
    ends = {number: _outputs(broker, number, each) for number, each in decided.items()}
    member.beat()
    if one is None:
        recreate_changelog(settings)
    else:
        empty_changelog(settings, one)
    writer = StateWriter(broker, member)
    changelog_id = id_of(settings, writer.changelog)
    for number, each in decided.items():
        place: Place = settings.topic("events"), number
        writer.write(place, each, changelog_id=changelog_id, outputs=ends[number])
        _say(f"{place[0]}[{number}]: {each.accounts} accounts as of offset {each.position}")
    # What a worker on this machine had belongs to the changelog before.
    shutil.rmtree(settings.own_state_dir / settings.role_group(RoleName.RISK), ignore_errors=True)


def _outputs(broker: Broker, number: int, decided: Decided) -> dict[str, int]:
    """Return, by topic, where what is published of later events may begin."""
    settings = broker.settings
    letters = TopicPartition(
        settings.topic("dead_letters"), number, max(0, decided.last_ms - CLOCKS_APART_MS_MAX)
    )
    with closing(outsider(broker, settings.group("operator"))) as asking:
        (found,) = require_answers(asking.offsets_for_times([letters], timeout=ANSWER_SECONDS_MAX))
        end = span(broker, asking, "dead_letters", number).end
    known = decided.outputs | {"dead_letters": found.offset if found.offset >= 0 else end}
    return {settings.topic(topic): known[topic] for topic in DECIDED}


def _say(line: str) -> None:
    sys.stdout.write(f"{visible(line)}\n")
