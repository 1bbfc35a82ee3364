"""Carry a drained deployment over to more partitions, step by step.

Each step sees for itself whether it is done, so that after a kill the command is run again. Up to
the last one, the first records of the new `events`, nobody can work on the new topics, and
`--back` removes them.
"""

import sys
from contextlib import closing
from typing import NamedTuple

from pipeline.errors import StartupError
from pipeline.rebuild.transaction import Transaction
from pipeline.repartition.beginning import begin_events, has_begun
from pipeline.repartition.carrying import Carrier, Notes
from pipeline.repartition.copying import COPIED, Copier
from pipeline.repartition.drained import ends_of, replicas_of, require_read, require_stopped
from pipeline.repartition.gate import close_topics
from pipeline.repartition.making import Claim, claim, make_topics, write_claim
from pipeline.repartition.state import Stored, read_state, require_published, require_replayed
from pipeline.repartition.target import Target
from pipeline.streams.admin.topic_admin import require_topics
from pipeline.streams.clients.append_time import require_append_time
from pipeline.streams.clients.topic_plan import risk_changelog
from pipeline.streams.role_names import RoleName
from topics.text import visible

__all__ = ["Carried", "repartition"]

TRANSACTION_SECONDS_MAX = 600.0  # A killed run's is aborted by the next one at once.
COMMAND = "riskgate repartition"
UNCOPIED = "prices"  # Its feed may go on until the switch: it stays open.


class Carried(NamedTuple):
    """What became of a run."""

    accounts: int
    was_done: bool  # By an earlier run.


def repartition(target: Target, *, replay: bool) -> Carried:
    """Carry everything over, and print each step.

    replay: decide the old log again, and compare. Raise StartupError when something stands in the
    way; it is run again once that is gone.
    """
    with target.old.sentences(), closing(Notes(target.new)) as notes:
        require_topics(target.old.settings, list(RoleName))
        require_append_time(target.old.settings)
        made = claim(target, replicas_of(target.old))
        if has_begun(target, notes):
            return Carried(0, was_done=True)
        return _carry_all(target, made, notes, replay=replay)


def _carry_all(target: Target, made: Claim, notes: Notes, *, replay: bool) -> Carried:
    _require_stopped(target, made)
    transaction = Transaction(
        target.new,
        target.new.settings.group("repartition"),
        seconds_max=TRANSACTION_SECONDS_MAX,
        command=COMMAND,
    )
    write_claim(target, made, transaction)
    make_topics(target, made)
    _say(f"{target.new.settings.topic_prefix}…: the new topics are there, all but events")
    _close(target, made)
    copier = Copier(target, made.replicas, transaction=transaction, notes=notes)
    for name in COPIED:
        _say(f"{target.new.settings.topic(name)}: {copier.copy(name)} records copied")
    changelogs = target.changelogs(made.replicas)
    carrier = Carrier(target, changelogs, transaction=transaction, notes=notes)
    accounts = 0
    for partition in range(target.old.settings.partitions):
        stored = _stored(target, partition)
        require_published(target.old, stored.state, partition)
        events = f"{target.old.settings.topic('events')}[{partition}]"
        if replay:
            count = require_replayed(target.old, stored.state, partition)
            _say(f"{events}: {count} events decided again, the state is the same")
        found = carrier.carry(stored, partition)
        _say(f"{events}: {found} accounts carried over and read back")
        accounts += found
    _require_stopped(target, made)
    require_read(target.old)
    begin_events(target, made, transaction=transaction, notes=notes)
    return Carried(accounts, was_done=False)


def _close(target: Target, made: Claim) -> None:
    """Close the old topics, inputs first: only what is written can still be read."""
    admin, settings = target.old.admin(), target.old.settings
    events, stays_open = settings.topic("events"), settings.topic(UNCOPIED)
    inputs = [topic for topic in made.sizes if topic not in {events, stays_open}]
    if closed := close_topics(admin, inputs):
        _say(f"{len(closed)} inputs of {settings.topic_prefix}… are closed to all writers")
    require_read(target.old)
    close_topics(admin, [events])
    require_read(target.old)


def _require_stopped(target: Target, made: Claim) -> None:
    require_stopped(target.old, made.replicas)
    require_stopped(target.new, made.replicas)


def _stored(target: Target, partition: int) -> Stored:
    """Read the state of an old partition. Raise StartupError when it is not the log's end."""
    settings = target.old.settings
    changelog = risk_changelog(settings)
    stored = read_state(target.old, changelog, partition)
    place = settings.topic("events"), partition
    end = ends_of(target.old, [place[0]])[place].end
    if stored.applied != end and (stored.applied is not None or end):
        raise StartupError(
            f"The state of {place[0]}[{partition}] belongs to offset {stored.applied}, and the log "
            f"ends at {end}: start riskgate run risk until its lag is 0, stop it, and run this "
            "again; if the state is lost, make it again with riskgate rebuild"
        )
    return stored


def _say(line: str) -> None:
    sys.stdout.write(f"{visible(line)}\n")
    sys.stdout.flush()
