"""What an account may hold at most, with bounds small enough to be reached in a test."""

import pytest

from pipeline.risk import on_position, repeats
from tests.spec.desk import numbers_of, open_desk
from tests.spec.rulebook import only


def test_newest_approvals_are_remembered_when_one_order_comes_too_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repeats, "REPEATS_MAX", 3)
    desk = open_desk(only(repeated_order={}))
    for _ in range(5):
        desk.signal("buy", 1, limit_price="100")

    decision = desk.signal("buy", 1, limit_price="100")

    # Three that are remembered, and itself.
    assert numbers_of(decision, "repeated_order") == ("pass", "4", "9", "5")


def test_snapshot_is_refused_when_as_many_symbols_are_held_as_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_position, "POSITIONS_MAX", 1)
    desk = open_desk(only())
    desk.snapshot(5, 100)

    desk.snapshot(5, 100, symbol="Y")

    (alert,) = desk.alerts("too_many")
    assert alert["message"] == "the snapshot of Y is beyond the most positions"
    assert [row["symbol"] for row in desk.state()["positions"]] == ["X"]
