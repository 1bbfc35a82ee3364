"""An order that is cut to the proven exit is judged by what is left of it."""

import pytest

from tests.spec.desk import Desk, answer_of, open_desk
from tests.spec.rulebook import only

HELD = "11.19"


def reducing_desk() -> Desk:
    """Return a desk that may only reduce 11.19 of X, worth less than the least notional."""
    desk = open_desk(only(), mark=None)
    desk.instrument(lot_size="0.01", min_quantity="0.01", min_notional="10", tick_size="0.0001")
    desk.price("0.5057")
    desk.fill("buy", HELD, "0.5057")
    desk.control("reduce")
    return desk


@pytest.mark.parametrize("asked", ["11.20", "15", "19.7", "19.77", "19.78", "19.8"])
def test_larger_order_is_cut_to_the_whole_rest_however_small_it_is(asked: str) -> None:
    desk = reducing_desk()

    decision = desk.signal("sell", asked, limit_price="0.5057")

    assert answer_of(decision) == ("modified", HELD, ["trading_state"], "trading_state")


def test_whole_rest_passes_as_it_is() -> None:
    desk = reducing_desk()

    decision = desk.signal("sell", HELD, limit_price="0.5057")

    assert answer_of(decision) == ("approved", HELD, [], None)


def test_part_of_the_rest_is_still_too_small() -> None:
    desk = reducing_desk()

    decision = desk.signal("sell", "11.18", limit_price="0.5057")

    assert answer_of(decision) == ("rejected", "0", ["instrument"], None)


def test_order_that_nothing_cuts_is_too_small_as_it_is() -> None:
    desk = reducing_desk()
    desk.control("resume", stop_id=desk.state()["stops"][0])

    decision = desk.signal("sell", "11.20", limit_price="0.5057")

    assert answer_of(decision) == ("rejected", "0", ["instrument"], None)


def test_price_off_the_tick_forbids_what_would_be_cut() -> None:
    desk = reducing_desk()

    decision = desk.signal("sell", "12", limit_price="0.50575")

    assert answer_of(decision) == ("rejected", "0", ["trading_state", "instrument"], None)


def capped_desk(held: str) -> Desk:
    """Return a desk that may only reduce what it holds of X, in orders of 120 at most."""
    desk = open_desk(only(), balance=1_000_000)
    desk.instrument(max_quantity="120")
    desk.fill("buy", held, 100)
    desk.control("reduce")
    return desk


@pytest.mark.parametrize(
    ("held", "asked", "answer"),
    [
        ("100", 150, ("modified", "100", ["trading_state"], "trading_state")),
        ("120", 121, ("modified", "120", ["trading_state"], "trading_state")),
        ("121", 150, ("modified", "120", ["trading_state", "instrument"], "instrument")),
        ("200", 150, ("modified", "120", ["instrument"], "instrument")),
    ],
)
def test_maximum_is_a_reason_only_when_the_exit_exceeds_it_too(
    held: str, asked: int, answer: tuple[str, str, list[str], str]
) -> None:
    desk = capped_desk(held)

    decision = desk.signal("sell", asked)

    assert answer_of(decision) == answer


def test_maximum_is_the_reason_when_it_alone_cuts_to_the_exit() -> None:
    desk = capped_desk("120")
    desk.control("resume", stop_id=desk.state()["stops"][0])

    decision = desk.signal("sell", 150)

    assert answer_of(decision) == ("modified", "120", ["instrument"], "instrument")


def test_least_notional_is_breached_without_a_number_when_the_notional_is_unknown() -> None:
    desk = open_desk(only(stale_mark={}), mark=None)
    desk.instrument(min_notional="10")

    decision = desk.signal("buy", 1)

    check = next(check for check in decision["checks"] if check["rule"] == "instrument")
    assert (check["verdict"], check["measured"], check["unit"]) == ("breach", None, "money")
    assert decision["reasons"] == ["stale_mark"]


@pytest.mark.parametrize(("allowed", "verdict"), [("100", "modified"), ("99", "rejected")])
def test_entry_cut_to_less_than_a_tenth_is_rejected(allowed: str, verdict: str) -> None:
    rules = {**only(position_quantity={"position_quantity_max": allowed})}
    desk = open_desk({**rules, "sizing": {}})

    decision = desk.signal("buy", 1000, limit_price="1")

    assert decision["verdict"] == verdict
