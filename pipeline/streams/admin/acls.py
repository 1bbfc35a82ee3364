"""Who may read and write what, from the topics' own definitions, and in the words of kafka-acls."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from pipeline.streams.role_interface import TABLES_GROUP, changelog_name
from pipeline.streams.role_names import RoleName
from pipeline.streams.settings import Settings
from topics.catalogue import INPUTS, TOPICS

__all__ = ["Access", "accesses", "acl_lines"]

Kind = Literal["topic", "group", "transactional-id", "cluster"]
OPTIONS = {"cluster": "--cluster"}
# Everybody outside who reads; riskgate's own roles have groups of their own.
READERS = ("strategy", "engine", "desk", "market")


class Access(NamedTuple):
    """One thing that one party may do."""

    party: str  # A role, or who stands outside; put your own users in their place.
    operation: str
    kind: Kind
    name: str
    prefixed: bool = False  # `name` is only what the names begin with.


def accesses(settings: Settings) -> list[Access]:
    """Return the least access that each party needs."""
    return [*_of_topics(settings), *_of_roles(settings), *_of_operators(settings)]


def acl_lines(settings: Settings) -> list[str]:
    """Return the options of one call of kafka-acls a line.

    The principals are the parties' names; put your own users in their place.
    """
    return [_line(access) for access in accesses(settings)]


def _of_topics(settings: Settings) -> Iterator[Access]:
    for topic in TOPICS.values():
        name = settings.topic(topic.name)
        for party in topic.writers:
            yield Access(party, "Write", "topic", name)
        for party in topic.readers:
            yield Access(party, "Read", "topic", name)


def _of_roles(settings: Settings) -> Iterator[Access]:
    for party in (*RoleName, *READERS):
        yield Access(party, "Read", "group", settings.group(party), prefixed=True)
    for role in (RoleName.INGEST, RoleName.BROADCAST):
        yield Access(role, "Describe", "group", settings.group(TABLES_GROUP))
    # quixstreams looks at what it is to read; prices are read by the tables alone.
    for topic in INPUTS:
        if topic.name != "prices":
            yield Access(RoleName.INGEST, "DescribeConfigs", "topic", settings.topic(topic.name))
    risk, events = settings.group(RoleName.RISK), settings.topic("events")
    for role in RoleName:  # Nobody writes or decides without the broker's time.
        yield Access(role, "DescribeConfigs", "topic", events)
    # Broadcast spares a partition whose decisions lag behind.
    yield Access(RoleName.BROADCAST, "Describe", "group", risk, prefixed=True)
    for operation in ("Read", "Write", "DescribeConfigs"):
        yield Access(RoleName.RISK, operation, "topic", changelog_name(risk, events))
    for operation in ("Describe", "Write"):
        yield Access(RoleName.RISK, operation, "transactional-id", risk, prefixed=True)


def _of_operators(settings: Settings) -> Iterator[Access]:
    """List what `riskgate topics`, `limits show` and `limits apply` need beside the topics."""
    yield Access("operator", "Create", "cluster", "kafka-cluster")
    yield Access("operator", "DescribeConfigs", "cluster", "kafka-cluster")
    changelog = changelog_name(settings.group(RoleName.RISK), settings.topic("events"))
    for name in (*(settings.topic(topic) for topic in TOPICS), changelog):
        yield Access("operator", "Describe", "topic", name)
        yield Access("operator", "DescribeConfigs", "topic", name)
    yield Access("operator", "Read", "group", settings.group("operator"))
    for operation in ("Describe", "Write"):  # `riskgate budgets`: only one may publish.
        yield Access("operator", operation, "transactional-id", settings.group("budgets"))


def _line(access: Access) -> str:
    user = "*" if access.party == "anyone" else access.party
    resource = OPTIONS.get(access.kind, f"--{access.kind} {access.name}")
    pattern = " --resource-pattern-type prefixed" if access.prefixed else ""
    allowed = f"--add --allow-principal User:{user} --operation {access.operation}"
    return f"{allowed} {resource}{pattern}"
