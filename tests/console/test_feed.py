"""Rows are held for a moment, and of several rows of one account the newest counts."""

import time

import pytest

from pipeline.console.feed import HELD_SECONDS_MAX, HELD_SECONDS_MIN, NewestRows
from pipeline.console.model import Model
from tests import given
from tests.outputs.recorded import of_topic, outputs

MADE = outputs(
    given.account("a"),
    given.account("b"),
    given.control("halt", account_id="a"),
    given.control("reduce", account_id="a", control_id="2"),
)
ROWS = of_topic(MADE, "account_states")


def states(model: Model) -> dict[str, str]:
    return {name: row.trading_state for name, row in model.rows.accounts.items()}


def test_newest_row_of_each_account_is_taken_when_rows_are_handed_on() -> None:
    model = Model()
    rows = NewestRows(model)

    held = [rows.hold(row) for row in ROWS]
    assert (set(held), states(model)) == ({True}, {})
    rows.hand_on()

    assert states(model) == {"a": "halted", "b": "active"}
    assert model.revision == 2


def test_rows_are_taken_in_order_when_accounts_share_a_partition() -> None:
    model = Model()
    rows = NewestRows(model)
    for row in (*ROWS[1:], ROWS[0]):
        rows.hold(row)
    rows.hand_on()

    assert set(states(model)) == {"a", "b"}


def test_other_records_are_not_held_when_they_come() -> None:
    stops = of_topic(MADE, "emergency_stops")

    assert [NewestRows(Model()).hold(stop) for stop in stops] == [False] * len(stops)
    assert len(stops) > 0


@pytest.mark.parametrize(
    ("took_s", "held_s"), [(0.0, HELD_SECONDS_MIN), (0.2, 0.8), (5.0, HELD_SECONDS_MAX)]
)
def test_rows_are_held_longer_when_decoding_them_took_long(
    monkeypatch: pytest.MonkeyPatch, took_s: float, held_s: float
) -> None:
    clock = iter((100.0, 100.0 + took_s))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    rows = NewestRows(Model())

    rows.hand_on()

    assert rows.due_s == pytest.approx(100.0 + took_s + held_s)
