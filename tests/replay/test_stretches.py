"""Which release published which stretch, put together from partitions."""

from pipeline.replay.counts import Counts
from pipeline.replay.findings import describe
from pipeline.replay.stretches import Stretch, Stretches


def partition_of(*outputs: tuple[str, int]) -> Stretches:
    """Return what one partition says: releases and times of its outputs."""
    found = Stretches()
    for version, at_ms in outputs:
        found.note(version, at_ms)
    return found


def test_stretches_of_partitions_are_one_when_no_other_release_is_between() -> None:
    found = partition_of(("a", 1), ("a", 5), ("b", 6), ("a", 9))
    found.add(partition_of(("a", 2), ("b", 7), ("b", 8)))

    assert found.in_order() == [
        Stretch("a", 3, 1, 5), Stretch("b", 3, 6, 8), Stretch("a", 1, 9, 9),
    ]  # fmt: skip


def test_activation_is_named_once_when_all_partitions_come_to_it() -> None:
    found = Stretches()
    for at_ms, version in ((4, "b"), (9, "a"), (3, "b"), (8, "a")):
        found.activate(version, at_ms)

    assert found.activations() == [(3, "b"), (8, "a")]


def test_findings_name_each_stretch_and_activation_when_two_releases_decided() -> None:
    counts = Counts()
    counts.stretches.add(partition_of(("a", 1), ("b", 2)))
    counts.stretches.activate("b", 2)

    assert list(describe(counts, "b"))[-3:] == [
        (
            "decided by another rules_version, a: 1 outputs "
            "from 1970-01-01T00:00:00.001+00:00 to 1970-01-01T00:00:00.001+00:00"
        ),
        (
            "decided by this rules_version: 1 outputs "
            "from 1970-01-01T00:00:00.002+00:00 to 1970-01-01T00:00:00.002+00:00"
        ),
        "the log activates rules_version b at 1970-01-01T00:00:00.002+00:00",
    ]
