"""Which releases decide: the one that publishes in each partition, and those that are silent."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from pipeline.outputs.accounts import Rows
from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Period, message_of
from pipeline.outputs.words import age, count
from pipeline.streams.clients.broker import BrokerError
from topics.account_states import AccountState
from topics.fields import EVERYONE, DecodeError
from topics.shadows import TOPIC, ShadowReport

__all__ = ["Releases", "read_releases"]

ROWS_MS = 10_000  # A heartbeat is answered each second.
REPORTS_MS = 30_000  # A silent worker reports each five seconds.
BEHIND_MS_MAX = 15_000  # Three reports; for as long nobody would publish after an activation.


class Releases(NamedTuple):
    """The rules versions in use; each with its number of partitions."""

    active: Mapping[str, int]  # As the log names them; "" where it names none.
    publishing: Mapping[str, int]  # That published a row lately.
    silent: Mapping[str, int]  # That reported lately.
    behind_ms: Mapping[str, int]  # How old the newest event is that a silent one decided, at most.
    partitions: int  # Of which there is a row.

    @property
    def in_use(self) -> list[str]:
        """The versions that any worker has."""
        return sorted({*self.publishing, *self.silent})

    def text(self) -> str:
        """Say which versions are in use."""
        parts = [
            f"rules {name} {what} {count(number, 'partition')}"
            for what, found in (("publish in", self.publishing), ("are silent in", self.silent))
            for name, number in found.items()
        ]
        return ", ".join(parts) or "no worker says which rules it has"

    def obstacle(self, version: str) -> str | None:
        """Say why a release cannot take over everything at once; None if it can."""
        workers = self.silent.get(version, 0) + self.publishing.get(version, 0)
        if not workers:
            used = f"in use: {', '.join(self.in_use)}" if self.in_use else "no worker reports any"
            late = f"or it is more than {age(REPORTS_MS)} behind"
            return f"no worker has rules {version}, {late}; {used}"
        if workers < self.partitions:
            return f"rules {version} have workers in {workers} of {self.partitions} partitions"
        behind_ms = self.behind_ms.get(version, 0)
        if behind_ms > BEHIND_MS_MAX:
            return f"workers with rules {version} are {age(behind_ms)} behind"
        return None

    def problem(self) -> str | None:
        """Say why nobody publishes, or why two releases do; None when all is well."""
        names = [name for name in self.active if name]
        if len(self.active) > 1:
            told = ", ".join(name or "none" for name in self.active)
            return f"partitions name different releases: {told}; riskgate activate one of them"
        if names and not self.publishing.get(names[0]) and self.silent:
            return (
                f"the log activates rules {names[0]}, and no worker has them: nothing is "
                f"published; start one, or riskgate activate {next(iter(self.silent))}"
            )
        if len(self.publishing) > 1:
            return "workers of different releases publish"
        return None


def read_releases(reader: OutputReader, rows: Rows, *, now_ms: int) -> Releases:
    """Return the versions in use; of silent ones only if the topic `shadows` can be read."""
    everyone = rows.everyone.values()
    publishing = (row for row in everyone if _is_recent(row, now_ms - ROWS_MS))
    reports = _reports(reader, now_ms - REPORTS_MS)
    behind_ms: dict[str, int] = {}
    for (_, version), at_ms in reports.items():
        behind_ms[version] = max(behind_ms.get(version, 0), now_ms - at_ms)
    return Releases(
        active=Counter(row.active_version for row in everyone),
        publishing=Counter(row.rules_version for row in publishing),
        silent=Counter(version for _, version in reports),
        behind_ms=behind_ms,
        partitions=len(rows.everyone),
    )


def _is_recent(row: AccountState, since_ms: int) -> bool:
    """Whether a row is recent, and not the last one of a release that fell silent since."""
    return row.at_ms >= since_ms and row.active_version in {"", row.rules_version}


def _reports(reader: OutputReader, since_ms: int) -> dict[tuple[int, str], int]:
    """Return, by partition and silent release, the time of the newest event that it decided."""
    reports: dict[tuple[int, str], int] = {}
    try:
        for output in reader.read(TOPIC.name, period=Period(since_ms), account=None):
            if output.account_id != EVERYONE:
                continue
            with suppress(DecodeError):  # Not written by riskgate.
                report = message_of(output)
                if isinstance(report, ShadowReport):
                    reports[output.partition, report.rules_version] = report.at_ms
    except BrokerError:  # A cluster from before this topic: then there are none.
        return {}
    return reports
