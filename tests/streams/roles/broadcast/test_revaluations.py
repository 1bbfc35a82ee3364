"""Which accounts are due a revaluation, and when; times are milliseconds after T0."""

from decimal import Decimal
from typing import Any

import pytest

from pipeline.streams.settings import Settings
from tests import given
from tests.streams.accounts_watched import T0_MS, Watching, reservation, row, shared
from topics.events import Market, Revaluation, RevaluationEvent


def test_nothing_is_due_when_the_account_holds_the_newest_price() -> None:
    watching = Watching(row())

    assert watching.first() is None


# Half a thousandth of 100 is 0.05.
@pytest.mark.parametrize("last", ["100.05", "99.95"])
def test_move_waits_for_age_when_it_is_at_the_ratio(last: str) -> None:
    watching = Watching(row())

    watching.price(10, last)

    assert watching.first() == ("a", 15_000)


@pytest.mark.parametrize("last", ["100.051", "99.949"])
def test_move_is_due_at_its_time_when_it_is_beyond_the_ratio(last: str) -> None:
    watching = Watching(row())

    watching.price(10, last)

    assert watching.first() == ("a", 10)


@pytest.mark.parametrize(
    ("long", "prices"),
    [(1, {"bid": 99, "ask": 100}), (-1, {"bid": 100, "ask": 101}), (0, {"bid": 99, "ask": 100})],
)
def test_move_is_measured_on_the_side_that_closes_when_there_are_both(
    long: int, prices: dict[str, int]
) -> None:
    watching = Watching(row(long=long, reservations=(reservation(),)))

    watching.price(10, **prices)

    assert watching.first() == ("a", 10)


@pytest.mark.parametrize(
    ("long", "prices"), [(1, {"bid": 100, "ask": 101}), (-1, {"bid": 99, "ask": 100})]
)
def test_nothing_moves_when_only_the_other_side_does(long: int, prices: dict[str, int]) -> None:
    watching = Watching(row(long=long))

    watching.price(10, **prices)

    assert watching.first() == ("a", 15_000)


def test_any_price_is_a_move_when_the_account_has_no_mark() -> None:
    watching = Watching(row(mark=None))

    watching.price(10, 100)

    assert watching.first() == ("a", 10)


def test_nothing_is_due_when_the_symbol_is_neither_held_nor_reserved() -> None:
    watching = Watching(row(long=0))

    watching.price(10, 50)

    assert watching.first() is None


def test_move_is_due_when_the_symbol_is_only_reserved() -> None:
    watching = Watching(row(long=0, reservations=(reservation(),)))

    watching.price(10, 50)

    assert watching.first() == ("a", 10)


def test_nothing_is_due_when_the_price_came_back_before_its_revaluation() -> None:
    watching = Watching(row())
    watching.price(10, 101)

    watching.price(20, 100)

    assert watching.first() == ("a", 15_000)


def test_mark_is_due_when_a_newer_quote_comes_after_a_quarter_of_its_life() -> None:
    watching = Watching(row())

    watching.price(20_000, 100)

    assert watching.first() == ("a", 20_000)


@pytest.mark.parametrize(("confirming", "due"), [(True, 10), (False, 15_000)])
def test_every_newer_quote_is_due_when_a_breach_waits_for_confirmation(
    confirming: bool,  # noqa: FBT001
    due: int,
) -> None:
    watching = Watching(row(confirming=confirming))

    watching.price(10, 100)

    assert watching.first() == ("a", due)


def test_wake_up_is_due_at_its_time_when_nothing_moves() -> None:
    watching = Watching(row(wake_at_ms=T0_MS + 60_000))

    assert watching.first() == ("a", 60_000)
    assert watching.due(59_999) == []
    assert watching.due(60_000) == ["a"]


def test_wake_up_waits_two_seconds_when_the_account_was_awake_at_that_time() -> None:
    watching = Watching(row(wake_at_ms=T0_MS - 1))

    assert watching.first() == ("a", 2000)


def test_wake_ups_come_ever_more_rarely_when_the_account_never_moves_its_own() -> None:
    watching = Watching(row(wake_at_ms=T0_MS))

    times = []
    for sequence in range(2, 5):
        _, due_ms = watching.first() or ("", 0)
        times.append(due_ms)
        watching.revaluation(due_ms)
        stuck = row(wake_at_ms=T0_MS, sequence=sequence, at_ms=T0_MS + due_ms)
        watching.queue.apply_state(stuck)

    # After 2, 4 and 8 seconds.
    assert times == [2000, 6000, 14_000]


def test_second_revaluation_waits_for_the_interval_when_prices_keep_moving() -> None:
    watching = Watching(row())
    watching.price(10, 101)
    watching.revaluation(10)
    watching.answer(10)

    watching.price(20, 102)

    assert watching.first() == ("a", 510)


def test_control_is_due_at_once_when_the_account_was_revalued_just_before() -> None:
    watching = Watching(row())
    watching.price(10, 101)
    watching.revaluation(10)
    watching.answer(10)

    watching.queue.apply_state(shared(1, T0_MS + 20))

    assert watching.first() == ("a", 20)


@pytest.mark.parametrize(
    "fields",
    [{"long": 0}, {"controls_serial": 1}],
    ids=["nothing at risk", "it has applied it already"],
)
def test_control_is_not_due_when_it_changes_nothing_now(fields: dict[str, Any]) -> None:
    watching = Watching(row(**fields))

    watching.queue.apply_state(shared(1, T0_MS + 20))

    assert watching.first() is None


