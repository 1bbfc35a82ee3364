"""Entries need a fresh price of their symbol and of every one that is held."""

import pytest

from tests.spec.desk import open_desk
from tests.spec.rulebook import only


@pytest.mark.parametrize(("age_ms", "verdict"), [(60_000, "approved"), (60_001, "rejected")])
def test_entry_is_rejected_when_the_quote_is_older_than_its_age_allows(
    age_ms: int, verdict: str
) -> None:
    desk = open_desk(only(stale_mark={}))

    desk.wait(age_ms)
    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == verdict
    assert decision["reasons"] == ([] if verdict == "approved" else ["stale_mark"])


def test_other_age_counts_when_limits_set_it() -> None:
    desk = open_desk(only(stale_mark={}) | {"prices": {"mark_age_ms_max": 500}})

    desk.wait(501)

    assert desk.signal("buy", 1, limit_price="100")["reasons"] == ["stale_mark"]


def test_entry_is_rejected_when_the_symbol_has_no_quote() -> None:
    desk = open_desk(only(stale_mark={}), mark=None)

    assert desk.signal("buy", 1, limit_price="100")["reasons"] == ["stale_mark"]


@pytest.mark.parametrize(("age_ms", "verdict"), [(60_000, "approved"), (60_001, "rejected")])
def test_entry_is_rejected_when_the_quote_of_another_held_symbol_is_stale(
    age_ms: int, verdict: str
) -> None:
    desk = open_desk(only(stale_mark={}))
    desk.instrument("Y")
    desk.price(50, "Y")
    desk.fill("buy", 1, 50, symbol="Y")

    desk.wait(age_ms)
    desk.price(100)
    decision = desk.signal("buy", 1, limit_price="100")

    assert decision["verdict"] == verdict
