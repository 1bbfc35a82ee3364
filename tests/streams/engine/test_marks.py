"""The last record that was read of each partition, read again beside what else stands there."""

from typing import Any, NamedTuple

import pytest
from confluent_kafka import KafkaError

from pipeline.streams.engine import marks
from pipeline.streams.engine.marks import Mark, read_again
from pipeline.streams.role_interface import EngineSettings

SETTINGS = EngineSettings(
    brokers="127.0.0.1:1", group="g", instance="0", topics=("events",), partitions={"events": 2}
)


class Read(NamedTuple):
    """A record, or an error, as a consumer hands it over."""

    at: tuple[int, int]  # Partition and offset.
    code: int | None = None

    def topic(self) -> str:
        return "events"

    def partition(self) -> int:
        return self.at[0]

    def offset(self) -> int:
        return self.at[1]

    def key(self) -> bytes:
        return b"acct-1"

    def value(self) -> bytes:
        return b"{}"

    def timestamp(self) -> tuple[int, int]:
        return 2, 1000

    def leader_epoch(self) -> int:
        return 0

    def error(self) -> KafkaError | None:
        return None if self.code is None else KafkaError(self.code)


def offsets_found(monkeypatch: pytest.MonkeyPatch, *reads: Read) -> dict[int, int]:
    """Read partitions 0 and 1 again at offset 4 where these come, and return what is found."""

    class Scripted:
        def __init__(self, _: object) -> None:
            self.left = [*reads]

        def assign(self, _: object) -> None:
            """Both partitions."""

        def poll(self, _: float) -> Any:
            return self.left.pop(0)

        def close(self) -> None:
            """Nothing to close."""

    monkeypatch.setattr(marks, "Consumer", Scripted)
    found: dict[tuple[str, int], Mark] = read_again(
        SETTINGS, {("events", 0): 4, ("events", 1): 4}, beat=lambda: None
    )
    return {partition: mark.offset for (_, partition), mark in found.items()}


@pytest.mark.parametrize("code", [KafkaError._BAD_COMPRESSION, KafkaError._BAD_MSG])
def test_worker_begins_when_a_batch_behind_the_last_record_cannot_be_unpacked(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    found = offsets_found(monkeypatch, Read((0, 4)), Read((0, 5), code), Read((1, 4)))

    assert found == {0: 4, 1: 4}


def test_last_record_is_missing_when_what_stands_there_cannot_be_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = Read((0, 4), KafkaError._BAD_COMPRESSION)

    assert offsets_found(monkeypatch, bad, Read((1, 4))) == {1: 4}
