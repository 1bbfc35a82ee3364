"""The last hours decided twice: both runs share what came before, and then the limits differ."""

from decimal import Decimal

import pytest

from pipeline.replay.lately import Lately, lines
from pipeline.replay.memory import MemoryStore
from pipeline.replay.otherwise import Otherwise
from pipeline.replay.recorded import Recorded
from pipeline.risk.limits.document import canonical
from tests import given
from topics.codec import encode_event
from topics.events import AccountEvent, Event, LimitsEvent, Quote, SignalEvent

T0_MS = given.T0_MS
QUOTE = Quote(symbol=given.SYMBOL, last=Decimal(100), as_of_ms=T0_MS, offset=1)
FREE = given.only()
SMALL = canonical(given.only("order_notional", order_notional_max="100"))


def asked(account: str, number: int, at_ms: int) -> Event:
    """Return a signal to buy two at 100."""
    signal = given.signal("buy", 2, signal_id=f"s{number}", account_id=account, created_at_ms=at_ms)
    return SignalEvent(account_id=account, body=signal, instrument=given.instrument(), quote=QUOTE)


def compared(account: str, *later: Event, from_ms: int) -> Otherwise:
    """Decide a log in which two accounts ask once a second, under other limits from a time on."""
    events: list[Event] = [LimitsEvent(account_id="*", body=given.limits(FREE))]
    for name in ("a", "b"):
        opening = given.account(name, balance=100_000, as_of_ms=T0_MS)
        events.append(AccountEvent(account_id=name, body=opening))
    for number in range(4):
        name, at_ms = "ab"[number % 2], T0_MS + len(events)
        events.append(asked(name, number, at_ms))
    runs = Lately(MemoryStore(), partition=0, from_ms=from_ms)
    for number, event in enumerate([*events, *later]):
        each = Recorded(event, encode_event(event), T0_MS + number, number)
        runs.apply(each, account=account, rules=SMALL)
    return runs.found


@pytest.mark.parametrize(
    ("account", "told"),
    [
        (
            "a",
            [
                "all accounts: approved 4 -> 2, modified 0 -> 2, rejected 0 -> 0, stopped 0 -> 0",
                "a: approved 2 -> 0, modified 0 -> 2, rejected 0 -> 0, stopped 0 -> 0",
            ],
        ),
        (
            "*",
            [
                "all accounts: approved 4 -> 0, modified 0 -> 4, rejected 0 -> 0, stopped 0 -> 0",
                "a: approved 2 -> 0, modified 0 -> 2, rejected 0 -> 0, stopped 0 -> 0",
                "b: approved 2 -> 0, modified 0 -> 2, rejected 0 -> 0, stopped 0 -> 0",
            ],
        ),
    ],
)
def test_accounts_with_another_answer_are_counted_when_limits_differ(
    account: str, told: list[str]
) -> None:
    found = compared(account, from_ms=T0_MS + 3)

    assert list(lines(found)) == told
    assert {each.quantity for each in found.differences} == {Decimal(-1)}


def test_only_the_period_is_compared_when_more_came_before() -> None:
    found = compared("*", from_ms=T0_MS + 5)

    assert found.total("approved") == (2, 0)
    assert [each.name for each in found.differences] == ["s2", "s3"]


@pytest.mark.parametrize("account", ["a", "*"])
def test_other_limits_stay_when_the_log_has_a_newer_document(account: str) -> None:
    free = LimitsEvent(account_id=account, body=given.limits(FREE, account_id=account, version=9))

    found = compared(account, free, asked("a", 9, T0_MS + 8), from_ms=T0_MS + 7)

    assert [(each.name, each.quantity) for each in found.differences] == [("s9", Decimal(-1))]


@pytest.mark.parametrize("account", ["a", "*"])
def test_account_has_the_other_limits_when_it_begins_in_the_period(account: str) -> None:
    found = compared(account, from_ms=T0_MS)

    assert found.total("modified", "a") == (0, 2)


def test_nothing_is_compared_when_the_period_has_no_event() -> None:
    found = compared("*", from_ms=T0_MS + 100)

    assert (found.compared, found.total("approved")) == (0, (0, 0))
