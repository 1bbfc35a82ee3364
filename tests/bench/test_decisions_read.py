"""What the count of `make kills` calls lost, twice and differing."""

from types import SimpleNamespace

import orjson
import pytest

from bench import decisions_read
from bench.decisions_read import Counts, DecisionsRead
from bench.pipeline import settings_of

Row = dict[str, object]


def decision(number: int, *, verdict: str = "approved") -> Row:
    signal_id = f"bench:{number}"
    row = {"kind": "decision", "signal_id": signal_id, "decision_id": signal_id}
    return {**row, "account_id": "acct", "sequence": number, "verdict": verdict}


def stop(status: str) -> Row:
    row: Row = {"kind": "stop", "stop_id": "acct:9:1", "status": status}
    return {**row, "account_id": "acct", "sequence": 9}


def counted(monkeypatch: pytest.MonkeyPatch, *rows: Row, signals: int = 0) -> Counts:
    """Count a log of these rows, all in one partition."""
    messages = [
        SimpleNamespace(
            error=lambda: None,
            value=lambda row=row: orjson.dumps(row),
            partition=lambda: 0,
            offset=lambda offset=offset: offset,
        )
        for offset, row in enumerate(rows)
    ]
    ends = SimpleNamespace(
        get_watermark_offsets=lambda tp: (0, len(rows) if tp.partition == 0 else 0)
    )
    monkeypatch.setattr(decisions_read, "consumer_of", lambda *_, **__: ends)
    monkeypatch.setattr(decisions_read, "poll_all", lambda *_: messages)
    monkeypatch.setattr(decisions_read, "PATIENCE_SECONDS", -1.0)
    return DecisionsRead(settings_of("none", "kills")).count(signals=signals)


def test_nothing_is_counted_when_each_signal_has_one_decision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = counted(monkeypatch, decision(0), decision(1), signals=2)

    assert found == Counts(signals=2, decisions=2, lost=0, doubles=0, differing=0)


def test_signal_without_a_decision_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    found = counted(monkeypatch, decision(0), signals=2)

    assert (found.lost, found.doubles, found.differing) == (1, 0, 0)


def test_decision_is_a_double_when_its_bytes_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = counted(monkeypatch, decision(0), decision(0), signals=1)

    assert (found.lost, found.doubles, found.differing) == (0, 1, 0)


def test_decision_differs_when_its_number_comes_with_other_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = counted(monkeypatch, decision(0), decision(0, verdict="rejected"), signals=1)

    assert (found.lost, found.doubles, found.differing) == (0, 0, 1)


def test_stop_with_two_states_in_one_event_is_counted_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = counted(monkeypatch, stop("triggered"), stop("flattening"))

    assert (found.decisions, found.doubles, found.differing) == (2, 0, 0)
