"""Entries need a fresh price of their symbol and of every one that is held."""

import pytest

from tests.spec.desk import assert_not_judged, explained, numbers_of, open_desk
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


@pytest.mark.parametrize(
    ("age_ms", "check"),
    [
        (59_999, ("pass", "59999", "60000", "1")),
        (60_000, ("pass", "60000", "60000", "0")),
        (60_001, ("breach", "60001", "60000", "-1")),
    ],
)
def test_age_of_the_quote_is_shown_beside_its_limit(age_ms: int, check: tuple[str, ...]) -> None:
    desk = open_desk(only(stale_mark={}))
    desk.wait(age_ms)

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "stale_mark") == check


def test_breach_is_explained_when_the_quote_is_stale() -> None:
    desk = open_desk(only(stale_mark={}))
    desk.wait(60_001)

    decision = desk.signal("buy", 1, limit_price="100")

    message = "The oldest price needed is 60001 ms old; the maximum is 60000 ms."
    assert explained(decision, "stale_mark") == ("ms", message)


def test_age_is_unknown_when_there_never_was_a_quote() -> None:
    decision = open_desk(only(stale_mark={}), mark=None).signal("buy", 1, limit_price="100")

    message = "There is no price of X or of a held position."
    assert numbers_of(decision, "stale_mark") == ("breach", None, "60000", None)
    assert explained(decision, "stale_mark") == ("ms", message)


def test_exit_is_exempt_when_the_quote_is_stale() -> None:
    desk = open_desk(only(stale_mark={}))
    desk.fill("buy", 1, 100)
    desk.wait(60_001)

    decision = desk.signal("sell", 1, limit_price="100")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "stale_mark") == ("exempt", "60001", "60000", "-1")


def test_entry_passes_without_a_fresh_quote_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(stale_mark={"enabled": False}))
    desk.wait(60_001)

    assert_not_judged(desk.signal("buy", 1, limit_price="100"), "stale_mark")
