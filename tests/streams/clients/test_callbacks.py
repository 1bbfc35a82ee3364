"""Whether errors of a rebalance reach whoever polls, and no later callback acts before that."""

from collections.abc import Callable
from typing import cast

import pytest
from confluent_kafka import Consumer, TopicPartition

from pipeline.streams.clients.callbacks import Callbacks
from pipeline.streams.role_interface import SessionLost

Called = Callable[[Consumer, list[TopicPartition]], None]
OWNED = [TopicPartition("events", 1)]


class Group:
    """Stands in for a consumer: calls back what it has."""

    def __init__(self) -> None:
        self.callbacks: dict[str, Called] = {}

    def call(self, name: str) -> None:
        self.callbacks[name](cast(Consumer, self), OWNED)


def subscribed(callbacks: Callbacks, happened: list[str]) -> Group:
    """Return a group whose members note what they hear; who loses partitions raises."""
    group = Group()

    def lose(_: Consumer, __: list[TopicPartition]) -> None:
        happened.append("lost")
        raise SessionLost("the commit hangs")

    group.callbacks = callbacks.of(
        lambda _, places: happened.append(f"assigned {places[0].partition}"),
        lambda _, places: happened.append(f"revoked {places[0].partition}"),
        lose,
    )
    return group


def test_callbacks_get_the_partitions_that_the_client_names() -> None:
    happened: list[str] = []
    group = subscribed(callbacks := Callbacks(), happened)

    group.call("on_assign")
    group.call("on_revoke")
    callbacks.raise_first()

    assert happened == ["assigned 1", "revoked 1"]


def test_error_of_a_callback_is_raised_once_after_the_poll() -> None:
    group = subscribed(callbacks := Callbacks(), [])

    group.call("on_lost")

    with pytest.raises(SessionLost, match="the commit hangs"):
        callbacks.raise_first()
    callbacks.raise_first()


def test_no_later_callback_acts_before_the_error_is_raised() -> None:
    happened: list[str] = []
    group = subscribed(callbacks := Callbacks(), happened)

    group.call("on_lost")
    group.call("on_assign")
    with pytest.raises(SessionLost):
        callbacks.raise_first()
    group.call("on_revoke")

    assert happened == ["lost", "revoked 1"]


def test_error_of_a_callback_ends_the_close_that_ran_it() -> None:
    happened: list[str] = []
    group = subscribed(callbacks := Callbacks(), happened)

    with pytest.raises(SessionLost, match="the commit hangs"):
        callbacks.after(lambda: group.call("on_lost"))

    assert happened == ["lost"]
