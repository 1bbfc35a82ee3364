"""Who may read and write what, in the words of kafka-acls, from the topics' own definitions."""

from collections.abc import Iterator

from pipeline.streams.roles import RoleName
from pipeline.streams.settings import Settings
from topics.catalogue import TOPICS

__all__ = ["acl_lines"]

PREFIXED = " --resource-pattern-type prefixed"


def acl_lines(settings: Settings) -> list[str]:
    """Return the options of one call of kafka-acls a line, least access for each party.

    The principals are the parties' names; put your own users in their place.
    """
    return [*_topic_lines(settings), *_role_lines(settings), *_operator_lines(settings)]


def _topic_lines(settings: Settings) -> Iterator[str]:
    for topic in TOPICS.values():
        resource = f"--topic {settings.topic(topic.name)}"
        for party in topic.writers:
            yield _line(party, "Write", resource)
        for party in topic.readers:
            yield _line(party, "Read", resource)


def _role_lines(settings: Settings) -> Iterator[str]:
    for role in RoleName:
        yield _line(role, "Read", f"--group {settings.group(role)}{PREFIXED}")
    risk = settings.group(RoleName.RISK)
    # Broadcast spares a partition whose decisions lag behind.
    yield _line(RoleName.BROADCAST, "Describe", f"--group {risk}{PREFIXED}")
    for operation in ("Create", "Read", "Write", "DescribeConfigs"):
        yield _line(RoleName.RISK, operation, f"--topic changelog__{risk}{PREFIXED}")
    for operation in ("Describe", "Write"):
        yield _line(RoleName.RISK, operation, f"--transactional-id {risk}{PREFIXED}")


def _operator_lines(settings: Settings) -> Iterator[str]:
    """List what `riskgate topics`, `limits show` and `limits apply` need beside the topics."""
    yield _line("operator", "Create", "--cluster")
    yield _line("operator", "DescribeConfigs", "--cluster")
    for topic in TOPICS.values():
        yield _line("operator", "DescribeConfigs", f"--topic {settings.topic(topic.name)}")
    yield _line("operator", "Read", f"--group {settings.group('operator')}")


def _line(party: str, operation: str, resource: str) -> str:
    user = "*" if party == "anyone" else party
    return f"--add --allow-principal User:{user} --operation {operation} {resource}"
