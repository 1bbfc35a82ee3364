"""What the operator asks for, and which names follow from it."""

import pytest

from pipeline.errors import StartupError
from pipeline.repartition.target import Names, Target
from pipeline.streams.settings import Settings

OLD = Settings(topic_prefix="risk.", group_prefix="riskgate", partitions=24)


@pytest.mark.parametrize(
    ("topics", "groups", "new_topics", "new_groups"),
    [
        ("risk.", "riskgate", "risk48.", "riskgate48"),
        ("risk24.", "riskgate24", "risk48.", "riskgate48"),
        ("desk-2.", "desk2", "desk-2-48.", "desk2-48"),
        ("", "riskgate", "48", "riskgate48"),
    ],
)
def test_new_names_have_the_count_when_none_is_asked_for(
    topics: str, groups: str, new_topics: str, new_groups: str
) -> None:
    old = OLD.model_copy(update={"topic_prefix": topics, "group_prefix": groups})

    new = Target.of(old, Names(48)).new.settings

    assert (new.topic_prefix, new.group_prefix, new.partitions) == (new_topics, new_groups, 48)


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (Names(24), "--partitions 24 is not more than the 24"),
        (Names(12), "--partitions 12 is not more than the 24"),
        (Names(36), "--partitions 36 must be a multiple of 24"),
        (Names(24 * 200), "at most 4096"),
        (Names(48, "risk."), "--topic-prefix risk. is the old one"),
        (Names(48, None, "riskgate"), "--group-prefix riskgate is the old one"),
        (Names(48, "a b"), "--topic-prefix 'a b' must be at most 100 letters"),
        (Names(48, None, ""), "--group-prefix '' must be at most 100 letters"),
    ],
)
def test_names_are_refused_when_they_cannot_be_used(names: Names, problem: str) -> None:
    with pytest.raises(StartupError, match=problem):
        Target.of(OLD, names)


def test_chart_values_name_all_three_when_it_is_done() -> None:
    target = Target.of(OLD, Names(48))

    assert target.chart_values == (
        "kafka: {topicPrefix: risk48., groupPrefix: riskgate48, partitions: 48}"
    )
