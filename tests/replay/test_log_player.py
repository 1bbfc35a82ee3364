"""A recorded log as a file, decided again."""

import io
from collections.abc import Iterable

import pytest
from msgspec import Struct

from pipeline.errors import StartupError
from pipeline.replay.files import replay_file
from pipeline.replay.lines import LineError, decode_line, encode_log_line
from pipeline.replay.machine import Line
from pipeline.risk.state import new_shared, save_account, save_shared
from tests import given
from tests.replay.histories import line_of, replayed
from tests.replay.recordings import OWN, T0_MS, Recording, accounts, log
from topics.codec import decode_plain, encode, encode_event
from topics.snapshots import Snapshot

OFFSETS = range(100, 104)


def events() -> list[bytes]:
    """The log of the recordings as lines of partition 0."""
    return [
        line("events", event.account_id, encode_event(event), offset=offset, at_ms=T0_MS + number)
        for number, (offset, event) in enumerate(zip(OFFSETS, log(), strict=True), start=1)
    ]


def line(topic: str, key: str, value: bytes, *, offset: int, at_ms: int) -> bytes:
    return encode_log_line(Line(topic, key.encode(), at_ms, value, offset=offset))


def snapshot(account_id: str, state: bytes, *, sequence: int) -> bytes:
    """A snapshot that stands behind the first event."""
    taken = Snapshot(
        account_id=account_id,
        state_version=1,
        state=state,
        offset=OFFSETS[0],
        sequence=sequence,
        chain="c",
        rules_version=OWN,
        at_ms=T0_MS,
    )
    return line("snapshots", account_id, encode(taken), offset=0, at_ms=T0_MS)


def values(output: bytes, topic: str) -> list[object]:
    """What came out of one topic, apart from the release that decided it."""
    rows = (decode_plain(text) for text in output.splitlines())
    return [without_release(row["value"]) for row in rows if row["topic"] == topic]


def without_release(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in {"rules_version", "chain"}}


def recorded(topic: str) -> list[object]:
    return [without_release(decode_plain(value)) for value in Recording()[topic]]


def test_decisions_are_those_recorded_when_a_log_is_decided_again() -> None:
    out = replayed(events())

    assert values(out, "decisions") == recorded("decisions")
    assert len(recorded("decisions")) == 2


def test_account_begins_from_its_snapshot_when_the_log_was_cut() -> None:
    first = log()[0]
    opened = accounts().apply(first, encode_event(first), T0_MS + 1).account
    assert opened is not None
    shared = save_shared(new_shared(partition=0, rules_version=OWN))
    begun = [
        snapshot("*", shared, sequence=0),
        snapshot("a", save_account(opened), sequence=1),
    ]

    out = replayed([*begun, *events()])

    assert values(out, "decisions") == recorded("decisions")


def test_outputs_are_passed_over_when_they_stand_in_the_log() -> None:
    decided = line("decisions", "a", b"{}", offset=0, at_ms=T0_MS)

    assert replayed([*events(), decided]) == replayed(events())


def opening() -> Iterable[Struct]:
    return [given.account()]


def test_line_is_named_when_inputs_stand_in_a_log() -> None:
    lines = [*events(), *(line_of(each, T0_MS) for each in opening())]

    with pytest.raises(LineError, match="line 5 is of 'accounts' and stands in a recorded log"):
        replayed(lines)


def test_line_is_named_when_a_log_stands_among_inputs() -> None:
    lines = [*(line_of(each, T0_MS) for each in opening()), *events()]

    with pytest.raises(LineError, match="line 2 has no input topic: 'events'"):
        replayed(lines)


def test_sentence_names_the_place_when_an_event_does_not_decode() -> None:
    broken = line("events", "a", b'{"type":"nothing"}', offset=7, at_ms=T0_MS)

    with pytest.raises(StartupError, match="events at offset 7 of partition 0"):
        replay_file([broken], io.BytesIO())


def test_log_is_no_input_when_a_line_of_inputs_is_wanted() -> None:
    with pytest.raises(LineError, match="has no input topic"):
        decode_line(events()[0], 1)
