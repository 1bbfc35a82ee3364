"""Who may read and write what, derived from the topics' definitions, as options of kafka-acls."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from pipeline.errors import StartupError
from pipeline.streams.clients.topic_plan import further_topic, risk_changelog
from pipeline.streams.role_interface import TABLES_GROUP
from pipeline.streams.role_names import RoleName
from pipeline.streams.settings import Settings
from topics.catalogue import INPUTS, TOPICS
from topics.further import owner_of
from topics.origins import ORIGIN
from topics.topic import Topic

__all__ = ["SHOWN", "Access", "accesses", "acl_lines"]

Kind = Literal["topic", "group", "transactional-id", "cluster"]
OPTIONS = {"cluster": "--cluster"}
# Outside parties that read; riskgate's own roles have their own groups.
READERS = ("strategy", "engine", "desk", "market")
# What the console shows; of events its view Health reads how old heartbeats are.
SHOWN = (
    "account_states", "decisions", "emergency_stops", "alerts", "dead_letters", "limits",
    "controls", "events",
)  # fmt: skip


class Access(NamedTuple):
    """One thing that one party may do."""

    party: str  # A role or an outside party; replace it by your own user.
    operation: str
    kind: Kind
    name: str
    prefixed: bool = False  # `name` is a prefix.


def accesses(settings: Settings) -> list[Access]:
    """Return the least access that each party needs."""
    return [
        *_of_topics(settings),
        *_of_roles(settings),
        *_of_operators(settings),
        *_of_console(settings),
        *_of_auditors(settings),
    ]


def acl_lines(settings: Settings, *, owner: str | None = None) -> list[str]:
    """Return lines that each hold the options of one call of kafka-acls.

    The principals are the parties' names; replace them by your own users. owner: only the access of
    whoever has further topics of this name. Raise StartupError if there is none.
    """
    if owner is None:
        return [_line(access) for access in accesses(settings)]
    if not any(owner_of(name) == owner for name in settings.further_topics):
        raise StartupError(
            f"{owner} has no topic of its own; add signals.{owner} to RISKGATE_SIGNAL_TOPICS, or "
            f"fills.{owner} to RISKGATE_FILL_TOPICS"
        )
    return [_line(access) for access in accesses(settings) if access.party == owner]


def _of_topics(settings: Settings) -> Iterator[Access]:
    for name in settings.further_topics:
        yield from _of_further(settings, further_topic(name))
    for topic in TOPICS.values():
        name = settings.topic(topic.name)
        for party in topic.writers:
            yield Access(party, "Write", "topic", name)
        for party in topic.readers:
            yield Access(party, "Read", "topic", name)


def _of_further(settings: Settings, topic: Topic) -> Iterator[Access]:
    """List who writes and reads a further topic; its owner also reads what its kind of party does.

    The owner is a party of its own: it may write this topic, and not the default one.
    """
    name, owner = settings.topic(topic.name), owner_of(topic.name)
    yield Access(owner, "Write", "topic", name)
    yield Access(RoleName.INGEST, "Read", "topic", name)
    yield Access(RoleName.INGEST, "DescribeConfigs", "topic", name)
    yield from (
        Access(owner, "Read", "topic", settings.topic(read.name))
        for read in TOPICS.values()
        if not {*topic.writers, "anyone"}.isdisjoint(read.readers)
    )
    yield Access(owner, "Read", "group", settings.group(owner), prefixed=True)


def _of_roles(settings: Settings) -> Iterator[Access]:
    for party in (*RoleName, *READERS):
        yield Access(party, "Read", "group", settings.group(party), prefixed=True)
    for role in (RoleName.INGEST, RoleName.BROADCAST):
        yield Access(role, "Describe", "group", settings.group(TABLES_GROUP))
    # quixstreams describes the topics it reads; only the tables read prices.
    for topic in INPUTS:
        if topic.name != "prices":
            yield Access(RoleName.INGEST, "DescribeConfigs", "topic", settings.topic(topic.name))
    risk, events = settings.group(RoleName.RISK), settings.topic("events")
    for role in RoleName:  # Each role checks that `events` uses the broker's time.
        yield Access(role, "DescribeConfigs", "topic", events)
    # Broadcast measures how far risk is behind.
    yield Access(RoleName.BROADCAST, "Describe", "group", risk, prefixed=True)
    for operation in ("Read", "Write", "DescribeConfigs"):
        yield Access(RoleName.RISK, operation, "topic", risk_changelog(settings))
    for operation in ("Describe", "Write"):
        yield Access(RoleName.RISK, operation, "transactional-id", risk, prefixed=True)


def _of_operators(settings: Settings) -> Iterator[Access]:
    """List what the operator's commands need besides topic access."""
    yield Access("operator", "Create", "cluster", "kafka-cluster")
    # After a repartition: what the accounts of `events` began with.
    yield Access("operator", "Read", "topic", settings.topic(ORIGIN))
    yield from _looking(settings, "operator")
    for operation in ("Describe", "Write"):  # `riskgate budgets` fences a second publisher.
        yield Access("operator", operation, "transactional-id", settings.group("budgets"))


def _of_console(settings: Settings) -> Iterator[Access]:
    """List what a console needs that only shows; one that may act logs in as the operator."""
    for name in SHOWN:
        yield Access("console", "Read", "topic", settings.topic(name))
    yield from _looking(settings, "console")


def _of_auditors(settings: Settings) -> Iterator[Access]:
    """List what who archives, verifies, replays or records needs: to read all, to write nothing."""
    for name in (*TOPICS, *settings.further_topics):
        yield Access("auditor", "Read", "topic", settings.topic(name))
    yield Access("auditor", "Read", "topic", settings.topic(ORIGIN))
    yield from _looking(settings, "auditor")


def _looking(settings: Settings, party: str) -> Iterator[Access]:
    """List what `riskgate health` asks, and the group of every reader that a person starts."""
    yield Access(party, "DescribeConfigs", "cluster", "kafka-cluster")
    for name in (
        *map(settings.topic, (*TOPICS, *settings.further_topics)),
        risk_changelog(settings),
    ):
        yield Access(party, "Describe", "topic", name)
        yield Access(party, "DescribeConfigs", "topic", name)
    yield Access(party, "Read", "group", settings.group("operator"))
    for role in RoleName:  # Who reads what, and how far they are.
        yield Access(party, "Describe", "group", settings.group(role), prefixed=True)


def _line(access: Access) -> str:
    user = "*" if access.party == "anyone" else access.party
    resource = OPTIONS.get(access.kind, f"--{access.kind} {access.name}")
    pattern = " --resource-pattern-type prefixed" if access.prefixed else ""
    allowed = f"--add --allow-principal User:{user} --operation {access.operation}"
    return f"{allowed} {resource}{pattern}"
