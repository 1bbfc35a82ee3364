"""A tape gives each recorded output once, whoever wrote it again."""

from types import SimpleNamespace
from typing import cast

import orjson
import pytest

from pipeline.replay import tapes
from pipeline.replay.comparison import Span
from pipeline.replay.tapes import KafkaTape
from pipeline.streams.clients.broker import Broker


def output(sequence: int, *, account: str = "a", text: str = "") -> bytes:
    """Return what a tape reads of an output, and a text."""
    fields = {"account_id": account, "sequence": sequence, "rules_version": "1", "at_ms": sequence}
    return orjson.dumps(fields | {"text": text})


def offsets(topic: str, values: list[bytes], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the offsets of what a tape of these records gives."""
    records = (
        SimpleNamespace(offset=lambda at=at: at, value=lambda value=value: value)
        for at, value in enumerate(values)
    )
    monkeypatch.setattr(tapes, "read", lambda *_: records)
    tape = KafkaTape(cast(Broker, None), Span(topic, 0, 0, len(values)))
    found = []
    while (head := tape.head()) is not None:
        found.append(head.offset)
        tape.advance()
    return found


def test_output_comes_once_when_two_replica_sets_wrote_it(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = output(1), output(2)

    assert offsets("decisions", [first, second, first, second], monkeypatch) == [0, 1]


def test_output_comes_again_when_one_byte_of_it_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    written = [output(1), output(1, text="forged")]

    assert offsets("decisions", written, monkeypatch) == [0, 1]


def test_row_is_left_out_when_a_newer_one_of_its_account_came_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = [output(2), output(1), output(1, account="b")]

    assert offsets("account_states", written, monkeypatch) == [0, 2]


def test_only_the_newest_outputs_are_remembered_when_there_are_very_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tapes, "DOUBLES_MAX", 2)
    written = [output(1), output(2), output(3), output(3), output(1)]

    assert offsets("decisions", written, monkeypatch) == [0, 1, 2, 4]
