"""Allowances never sum above their budget, whatever happens in whatever order."""

from decimal import Decimal
from typing import Any

from hypothesis import given as drawn_from
from hypothesis import settings
from hypothesis import strategies as st

from pipeline.budgets.allowances import Seat, divide, is_held
from tests.budgets.desks import NAMES, Firm

names = st.sampled_from(NAMES)
shares = st.decimals(0, 1, places=2)
budgets = st.decimals(0, 1_000_000, places=2)
actions: Any = st.one_of(
    st.tuples(st.just("turn"), st.one_of(st.none(), st.integers(0, 3)), st.none()),
    st.tuples(st.just("arrive"), names, st.none()),
    st.tuples(st.just("tell"), names, st.none()),
    st.tuples(st.sampled_from(["trade", "close"]), names, shares),
)


def act(firm: Firm, action: tuple[str, Any, Any]) -> None:
    name, subject, share = action
    if name == "turn":
        firm.turn(dies_after=subject)
    elif share is None:
        getattr(firm, name)(subject)
    else:
        getattr(firm, name)(subject, share)


def rounds(firm: Firm, count: int) -> None:
    for _ in range(count):
        firm.turn()
        firm.settle()


@drawn_from(budgets, st.lists(actions, max_size=60))
@settings(max_examples=300, deadline=None)
def test_sum_stays_within_the_budget_when_anything_happens_and_it_dies_anywhere(
    budget: Decimal, drawn: list[tuple[str, Any, Any]]
) -> None:
    firm = Firm(budget)

    for action in drawn:
        act(firm, action)

        assert firm.worst() <= budget
        assert sum(firm.allowances().values()) <= budget
        assert sum(firm.used.values()) <= budget


@drawn_from(budgets, budgets, st.lists(actions, max_size=30), st.lists(actions, max_size=30))
@settings(max_examples=200, deadline=None)
def test_sum_never_rises_above_the_larger_budget_when_it_is_changed(
    first: Decimal, second: Decimal, before: list[Any], after: list[Any]
) -> None:
    firm = Firm(first)
    for action in before:
        act(firm, action)
    firm.budget = second

    for action in after:
        act(firm, action)
        assert firm.worst() <= max(first, second)

    firm.used = dict.fromkeys(NAMES, Decimal(0))
    rounds(firm, 4)
    assert firm.worst() <= second


@drawn_from(budgets, st.lists(actions, max_size=40))
@settings(max_examples=100, deadline=None)
def test_nothing_is_published_when_all_is_settled(budget: Decimal, drawn: list[Any]) -> None:
    firm = Firm(budget)
    for action in drawn:
        act(firm, action)

    rounds(firm, 6)

    assert firm.turn() == []


def test_budget_is_divided_evenly_when_nobody_uses_it() -> None:
    firm = Firm(Decimal(100))

    firm.turn()

    assert firm.allowances() == dict.fromkeys(NAMES, Decimal("33.33"))


def test_other_shrinks_first_when_one_uses_all_it_has() -> None:
    firm = Firm(Decimal(300))
    rounds(firm, 1)
    firm.trade("a", Decimal(1))
    firm.settle()

    assert firm.turn() == ["b", "c"]

    # a uses 100; of the 200 that nobody uses each gets a third.
    assert firm.allowances() == {"a": Decimal(100), "b": Decimal("66.66"), "c": Decimal("66.66")}
    assert firm.turn() == []  # Nothing is confirmed yet.


def test_one_grows_by_what_is_confirmed_when_another_lags() -> None:
    firm = Firm(Decimal(300))
    rounds(firm, 1)
    firm.trade("a", Decimal(1))
    firm.settle()
    firm.turn()
    firm.arrive("b")
    firm.tell("b")

    assert firm.turn() == ["a"]

    assert firm.allowances()["a"] == Decimal("133.34")


def test_smaller_allowance_frees_nothing_when_more_is_still_used() -> None:
    firm = Firm(Decimal(300))
    rounds(firm, 1)
    firm.trade("a", Decimal(1))
    firm.settle()
    firm.turn()
    firm.trade("b", Decimal(1))  # Before the smaller one arrives.
    firm.trade("c", Decimal(1))
    firm.settle()

    firm.turn()

    assert firm.worst() == 300
    assert firm.allowances()["a"] == 100


def test_newcomer_gets_nothing_until_others_gave_when_all_is_taken() -> None:
    firm = Firm(Decimal(300), ("a", "b"))
    rounds(firm, 2)
    firm.names = NAMES
    firm.documents["c"], firm.arrived["c"], firm.used["c"] = [], 0, Decimal(0)

    firm.turn()

    assert firm.allowances() == {"a": Decimal(100), "b": Decimal(100), "c": Decimal(0)}
    firm.settle()
    firm.turn()
    assert firm.allowances()["c"] == 100


def test_nobody_grows_when_an_account_never_confirmed() -> None:
    seats = {
        "a": Seat(newest=Decimal(10), held=Decimal(10), used=Decimal(10)),
        "b": Seat(newest=Decimal(10), held=None, used=None),
    }

    assert divide(Decimal(100), seats) == {}
    assert not is_held(seats)


def test_claims_shrink_in_proportion_when_more_is_used_than_the_budget() -> None:
    seats = {
        name: Seat(newest=Decimal(60), held=Decimal(60), used=Decimal(60)) for name in ("a", "b")
    }

    assert divide(Decimal(90), seats) == {"a": Decimal(45), "b": Decimal(45)}


def test_small_moves_are_left_alone_when_they_are_not_worth_a_document() -> None:
    firm = Firm(Decimal(300))
    rounds(firm, 1)
    firm.trade("a", Decimal("0.05"))  # 5: a third each of the rest moves 3.34 and 1.67.
    firm.settle()

    assert firm.turn() == []
