"""Deadlines: one list, from which the next wake-up is the earliest."""

import ast
from collections.abc import Iterator

import pytest

from pipeline.risk import due
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.turn import Turn
from tests.risk.log import T0_MS, Log
from tests.test_architecture import ROOT, _functions


def turn_of_an_open_account() -> Turn:
    log = Log()
    log.open()
    assert log.account is not None
    return Turn(log.account, log.shared, limits_of("{}", "{}"), at_ms=T0_MS)


def deadlines_in_the_sources() -> Iterator[str]:
    """Yield what tells from a turn alone when it comes due; `_next` ones are of one feature."""
    for path in ROOT.glob("pipeline/risk/**/*.py"):
        for node in _functions(path):
            given = [ast.unparse(each.annotation) for each in node.args.args if each.annotation]
            answers = node.returns is not None and ast.unparse(node.returns) == "int | None"
            if given == ["Turn"] and answers and not node.name.startswith("_"):
                yield node.name


@pytest.mark.parametrize(
    ("deadlines_ms", "wake_ms"),
    [((), None), ((None, None), None), ((300, None, 200), 200), ((100, 400), 100)],
)
def test_account_is_woken_at_the_earliest_when_several_deadlines_come(
    deadlines_ms: tuple[int | None, ...], wake_ms: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = tuple(lambda _, at_ms=at_ms: at_ms for at_ms in deadlines_ms)
    monkeypatch.setattr(due, "DEADLINES", each)

    assert due.next_wake_ms(turn_of_an_open_account()) == wake_ms


def test_every_deadline_is_in_the_list_when_the_sources_are_read() -> None:
    listed = sorted(deadline.__name__ for deadline in due.DEADLINES)

    assert sorted(set(deadlines_in_the_sources()) - {"next_wake_ms"}) == listed


@pytest.mark.parametrize(("due_ms", "ahead_ms"), [(None, None), (-1, None), (0, None), (1, 1)])
def test_deadline_is_ahead_when_it_is_still_to_come(
    due_ms: int | None, ahead_ms: int | None
) -> None:
    turn = turn_of_an_open_account()
    now_ms = turn.now_ms

    found = turn.ahead(None if due_ms is None else now_ms + due_ms)

    assert found == (None if ahead_ms is None else now_ms + ahead_ms)
