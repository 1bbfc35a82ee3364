"""Entries need a symbol that is not denied, and that is allowed where a list is set."""

import pytest

from tests.spec.desk import (
    answer_of,
    assert_not_judged,
    checks_of,
    explained,
    numbers_of,
    open_desk,
)
from tests.spec.desks import entry, held_desk
from tests.spec.rulebook import only


@pytest.mark.parametrize(
    ("symbols", "verdict"),
    [
        ({"denied": ["X"]}, "rejected"),
        ({"denied": ["Y"]}, "approved"),
        ({"denied": []}, "approved"),
        ({"allowed": ["X"]}, "approved"),
        ({"allowed": ["Y"]}, "rejected"),
        ({"allowed": []}, "rejected"),
        ({"allowed": ["X"], "denied": ["X"]}, "rejected"),
    ],
    ids=str,
)
def test_entry_is_rejected_when_its_symbol_is_denied_or_not_allowed(
    symbols: dict[str, list[str]], verdict: str
) -> None:
    desk = open_desk(only(restricted_symbols=symbols))

    decision = entry(desk)

    reasons = ["restricted_symbols"] if verdict == "rejected" else []
    assert (decision["verdict"], decision["reasons"]) == (verdict, reasons)
    assert numbers_of(decision, "restricted_symbols")[1:] == (None, None, None)


def test_symbols_are_not_judged_when_no_list_is_set() -> None:
    desk = open_desk(only(restricted_symbols={}))

    assert "restricted_symbols" not in checks_of(entry(desk))


def test_position_can_be_closed_but_not_turned_when_its_symbol_is_denied() -> None:
    desk = held_desk(restricted_symbols={"denied": ["X"]})

    turning = desk.signal("sell", 15, limit_price="100", signal_id="turning")
    desk.order("turning", "rejected")
    closing = desk.signal("sell", 10, limit_price="100")

    assert answer_of(turning) == (
        "modified", "10", ["restricted_symbols"], "restricted_symbols",
    )  # fmt: skip
    assert closing["verdict"] == "approved"
    assert numbers_of(closing, "restricted_symbols")[0] == "exempt"


def test_list_of_an_account_takes_the_place_of_everyones() -> None:
    desk = open_desk(only(restricted_symbols={"denied": ["X"]}))

    desk.limits({"restricted_symbols": {"denied": ["Y"]}}, account="acct-1", version=1)

    assert entry(desk)["verdict"] == "approved"


@pytest.mark.parametrize(
    ("symbols", "message"),
    [
        ({"denied": ["X"]}, "X is denied."),
        ({"allowed": ["Y"]}, "X is not among the allowed symbols."),
    ],
)
def test_breach_says_which_list_forbids_the_symbol(
    symbols: dict[str, list[str]], message: str
) -> None:
    desk = open_desk(only(restricted_symbols=symbols))

    assert explained(entry(desk), "restricted_symbols") == (None, message)


def test_denied_symbol_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(restricted_symbols={"denied": ["X"], "enabled": False}))

    assert_not_judged(entry(desk), "restricted_symbols")


@pytest.mark.parametrize("symbols", [{"denied": "X"}, {"denied": [5]}, {"allowed": ["*"]}], ids=str)
def test_parameters_are_refused_when_they_mean_nothing(symbols: dict[str, object]) -> None:
    desk = open_desk(only())

    desk.limits({"restricted_symbols": symbols})

    assert len(desk.alerts("limits")) == 1
    assert entry(desk)["limits_version"] == "1.0"
