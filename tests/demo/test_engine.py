from decimal import Decimal

import pytest

from pipeline.demo.engine import PaperEngine
from pipeline.demo.market import Quote
from pipeline.demo.venue import DemoVenue
from riskgate.venue import Report
from tests.demo.given_demo import NOW_MS, VALID_MS, approval, exit_order, stop
from topics.accounts import CashFlow
from topics.fills import Fill
from topics.orders import Order
from topics.positions import PositionSnapshot

QUOTES = {"SP500": Quote("SP500", Decimal(1999), Decimal(2001), Decimal(2000))}
MILLION = Decimal(1_000_000)


def engine() -> PaperEngine:
    return PaperEngine({"acct": MILLION, "other": MILLION})


def worked(paper: PaperEngine, *, from_ms: int = NOW_MS, for_ms: int = 3000) -> list[Report]:
    """Let time pass in steps of ten milliseconds."""
    times = range(from_ms, from_ms + for_ms, 10)
    return [word for at_ms in times for word in paper.work(QUOTES, at_ms)]


def fills(words: list[Report]) -> list[Fill]:
    return [word for word in words if isinstance(word, Fill)]


def statuses(words: list[Report]) -> list[str]:
    return [word.status for word in words if isinstance(word, Order)]


@pytest.fixture
def busy() -> tuple[PaperEngine, list[Report]]:
    """Two hundred approvals, all worked to their end."""
    paper = engine()
    words = [word for n in range(1, 201) for word in paper.obey(approval(n), NOW_MS)]
    return paper, [*words, *worked(paper)]


def test_every_approval_ends_with_one_terminal_word(
    busy: tuple[PaperEngine, list[Report]],
) -> None:
    paper, words = busy

    ended = [
        word.signal_id for word in words if isinstance(word, Order) and word.status != "accepted"
    ]

    assert sorted(ended) == sorted(f"s{n}" for n in range(1, 201))
    assert paper.is_idle


def test_terminal_words_name_what_was_filled(
    busy: tuple[PaperEngine, list[Report]],
) -> None:
    _, words = busy
    filled: dict[str, Decimal] = {}

    for fill in fills(words):
        filled[str(fill.signal_id)] = filled.get(str(fill.signal_id), Decimal(0)) + fill.quantity

    assert {
        word.signal_id: word.filled_quantity
        for word in words
        if isinstance(word, Order) and word.filled_quantity
    } == filled


def test_some_orders_are_refused_and_some_cut_short_at_the_venue(
    busy: tuple[PaperEngine, list[Report]],
) -> None:
    _, words = busy

    found = set(statuses(words))

    assert found == {"accepted", "filled", "rejected", "cancelled"}


def test_market_orders_pay_the_spread_and_a_little_more(
    busy: tuple[PaperEngine, list[Report]],
) -> None:
    _, words = busy

    prices = {fill.price for fill in fills(words)}

    # 0.0003 of 2001 is 0.6003.
    assert min(prices) >= 2001
    assert max(prices) <= Decimal("2001.60")


def test_books_hold_what_was_filled(busy: tuple[PaperEngine, list[Report]]) -> None:
    paper, words = busy

    paid = sum((fill.quantity * fill.price + fill.fee for fill in fills(words)), Decimal(0))

    assert paper.venue_accounts.cash("acct") == MILLION - paid
    assert paper.venue_accounts.quantity("acct", "SP500") == sum(
        fill.quantity for fill in fills(words)
    )


def test_the_same_order_ends_the_same_in_every_run() -> None:
    runs = []

    for _ in range(2):
        paper = engine()
        paper.obey(approval(1, quantity="50"), NOW_MS)
        runs.append(worked(paper))

    assert runs[0] == runs[1]


def test_a_limit_order_is_cancelled_when_the_market_stays_away() -> None:
    paper = engine()
    paper.obey(approval(1, limit="2000"), NOW_MS)

    words = worked(paper)

    assert statuses(words) == ["accepted", "cancelled"]
    assert paper.venue_accounts.cash("acct") == MILLION


def test_a_limit_order_never_pays_more_than_its_limit() -> None:
    paper = engine()
    paper.obey(approval(2, limit="2001", quantity="30"), NOW_MS)

    words = worked(paper)

    assert {fill.price for fill in fills(words)} == {Decimal(2001)}


def test_an_exit_is_always_accepted_and_filled_whole() -> None:
    paper = engine()

    for sequence in range(1, 101):
        paper.obey(exit_order(sequence), NOW_MS)
    words = worked(paper)

    assert set(statuses(words)) == {"accepted", "filled"}
    assert paper.venue_accounts.quantity("acct", "SP500") == -1000


def test_a_stop_cancels_what_works_and_leaves_exits() -> None:
    paper = engine()
    paper.obey(approval(1, limit="2000"), NOW_MS)
    paper.obey(exit_order(2), NOW_MS)
    paper.work(QUOTES, NOW_MS + 40)

    words = paper.obey(stop(3), NOW_MS + 50)

    assert statuses(words) == ["cancelled"]
    assert statuses(worked(paper, from_ms=NOW_MS + 60)) == ["filled"]


def test_an_approval_is_answered_expired_when_the_engine_slept() -> None:
    paper = engine()
    paper.obey(approval(1), NOW_MS)

    words = paper.work(QUOTES, NOW_MS + VALID_MS)

    assert statuses(words) == ["expired"]
    assert paper.is_idle


def test_a_snapshot_says_what_the_books_say() -> None:
    paper = engine()
    paper.obey(approval(1, quantity="4", limit="2002"), NOW_MS)
    worked(paper)

    messages = paper.snapshots("acct", NOW_MS + 5000)

    position, cash = messages
    assert isinstance(position, PositionSnapshot)
    assert isinstance(cash, CashFlow)
    assert (position.symbol, position.quantity) == ("SP500", Decimal(4))
    assert (cash.kind, cash.amount) == ("snapshot", paper.venue_accounts.cash("acct"))


def test_there_is_no_snapshot_soon_after_a_fill() -> None:
    paper = engine()
    paper.obey(approval(1), NOW_MS)
    last_ms = max(fill.executed_at_ms for fill in fills(worked(paper)))

    soon = paper.snapshots("acct", last_ms + 2499)
    later = paper.snapshots("acct", last_ms + 2500)

    assert soon == []
    assert len(later) == 2


def test_a_short_account_tells_its_positions_only() -> None:
    paper = engine()
    paper.obey(exit_order(1), NOW_MS)
    worked(paper)

    messages = paper.snapshots("acct", NOW_MS + 9000)

    assert [type(message) for message in messages] == [PositionSnapshot]


def test_the_venue_works_an_order_once_when_it_is_placed_twice() -> None:
    paper = engine()
    paper.obey(exit_order(1), NOW_MS)
    (ticket,) = paper.engine.waiting
    venue = DemoVenue({})

    words = [venue.place(ticket, NOW_MS), venue.place(ticket, NOW_MS)]

    assert [word.status for word in words] == ["accepted", "accepted"]
    assert venue.working == 1
