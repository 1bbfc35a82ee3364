"""What a silent release decided otherwise in a period, counted and listed."""

from collections import Counter
from typing import NamedTuple

from msgspec import Struct

from pipeline.errors import NothingFoundError
from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Period, message_of
from pipeline.outputs.words import count
from topics.fields import DecodeError
from topics.shadows import TOPIC, ShadowDifference, ShadowReport

__all__ = ["Findings", "ShadowSummary", "read_shadows"]

LISTED_MAX = 100_000


class ShadowSummary(Struct, frozen=True):
    """How a silent release compares with the active one, over all partitions."""

    version: str
    active_versions: tuple[str, ...]
    compared: int  # Events of which either release published something.
    acting: int  # After which an engine would act otherwise.
    differing: int  # With any field that differs.
    dropped: int  # That could not be compared.
    partitions: int  # That reported.

    def text(self) -> str:
        """Say it in one sentence or two."""
        others = ", ".join(self.active_versions)
        only = self.differing - self.acting
        text = (
            f"Rules {self.version} would have decided {self.acting:,} of "
            f"{count(self.compared, 'event')} otherwise than {others} "
            f"({only:,} more differ in figures alone), in {count(self.partitions, 'partition')}."
        )
        if self.dropped:
            text += f" {count(self.dropped, 'event')} could not be compared."
        return text


class Findings(NamedTuple):
    """The differences, oldest first in each partition, and their counts."""

    differences: list[ShadowDifference]
    summary: ShadowSummary


class _Counts:
    """The reports of one replica set of a release."""

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self.partitions: set[int] = set()
        self.active: dict[str, None] = {}
        self.newest_ms = 0

    def add(self, report: ShadowReport, partition: int) -> None:
        """Add what was compared since the report before."""
        for name in ("compared", "acting", "differing", "dropped"):
            self.sums[name] += getattr(report, name)
        self.partitions.add(partition)
        self.active[report.active_version] = None
        self.newest_ms = max(self.newest_ms, report.at_ms)


def read_shadows(reader: OutputReader, period: Period, *, version: str | None) -> Findings:
    """Return what one silent release found; without a version, of the one that reported last.

    Of several replica sets of it the one counts that compared most: each compares everything. Raise
    NothingFoundError when there is no report.
    """
    counts: dict[tuple[str, str], _Counts] = {}
    found: dict[tuple[object, ...], ShadowDifference] = {}
    for output in reader.read(TOPIC.name, period=period):
        try:
            message = message_of(output)
        except DecodeError:  # Not written by riskgate.
            continue
        if isinstance(message, ShadowReport):
            key = message.rules_version, message.replica
            counts.setdefault(key, _Counts()).add(message, output.partition)
        elif isinstance(message, ShadowDifference) and len(found) < LISTED_MAX:
            found[_key(message)] = message  # After a crash it comes again.
    name, best = _chosen(counts, version)
    differences = [each for each in found.values() if each.rules_version == name]
    sums = best.sums
    summary = ShadowSummary(
        version=name,
        active_versions=tuple(best.active),
        compared=sums["compared"],
        acting=sums["acting"],
        differing=sums["differing"],
        dropped=sums["dropped"],
        partitions=len(best.partitions),
    )
    return Findings(differences, summary)


def _chosen(counts: dict[tuple[str, str], _Counts], version: str | None) -> tuple[str, _Counts]:
    wanted = {key: each for key, each in counts.items() if version in {None, key[0]}}
    if not wanted:
        named = "" if version is None else f" with rules {version}"
        raise NothingFoundError(
            f"no silent worker{named} reported in this period; one is silent while "
            "RISKGATE_ACTIVATE is control and the log has activated another release"
        )
    name = version or max(wanted, key=lambda key: wanted[key].newest_ms)[0]
    sets = (each for key, each in wanted.items() if key[0] == name)
    return name, max(sets, key=lambda each: each.sums["compared"])


def _key(each: ShadowDifference) -> tuple[object, ...]:
    return (
        each.rules_version,
        each.account_id,
        each.sequence,
        each.topic,
        each.output_id,
        each.field,
    )
