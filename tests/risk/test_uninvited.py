"""A signal begins no account once its partition has many; everything else does."""

import pytest

from pipeline.risk import uninvited
from pipeline.risk.account.account import Account, Shared
from pipeline.risk.state import new_shared
from pipeline.risk.step import Arrival, Step, step
from pipeline.risk.structs import replace
from pipeline.verify import walk
from pipeline.verify.records import Record
from tests import given
from topics import codec
from topics.accounts import CashFlow
from topics.events import AccountEvent, Event, SignalEvent

FULL = replace(new_shared(partition=0, rules_version="1"), accounts=uninvited.ACCOUNTS_MAX)
ALMOST = replace(FULL, accounts=uninvited.ACCOUNTS_MAX - 1)


def take(event: Event, shared: Shared, account: Account | None = None) -> Step:
    """Apply an event."""
    return step(account, shared, Arrival(event, codec.encode_event(event), given.T0_MS))


def signal(signal_id: str = "s-1") -> SignalEvent:
    """Return a signal of an account that nobody knows."""
    body = given.signal(signal_id=signal_id, account_id="invented")
    return SignalEvent(account_id="invented", body=body)


def opening() -> AccountEvent:
    """Return its opening."""
    flow: CashFlow = given.account("invented")
    return AccountEvent(account_id="invented", body=flow)


def test_signal_leaves_nothing_when_it_would_begin_one_account_too_many() -> None:
    taken = take(signal(), FULL)

    assert (taken.shared is FULL, taken.outputs, taken.repeated) == (True, (), True)
    assert taken.refused == (
        "its partition has 20000 accounts, and a signal begins no more than 20000; open the "
        "account first"
    )


def test_signal_begins_the_last_account_below_the_bound() -> None:
    taken = take(signal(), ALMOST)

    assert taken.refused is None
    assert taken.shared.accounts == uninvited.ACCOUNTS_MAX
    assert len(taken.outputs) == 1


def test_opening_begins_an_account_beyond_the_bound_whose_signals_are_decided() -> None:
    opened = take(opening(), FULL)

    decided = take(signal(), opened.shared, opened.account)

    assert opened.shared.accounts == uninvited.ACCOUNTS_MAX + 1
    assert (decided.refused, len(decided.outputs)) == (None, 1)


def test_account_that_has_begun_goes_on_beyond_the_bound() -> None:
    begun = take(signal("s-1"), ALMOST)

    again = take(signal("s-2"), begun.shared, begun.account)

    assert (again.refused, len(again.outputs)) == (None, 1)


def test_judge_of_the_log_knows_the_same_bound() -> None:
    assert walk.ACCOUNTS_MAX == uninvited.ACCOUNTS_MAX


@pytest.mark.parametrize("known", [True, False])
def test_judge_counts_no_signal_that_is_set_aside(
    monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    monkeypatch.setattr(walk, "ACCOUNTS_MAX", 1)
    judge, event = walk.PartitionWalk(whole=True), signal()
    first = opening() if known else AccountEvent(account_id="other", body=given.account("other"))
    record = Record("events", 0, 0, codec.encode_event(event), given.T0_MS)

    judge.apply(record, first)

    assert (judge.apply(record, event) is not None) == known
