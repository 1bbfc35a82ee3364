"""Which releases are in use, and what a silent one would have decided otherwise."""

import time
from collections.abc import Iterator
from typing import cast

import pytest
from msgspec.structs import replace

from pipeline.errors import NothingFoundError
from pipeline.outputs.accounts import Rows
from pipeline.outputs.reader import ALL, OutputReader
from pipeline.outputs.record import Output, Period
from pipeline.outputs.releases import read_releases
from pipeline.outputs.shadows import read_shadows
from tests.outputs.test_confirmation import row_of_everyone
from topics.codec import encode
from topics.shadows import TOPIC, ShadowDifference, ShadowReport

NOW_MS = int(time.time() * 1000)
OLD, NEW = "1+a", "2+b"
DIFFERENCE = cast(ShadowDifference, TOPIC.example)
REPORT = cast(ShadowReport, TOPIC.more_examples[0])


class Topic:
    """The records of one topic, read as Kafka's are."""

    def __init__(self, *messages: ShadowDifference | ShadowReport, partitions: int = 1) -> None:
        self._messages, self._partitions = messages, partitions

    def read(
        self, *topics: str, period: Period = ALL, account: str | None = None
    ) -> Iterator[Output]:
        for offset, message in enumerate(self._messages):
            key, value, place = message.account_id, encode(message), offset % self._partitions
            yield Output("shadows", place, offset, message.at_ms, key, message.sequence, value)


def reader(*messages: ShadowDifference | ShadowReport) -> OutputReader:
    return cast(OutputReader, Topic(*messages))


def report(**fields: object) -> ShadowReport:
    return replace(REPORT, **({"rules_version": NEW, "active_version": OLD} | fields))


def rows(*, active: str, rules: str, age_ms: int = 0) -> Rows:
    """Return the rows of `*` of two partitions."""
    found = Rows()
    fields = {"active_version": active, "rules_version": rules, "at_ms": NOW_MS - age_ms}
    for number in range(2):
        found.take(row_of_everyone(number, **fields))
    return found


def test_both_releases_are_in_use_when_one_publishes_and_one_is_silent() -> None:
    found = read_releases(reader(report()), rows(active=OLD, rules=OLD), now_ms=NOW_MS)

    assert found.in_use == [OLD, NEW]
    assert (
        found.text()
        == f"rules {OLD} publish in 2 partitions, rules {NEW} are silent in 1 partition"
    )
    assert found.problem() is None


@pytest.mark.parametrize(
    "left", [rows(active=OLD, rules=OLD, age_ms=20_000), rows(active=OLD, rules=NEW)]
)
def test_problem_names_what_to_activate_when_no_worker_has_the_active_release(left: Rows) -> None:
    found = read_releases(reader(report()), left, now_ms=NOW_MS)

    assert found.problem() == (
        f"the log activates rules {OLD}, and no worker has them: nothing is published; start one, "
        f"or riskgate activate {NEW}"
    )


@pytest.mark.parametrize(
    ("version", "age_ms", "obstacle"),
    [
        (NEW, 14_000, None),
        (NEW, 16_000, f"workers with rules {NEW} are 16 s behind"),
        (OLD, 0, None),
        (
            "3+c",
            0,
            f"no worker has rules 3+c, or it is more than 30 s behind; in use: {OLD}, {NEW}",
        ),
    ],
)
def test_release_may_be_activated_when_its_workers_are_there_and_near(
    version: str, age_ms: int, obstacle: str | None
) -> None:
    both = Topic(*(report(at_ms=NOW_MS - age_ms) for _ in range(2)), partitions=2)

    found = read_releases(cast(OutputReader, both), rows(active=OLD, rules=OLD), now_ms=NOW_MS)

    assert found.obstacle(version) == obstacle


def test_release_is_not_activated_when_it_lacks_workers_of_a_partition() -> None:
    found = read_releases(reader(report(at_ms=NOW_MS)), rows(active=OLD, rules=OLD), now_ms=NOW_MS)

    assert found.obstacle(NEW) == f"rules {NEW} have workers in 1 of 2 partitions"


def test_nothing_is_wrong_when_the_log_names_no_release() -> None:
    found = read_releases(reader(), rows(active="", rules=NEW), now_ms=NOW_MS)

    assert (found.in_use, found.problem()) == ([NEW], None)


def test_reports_of_partitions_are_summed_when_one_set_compares() -> None:
    found = read_shadows(reader(report(), report(compared=10)), ALL, version=None)

    assert found.summary.text() == (
        f"Rules {NEW} would have decided 2 of 40,010 events otherwise than {OLD} "
        "(2 more differ in figures alone), in 1 partition."
    )


def test_set_that_compared_most_counts_when_two_sets_compare() -> None:
    found = read_shadows(reader(report(), report(replica="c", compared=10)), ALL, version=None)

    assert found.summary.compared == 40_000


def test_difference_is_listed_once_when_it_was_sent_again() -> None:
    other = replace(DIFFERENCE, rules_version=NEW, field="verdict")
    same = replace(DIFFERENCE, rules_version=NEW)

    found = read_shadows(reader(same, other, same, report()), ALL, version=NEW)

    assert found.differences == [same, other]


def test_only_the_named_release_counts_when_two_are_silent() -> None:
    newer = report(rules_version="3+c", at_ms=REPORT.at_ms + 1, compared=7)

    by_default, named = (
        read_shadows(reader(report(), newer), ALL, version=version) for version in (None, NEW)
    )

    assert (by_default.summary.compared, named.summary.compared) == (7, 40_000)


def test_nothing_is_claimed_when_no_silent_release_reported() -> None:
    with pytest.raises(NothingFoundError, match="no silent worker with rules 2"):
        read_shadows(reader(DIFFERENCE), ALL, version=NEW)
