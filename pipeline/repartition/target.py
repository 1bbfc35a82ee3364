"""The deployment that is left and the one that follows it, by their settings."""

import re
from typing import NamedTuple, Self

from pipeline.errors import StartupError
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.topic_plan import risk_changelog
from pipeline.streams.settings import NAME, NAME_NOT_EMPTY, Settings, variable

__all__ = ["Names", "Target", "of_set"]

PARTITIONS_MAX = 4096


class Names(NamedTuple):
    """What the operator asks for; None: named after the old one and the count."""

    partitions: int
    topic_prefix: str | None = None
    group_prefix: str | None = None


class Target(NamedTuple):
    """Both deployments, of one replica set."""

    old: Broker
    new: Broker

    @classmethod
    def of(cls, settings: Settings, names: Names) -> Self:
        """Return what the names mean. Raise StartupError when they cannot be used."""
        _check_count(settings.partitions, names.partitions)
        count = names.partitions
        counts = {"before": settings.partitions, "count": count}
        topics = _named(settings.topic_prefix, names.topic_prefix, **counts)
        groups = _named(settings.group_prefix, names.group_prefix, **counts)
        _check_name("--topic-prefix", topics, pattern=NAME, old=settings.topic_prefix)
        _check_name("--group-prefix", groups, pattern=NAME_NOT_EMPTY, old=settings.group_prefix)
        new = settings.model_copy(
            update={"topic_prefix": topics, "group_prefix": groups, "partitions": count}
        )
        return cls(Broker(settings), Broker(new))

    @property
    def names(self) -> list[str | int]:
        """Return what tells this change from any other: prefixes and counts."""
        old, new = self.old.settings, self.new.settings
        return [
            old.topic_prefix,
            old.group_prefix,
            old.partitions,
            new.topic_prefix,
            new.group_prefix,
            new.partitions,
        ]

    @property
    def advice(self) -> list[str]:
        """What the operator sets for the new deployment, one line each."""
        new = self.new.settings
        return [
            f"{variable('topic_prefix')}={new.topic_prefix}",
            f"{variable('group_prefix')}={new.group_prefix}",
            f"{variable('partitions')}={new.partitions}",
        ]

    @property
    def chart_values(self) -> str:
        """The same for the Helm chart."""
        new = self.new.settings
        return (
            f"kafka: {{topicPrefix: {new.topic_prefix}, groupPrefix: {new.group_prefix}, "
            f"partitions: {new.partitions}}}"
        )

    def changelogs(self, replicas: list[str]) -> list[str]:
        """Return the changelog of each replica set of the new deployment."""
        return [risk_changelog(of_set(self.new.settings, each)) for each in replicas]


def of_set(settings: Settings, replica: str) -> Settings:
    """Return the settings of one replica set."""
    return settings.model_copy(update={"replica": replica})


def _check_count(old: int, new: int) -> None:
    if new <= old:
        raise StartupError(
            f"--partitions {new} is not more than the {old} partitions there are; Kafka and "
            "riskgate can only add partitions"
        )
    if new % old or new > PARTITIONS_MAX:
        raise StartupError(
            f"--partitions {new} must be a multiple of {old} and at most {PARTITIONS_MAX}, such as "
            f"{2 * old}: then each new partition continues exactly one old one"
        )


def _named(old: str, wanted: str | None, *, before: int, count: int) -> str:
    """Return a name; without a wanted one put the count before what ends the old one."""
    if wanted is not None:
        return wanted
    found = re.fullmatch(r"(.*?)([._-]*)", old)
    assert found is not None
    stem, end = found[1].removesuffix(str(before)), found[2]
    dash = "-" if stem[-1:].isdigit() else ""
    return f"{stem}{dash}{count}{end}"


def _check_name(option: str, name: str, *, pattern: str, old: str) -> None:
    if name == old:
        raise StartupError(f"{option} {name} is the old one; the new deployment needs its own")
    if re.fullmatch(pattern, name) is None:
        raise StartupError(
            f"{option} {name!r} must be at most 100 letters, digits, dots, dashes and underscores"
        )
