"""From where on a checkpoint lets the outputs be read again."""

import pytest

from pipeline.streams.clients.cluster import Bounds
from pipeline.streams.engine.output_ends import OutputEnds
from pipeline.streams.role_interface import Place

EVENTS: Place = ("events", 0)
DECISIONS: Place = ("decisions", 0)
ALERTS: Place = ("alerts", 0)


def taken_over() -> OutputEnds:
    """Return the ends after a takeover: outputs of the events before 50 are there."""
    ends = OutputEnds()
    ends.hold({DECISIONS: Bounds(100, 140), ALERTS: Bounds(7, 7)})
    ends.redone_at(0, 50)
    return ends


@pytest.mark.parametrize(
    ("position", "decisions", "alerts"), [(10, 100, 7), (49, 100, 7), (50, 142, 7), (51, 142, 7)]
)
def test_checkpoint_points_before_what_is_published_until_all_is_decided_again(
    position: int, decisions: int, alerts: int
) -> None:
    ends = taken_over()
    ends.deliver(DECISIONS, 141)  # In the middle: another release would not have sent it.

    assert ends.at({EVENTS: position}) == {DECISIONS: decisions, ALERTS: alerts}


def test_checkpoint_points_behind_what_was_published_when_nothing_more_was_sent() -> None:
    assert taken_over().at({EVENTS: 50}) == {DECISIONS: 140, ALERTS: 7}


def test_checkpoint_points_before_what_is_published_while_its_end_is_unknown() -> None:
    ends = taken_over()
    ends.hold({DECISIONS: Bounds(140, 150), ALERTS: Bounds(7, 9)})

    assert ends.at({EVENTS: 99}) == {DECISIONS: 140, ALERTS: 7}


def test_what_was_delivered_before_a_partition_was_lost_says_nothing_of_later_outputs() -> None:
    ends = taken_over()
    ends.deliver(DECISIONS, 900)  # Of a topic that was deleted meanwhile.
    ends.hold({DECISIONS: Bounds(0, 3), ALERTS: Bounds(0, 0)})
    ends.redone_at(0, 60)

    assert ends.at({EVENTS: 60}) == {DECISIONS: 3, ALERTS: 0}


def test_checkpoint_names_only_outputs_of_the_partitions_that_moved() -> None:
    ends = taken_over()
    ends.deliver(("decisions", 1), 5)

    assert ends.at({("events", 1): 8}) == {("decisions", 1): 6}
