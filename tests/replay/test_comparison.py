"""Recorded outputs held against the same log decided again."""

import pytest

from pipeline.replay.counts import Where
from pipeline.replay.findings import describe
from tests import given
from tests.replay.recordings import OWN, Recording, altered


@pytest.mark.parametrize("commit_every", [1, 2, 4])
def test_everything_is_equal_when_nothing_was_changed(commit_every: int) -> None:
    counts = Recording(commit_every=commit_every).compare()

    assert counts.different.total() == 0
    assert counts.events == 4
    assert counts.equal["decisions"] == 2
    assert counts.equal["account_states"] == {1: 3, 2: 2, 4: 2}[commit_every]


def test_row_waits_for_a_document_when_its_commit_came_after_it() -> None:
    # Of three events the third is the `*` document; the row of `a` was written with it in force.
    recording = Recording(commit_every=3)

    assert b'"limits_version":"1.0"' in recording["account_states"][0]
    assert recording.compare().different.total() == 0


@pytest.mark.parametrize("topic", ["decisions", "account_states"])
def test_difference_is_counted_when_an_output_was_altered(topic: str) -> None:
    recording = Recording()
    recorded = recording[topic][0]
    recording[topic][0] = altered(recorded)

    counts = recording.compare()

    assert counts.different == {topic: 1}
    assert counts.first is not None
    assert counts.first.recorded == altered(recorded)


def test_difference_names_its_place_when_an_output_is_missing() -> None:
    recording = Recording()
    missing = recording["decisions"].pop(0)

    counts = recording.compare()

    assert counts.first == (Where("decisions", 0, "a", 2), None, missing)
    assert counts.equal["decisions"] == 1


def test_difference_is_counted_when_an_output_is_there_twice() -> None:
    recording = Recording()
    recording["decisions"].insert(1, recording["decisions"][0])

    counts = recording.compare()

    assert counts.different == {"decisions": 1}
    assert counts.equal["decisions"] == 2


def test_missing_outputs_are_not_compared_when_the_topic_was_cut_before_them() -> None:
    recording = Recording()
    del recording["decisions"][0]

    counts = recording.compare(begun=False)

    assert counts.different.total() == 0
    assert counts.equal["decisions"] == 1


def test_outputs_are_named_as_anothers_when_their_rules_version_is() -> None:
    counts = Recording(rules_version="other").compare()

    assert counts.different.total() == 0
    assert counts.equal.total() == 0
    (stretch,) = counts.stretches.in_order()
    assert (stretch.rules_version, stretch.outputs) == ("other", 2)
    assert (stretch.first_ms, stretch.last_ms) == (given.T0_MS + 2, given.T0_MS + 4)


def test_outputs_are_not_compared_when_their_account_starts_after_them() -> None:
    recording = Recording()
    recording["decisions"][0] = altered(recording["decisions"][0])

    counts = recording.compare(starts={"a": 2, "b": 0, "*": 0})

    assert counts.different.total() == 0
    assert counts.equal["decisions"] == 1


def test_findings_read_as_lines_when_something_differs() -> None:
    recording = Recording()
    recording["decisions"] = [altered(recording["decisions"][0]), recording["decisions"][1]]

    lines = list(describe(recording.compare(), OWN))

    assert lines[:3] == [
        "4 events decided again by rules_version own",
        "decisions: 1 equal, 1 different",
        "emergency_stops: 0 equal, 0 different",
    ]
    assert lines[5] == "first difference: decisions of account a at sequence 2, partition 0"


def test_findings_name_the_time_when_others_decided() -> None:
    lines = list(describe(Recording(rules_version="other").compare(), OWN))

    assert lines[-1] == (
        "decided by another rules_version, other: 2 outputs "
        "from 2026-01-01T00:00:00.002+00:00 to 2026-01-01T00:00:00.004+00:00"
    )


@pytest.mark.parametrize("skipped", [0, 3])
def test_findings_say_what_a_snapshot_does_not_know_when_events_were_skipped(skipped: int) -> None:
    recording = Recording()
    recording["decisions"] = [altered(recording["decisions"][0]), recording["decisions"][1]]
    counts = recording.compare()
    counts.skipped = skipped

    lines = list(describe(counts, OWN))

    assert ("does not know the ids" in lines[-1]) == (skipped > 0)
