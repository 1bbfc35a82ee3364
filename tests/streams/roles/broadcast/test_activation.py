"""Broadcast names in the log the release that publishes by itself."""

import pytest

from pipeline.streams.roles.broadcast.activation import activation
from pipeline.streams.roles.broadcast.owned_partition import UNNAMED_ROWS, OwnedPartition
from tests.streams.roles.broadcast.test_owned_partition import written
from topics import codec
from topics.codec import decode_as
from topics.events import ControlEvent


def answer(owned: OwnedPartition, number: int, *, active: str, rules: str = "2.0+b") -> None:
    """Let risk answer a heartbeat by its row of `*`."""
    fields = {"active_version": active, "rules_version": rules, "sequence": number}
    owned.apply(written("*", key="*", **fields))


def test_release_is_named_once_when_it_answers_though_the_log_names_another(
    owned: OwnedPartition,
) -> None:
    for number in range(UNNAMED_ROWS - 1):
        answer(owned, number, active="1.0+a")
    early = owned.take_unnamed()
    answer(owned, 90, active="1.0+a")

    assert (early, owned.take_unnamed(), owned.take_unnamed()) == (None, "2.0+b", None)


@pytest.mark.parametrize("active", ["", "2.0+b"])
def test_nothing_is_named_when_the_log_names_that_release_or_none(
    owned: OwnedPartition, active: str
) -> None:
    for number in range(2 * UNNAMED_ROWS):
        answer(owned, number, active=active)

    assert owned.take_unnamed() is None


def test_nothing_is_named_when_releases_wrote_their_last_rows(owned: OwnedPartition) -> None:
    for number in range(2 * UNNAMED_ROWS):
        answer(owned, number, active="1.0+a", rules=f"2.{number % 2}+b")

    assert owned.take_unnamed() is None


def test_event_decodes_when_it_names_the_release(owned: OwnedPartition) -> None:
    answer(owned, 7, active="1.0+a")

    event = activation("2.0+b", owned)

    assert decode_as(ControlEvent, codec.encode_event(event)) == event
    assert (event.body.control_id, event.body.version) == ("auto-2.0-b-7", "2.0+b")
