"""Rows of account_states when the topic lost them: risk writes all of them again."""

import pytest

from pipeline.streams.roles.decide import state_rows
from pipeline.streams.roles.decide.roster import Roster
from tests import given
from tests.streams.fakes import MemoryStore, Sent, commit, source
from tests.streams.roles.decide.test_decide import Desk
from topics.events import AccountEvent, Heartbeat, HeartbeatEvent, Revaluation, RevaluationEvent

NAMES = ("acct-1", "acct-9", "acct-13")  # In partition 2 of four.
HEARTBEAT = HeartbeatEvent(account_id="*", body=Heartbeat())
TELL_AGAIN = RevaluationEvent(account_id="*", body=Revaluation())


@pytest.fixture
def desk() -> Desk:
    """Risk that knows three accounts, and whose topic has their rows."""
    desk = Desk()
    for offset, name in enumerate(NAMES):
        body = given.account(account_id=name, as_of_ms=given.T0_MS)
        desk.apply(AccountEvent(account_id=name, source=source("accounts", offset), body=body))
    commit(desk.role)
    return desk


def heir_of(desk: Desk, topic_id: str = "id-of-account-states") -> Desk:
    """Another worker on the same state."""
    heir = Desk(desk.store)
    heir.states.topic_id = topic_id
    return heir


def rows_of(desk: Desk) -> list[Sent]:
    """Commit, and return the rows of account_states written since the last time."""
    desk.outbox.sent.clear()
    commit(desk.role)
    return desk.outbox.of("risk.account_states")


def keys_of(rows: list[Sent]) -> list[bytes | None]:
    return [row.key for row in rows]


def told(row: Sent) -> tuple[object, object]:
    assert row.key == b"*"
    return row.row["accounts"], row.row["topic_id"]


def test_row_of_everyone_says_how_many_accounts_have_one_and_where(desk: Desk) -> None:
    *_, everyone = desk.outbox.of("risk.account_states")

    assert told(everyone) == (3, "id-of-account-states")


def test_no_row_is_written_again_when_the_topic_is_the_same(desk: Desk) -> None:
    heir = heir_of(desk)

    (everyone,) = rows_of(heir)

    assert told(everyone) == (3, "id-of-account-states")
    assert rows_of(heir) == []


def test_every_row_is_written_again_when_the_topic_was_made_anew(desk: Desk) -> None:
    before = {row.key: row.value for row in desk.outbox.of("risk.account_states")}

    *accounts, everyone = rows_of(heir_of(desk, "another"))

    assert [(row.key, row.value) for row in accounts] == [
        (name.encode(), before[name.encode()]) for name in NAMES
    ]
    assert told(everyone) == (3, "another")


def test_rows_are_written_over_several_commits_when_they_are_many(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_rows, "REWRITTEN_BYTES_MAX", state_rows.REWRITTEN_BYTES_LEAST)
    heir = heir_of(desk, "another")

    first, second = rows_of(heir), rows_of(heir_of(desk, "another"))  # It goes on after a crash.

    assert keys_of(first) == [b"acct-1", b"*"]
    assert told(first[-1]) == (3, "")
    assert keys_of(second)[:1] == [b"acct-9"]


def test_row_of_everyone_is_last_when_rows_took_several_commits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_rows, "REWRITTEN_BYTES_MAX", state_rows.REWRITTEN_BYTES_LEAST)
    heir = heir_of(desk, "another")

    rows = [row for _ in range(5) for row in rows_of(heir)]

    assert keys_of(rows) == [b"acct-1", b"*", b"acct-9", b"acct-13", b"*"]
    assert told(rows[-1]) == (3, "another")


def test_every_row_is_written_again_when_broadcast_lacks_some(desk: Desk) -> None:
    heir = heir_of(desk)

    heir.apply(TELL_AGAIN)

    assert keys_of(rows_of(heir)) == [*(name.encode() for name in NAMES), b"*"]


def test_rows_are_written_once_when_broadcast_asks_again_at_once(desk: Desk) -> None:
    heir = heir_of(desk)
    heir.apply(TELL_AGAIN)
    rows_of(heir)

    heir.apply(TELL_AGAIN)

    assert keys_of(rows_of(heir)) == [b"*"]


def test_row_of_everyone_comes_when_there_is_no_account_yet() -> None:
    desk = Desk()
    desk.apply(HEARTBEAT)

    (everyone,) = rows_of(desk)

    assert told(everyone) == (0, "id-of-account-states")


def test_roster_finds_every_account_when_they_fill_several_keys() -> None:
    roster = Roster(store := MemoryStore())
    for number in range(1, 131):
        roster.add(f"acct-{number}", number)

    found = [Roster(store).find(number) for number in range(1, 132)]

    assert found == [*(f"acct-{number}" for number in range(1, 131)), None]
    assert len(store.rows) == 3
