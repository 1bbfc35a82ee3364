"""A prices topic made anew, or a symbol that moved to a new partition, counts offsets anew."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from pipeline.streams.roles.broadcast.revaluations import RevaluationQueue
from pipeline.streams.settings import Settings
from pipeline.streams.tables.tables import Tables
from tests import given
from tests.risk.log import T0_MS, Log
from tests.streams.accounts_watched import row
from topics.events import Market, Quote, Revaluation, RevaluationEvent


def show(tables: Tables, last: int, as_of_ms: int, *, offset: int, epoch: str) -> bool:
    price = given.price(last, as_of_ms=as_of_ms)
    return tables.apply_price(price, offset=offset, appended_ms=as_of_ms, epoch=epoch)


@pytest.mark.parametrize(("as_of_ms", "taken"), [(T0_MS + 1, True), (T0_MS, False)])
def test_table_takes_a_quote_of_another_log_when_its_time_is_later(
    as_of_ms: int, *, taken: bool
) -> None:
    tables = Tables(Settings.model_construct())
    show(tables, 100, T0_MS, offset=7, epoch="old:0")

    assert show(tables, 101, as_of_ms, offset=0, epoch="new:0") is taken
    newest = tables.quote(given.SYMBOL)
    assert newest is not None
    assert newest.last == (101 if taken else 100)


@pytest.mark.parametrize(("as_of_ms", "mark"), [(T0_MS + 3, "90"), (T0_MS + 2, "100")])
def test_account_takes_a_quote_of_another_log_when_its_time_is_later(
    as_of_ms: int, mark: str
) -> None:
    log = Log()
    log.open()
    log.fill("f1", 1, T0_MS + 2)
    quote = Quote(symbol=given.SYMBOL, last=Decimal(90), as_of_ms=as_of_ms, offset=0, epoch="new:1")
    markets = (Market(symbol=given.SYMBOL, quote=quote),)

    log.append(
        RevaluationEvent(account_id=given.ACCOUNT, body=Revaluation(markets=markets)), T0_MS + 4
    )

    assert log.account is not None
    assert log.account.holdings[given.SYMBOL].mark == Decimal(mark)


def test_offsets_count_again_when_both_quotes_are_of_the_new_log() -> None:
    tables = Tables(Settings.model_construct())
    show(tables, 100, T0_MS, offset=7, epoch="old:0")
    show(tables, 101, T0_MS + 1, offset=0, epoch="new:0")

    assert show(tables, 102, T0_MS + 1, offset=1, epoch="new:0")
    assert not show(tables, 103, T0_MS + 2, offset=1, epoch="new:0")


def watching(tables: Tables) -> RevaluationQueue:
    """Watch an account that took its mark of T0 at offset 50 of the old log."""
    queue = RevaluationQueue(Settings.model_construct(), tables)
    own = replace(row().quotes[0], offset=50, epoch="old:0")
    queue.apply_state(row(quotes=(own,)))
    return queue


def test_revaluation_is_due_when_a_move_comes_from_another_log() -> None:
    tables = Tables(Settings.model_construct())
    queue = watching(tables)

    show(tables, 90, T0_MS + 10, offset=0, epoch="new:0")
    queue.apply_price(given.SYMBOL)

    assert [due.account_id for due in queue.due(T0_MS + 10)] == ["a"]


def test_no_revaluation_is_due_when_another_log_says_nothing_later() -> None:
    tables = Tables(Settings.model_construct())
    queue = watching(tables)

    show(tables, 90, T0_MS, offset=99, epoch="new:0")
    queue.apply_price(given.SYMBOL)

    assert queue.due(T0_MS + 100_000) == []


def test_revaluation_is_not_sent_again_when_the_account_declined_what_another_log_said() -> None:
    tables = Tables(Settings.model_construct())
    queue = watching(tables)
    show(tables, 90, T0_MS + 10, offset=0, epoch="new:0")
    queue.revaluation("a", T0_MS + 10)

    declined = replace(row().quotes[0], offset=50, epoch="old:0")
    queue.apply_state(row(quotes=(declined,), sequence=2, at_ms=T0_MS + 10))

    assert queue.due(T0_MS + 100_000) == []
