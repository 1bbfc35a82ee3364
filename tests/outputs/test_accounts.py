"""The account nearest to a stop comes first, and what is unknown is said."""

from decimal import Decimal
from typing import cast

import pytest
from msgspec.structs import replace

from pipeline.outputs.accounts import Headroom, Rows, headrooms, is_near, nearest_first, unknowns
from pipeline.outputs.record import NO_VALUE
from pipeline.outputs.words import state_words
from tests import given
from tests.outputs.recorded import of_topic, outputs, rows_of
from tests.outputs.test_stops import HISTORY
from topics.account_states import TOPIC, AccountState, WatchedSymbol

ROW = cast(AccountState, TOPIC.example)
MINUTE_MS = 60_000


def row(name: str, state: str = "active", ratio: str | None = None) -> AccountState:
    statistics = {} if ratio is None else {"daily_loss_headroom_ratio": Decimal(ratio)}
    return replace(
        ROW,
        account_id=name,
        trading_state=state,
        statistics=statistics,
        stops=() if state == "active" else (f"{name}:1:1",),
    )


def test_headroom_is_what_is_left_of_the_limit_when_an_account_lost() -> None:
    rows = rows_of(outputs(*HISTORY[:5], given.price(99), given.price(99), given.price(99)))

    (first, *_) = headrooms(rows.accounts[given.ACCOUNT])

    assert first == Headroom(Decimal("0.5"), "daily_loss")  # 1000 lost of 2000.


def test_stopped_then_unknown_then_nearest_come_first_when_accounts_are_sorted() -> None:
    rows = [row("far", ratio="0.9"), row("near", ratio="0.1"), row("unknown")]
    rows += [row("halted", "halted", "0.9"), row("reducing", "reducing", "0.5")]

    names = [each.account_id for each in nearest_first(rows)]

    assert names == ["halted", "reducing", "unknown", "near", "far"]


@pytest.mark.parametrize(
    ("ratio", "near"), [("0.2", True), ("0.199999", True), ("0.200001", False), ("-1", True)]
)
def test_account_is_near_when_no_more_than_this_is_left(ratio: str, *, near: bool) -> None:
    assert is_near(row("a", ratio=ratio), Decimal("0.2")) is near


def test_account_is_near_when_nobody_knows_its_equity_but_it_holds_something() -> None:
    unknown = replace(row("a"), equity=None)

    assert is_near(unknown, Decimal("0.2"))
    assert not is_near(replace(unknown, watched=()), Decimal("0.2"))


def test_what_is_unknown_is_said_first_oldest_mark_first_when_equity_is_unknown() -> None:
    marks = (
        WatchedSymbol(symbol="NEW", mark_price=Decimal(1), as_of_ms=ROW.at_ms, offset=1),
        WatchedSymbol(
            symbol="OLD", mark_price=Decimal(1), as_of_ms=ROW.at_ms - MINUTE_MS, offset=1
        ),
        WatchedSymbol(symbol="NONE", mark_price=None, as_of_ms=None, offset=-1),
    )

    said = list(unknowns(replace(ROW, equity=None, quotes=marks), ROW.at_ms + MINUTE_MS))

    assert said == [
        "Equity is unknown as of the last event, 1 min ago.",
        "The mark of OLD is 2 min old.",
        "The mark of NEW is 1 min old.",
        "NONE has no mark.",
    ]


def test_missing_opening_is_said_when_an_account_only_sent_signals() -> None:
    rows = rows_of(outputs(given.instrument(), given.price(100), given.signal()))

    said = list(unknowns(rows.accounts[given.ACCOUNT], given.T0_MS))

    assert said == ["There was no opening balance yet."]


@pytest.mark.parametrize(
    ("state", "stops", "words"),
    [
        ("active", (), "trading"),
        ("reducing", ("a:1:1",), "entries rejected, exits go on"),
        ("halted", ("a:1:1",), "halted, exits go on"),
        ("halted", (), "set aside, decides nothing"),
    ],
)
def test_state_is_said_in_words_when_people_read_it(
    state: str, stops: tuple[str, ...], words: str
) -> None:
    assert state_words(replace(ROW, trading_state=state, stops=stops)) == words


def test_account_is_gone_when_its_row_was_deleted() -> None:
    made = outputs(given.account())
    rows = rows_of(made)
    assert given.ACCOUNT in rows.accounts

    rows.take(of_topic(made, "account_states")[0]._replace(value=NO_VALUE))

    assert rows.accounts == {}


def test_account_is_unreadable_when_somebody_else_wrote_its_row() -> None:
    rows = Rows()

    is_news = rows.take(
        of_topic(outputs(given.account()), "account_states")[0]._replace(value=b"1")
    )

    assert (is_news, rows.unreadable) == (False, {given.ACCOUNT})