def test_control_is_due_when_the_account_begins_to_hold_without_it() -> None:
    watching = Watching(shared(1, T0_MS))

    watching.queue.apply_state(row(at_ms=T0_MS + 30))

    assert watching.first() == ("a", 30)


def test_revaluation_is_sent_again_ever_more_rarely_when_no_answer_comes() -> None:
    watching = Watching(row(wake_at_ms=T0_MS + 1))

    times = []
    watching.revaluation(1)
    for _ in range(7):
        account_id, due_ms = watching.first() or ("", 0)
        times.append(due_ms)
        watching.revaluation(due_ms, account_id)

    # After 2, 4, 8, 16, 32, 64 and 64 seconds.
    assert times == [2001, 6001, 14_001, 30_001, 62_001, 126_001, 190_001]


def test_nothing_is_due_when_the_answer_came() -> None:
    watching = Watching(row())
    watching.price(10, 101)
    watching.revaluation(10)

    watching.answer(15)

    assert watching.first() is None


def test_move_is_measured_from_what_was_sent_when_the_answer_is_not_there_yet() -> None:
    watching = Watching(row())
    watching.price(10, 101)
    watching.revaluation(10)

    watching.price(20, 101)

    assert watching.first() == ("a", 2010)


def test_quote_is_not_sent_again_when_the_account_did_not_take_it() -> None:
    watching = Watching(row())
    watching.price(10, 101)
    watching.revaluation(10)

    watching.queue.apply_state(row(sequence=2, at_ms=T0_MS + 10))

    assert watching.first() is None


def test_revaluation_carries_every_watched_symbol_when_only_one_moved() -> None:
    watching = Watching(row(watched=("BTC-USD", "ETH-USD")))
    watching.tables.apply_instrument(given.instrument())
    watching.price(10, 101)

    revaluation = watching.queue.revaluation("a", T0_MS + 10)

    assert revaluation == RevaluationEvent(
        account_id="a",
        body=Revaluation(markets=(watching.tables.market("BTC-USD"), Market(symbol="ETH-USD"))),
    )


def test_revaluation_leaves_out_what_is_known_when_not_all_fits_into_an_event() -> None:
    symbols = tuple(f"S{number}" for number in range(1, 30))
    settings = Settings.model_construct(event_bytes_max=4096)
    watching = Watching(row(watched=(*symbols, "BTC-USD")), settings=settings)
    watching.price(10, 101)

    revaluation = watching.queue.revaluation("a", T0_MS + 10)

    assert revaluation is not None
    assert revaluation.body.markets[0] == watching.tables.market("BTC-USD")
    assert len(revaluation.body.markets) < 30


def test_nothing_is_due_when_the_account_is_gone() -> None:
    watching = Watching(row())
    watching.price(10, 101)

    watching.queue.forget("a")

    assert watching.first() is None
    assert watching.queue.revaluation("a", T0_MS) is None
    assert len(watching.queue) == 0


def test_due_accounts_are_ordered_by_time_then_name_when_several_are_due() -> None:
    rows = [row(name, wake_at_ms=T0_MS + ms) for name, ms in (("c", 5), ("b", 7), ("a", 7))]
    watching = Watching(*rows)

    assert watching.due(10) == ["c", "a", "b"]


def test_urgent_then_confirming_then_largest_loss_come_first_when_the_budget_is_short() -> None:
    watching = Watching(
        row("down", drawdown_ratio=Decimal("0.04")),
        row("even"),
        row("woken", wake_at_ms=T0_MS + 5),
        row("confirming", confirming=True),
    )
    watching.price(10, 101)

    order = []
    for _ in range(4):
        order += watching.due(10, 1)
        watching.revaluation(10, order[-1])

    assert order == ["woken", "confirming", "down", "even"]


def test_starved_revaluations_are_counted_once_when_they_wait_for_the_budget() -> None:
    watching = Watching(row("a"), row("b"), row("c"))
    watching.price(10, 101)

    watching.due(10, 1)
    watching.due(15, 1)

    assert watching.queue.starved == 2


def test_ordinary_moves_wait_when_risk_is_lagging() -> None:
    watching = Watching(
        row("moved"), row("woken", wake_at_ms=T0_MS + 10), row("confirming", confirming=True)
    )
    watching.price(10, 101)

    assert watching.due(10, lagging=True) == ["confirming", "woken"]
    assert watching.due(10) == ["confirming", "moved", "woken"]


def test_nothing_is_due_for_free_when_the_budget_is_spent() -> None:
    watching = Watching(row())
    watching.price(10, 101)

    assert watching.due(10, 0) == []
    assert watching.due(11, 1) == ["a"]


def test_queue_stays_bounded_when_prices_and_rows_keep_coming() -> None:
    watching = Watching(row())

    for count in range(5000):
        watching.price(count, 100 + count % 3)
        watching.answer(count, sequence=count + 2, wake_at_ms=T0_MS + 10_000 + count)

    assert len(watching.queue._queue) < 1100


def test_move_is_due_now_when_its_broker_s_clock_is_ahead_and_time_is_told() -> None:
    watching = Watching(row())
    watching.queue.set_live_time(T0_MS + 1000)

    watching.price(600_000, "90")

    assert watching.due(1000) == ["a"]


def test_move_waits_for_its_time_when_none_is_told() -> None:
    watching = Watching(row())

    watching.price(600_000, "90")

    assert watching.due(1000) == []
