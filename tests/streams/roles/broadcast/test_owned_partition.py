"""What broadcast keeps of an owned partition when a row of account_states cannot be read."""

import time

import pytest

from pipeline.streams.roles.broadcast.owned_partition import OwnedPartition
from pipeline.streams.roles.broadcast.owned_states import Row
from tests.streams.accounts_watched import T0_MS, row
from topics import codec
from topics.codec import DecodeError

GARBAGE = Row(0, "a", b'{"account_id":"a","trading_state":"sleeping"}')


def written(account_id: str = "a", *, key: str = "a", **fields: object) -> Row:
    """A row as risk writes it."""
    return Row(0, key, codec.encode(row(account_id, **fields)))


def test_account_stays_watched_by_its_older_row_when_the_newest_does_not_decode(
    owned: OwnedPartition,
) -> None:
    owned.apply(written(wake_at_ms=T0_MS + 5000))

    with pytest.raises(DecodeError):
        owned.apply(GARBAGE)

    assert owned.unread == {"a"}
    assert [due.account_id for due in owned.queue.due(T0_MS + 5000)] == ["a"]


@pytest.mark.parametrize("newer", [written(), Row(0, "a", None)])
def test_account_is_read_again_when_a_newer_row_comes(owned: OwnedPartition, newer: Row) -> None:
    with pytest.raises(DecodeError):
        owned.apply(GARBAGE)

    owned.apply(newer)

    assert owned.unread == set()


def test_row_counts_as_unread_when_it_is_of_another_account_than_its_key(
    owned: OwnedPartition,
) -> None:
    with pytest.raises(DecodeError, match="same account as the key"):
        owned.apply(written("b", key="a"))

    assert owned.unread == {"a"}
    assert len(owned.queue) == 0


def told(accounts: int, topic_id: str = "here") -> Row:
    """The row of `*`: so many accounts have a row, in that topic."""
    return written("*", key="*", accounts=accounts, topic_id=topic_id)


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        ([written()], "risk's report of how many accounts there are"),
        ([told(0)], None),
        ([written(), told(1)], None),
        ([written(), told(2)], "account rows: it has 1 of 2"),
        ([written(), told(2), written("b", key="b")], None),
        ([written(), told(1), Row(0, "a", None)], "account rows: it has 0 of 1"),
        ([told(0, "")], "rows that risk has not written to the recreated topic account_states yet"),
        (
            [told(0, "gone")],
            "rows that risk has not written to the recreated topic account_states yet",
        ),
    ],
)
def test_partition_misses_rows_when_risk_knows_more_accounts_or_another_topic(
    owned: OwnedPartition, rows: list[Row], missing: str | None
) -> None:
    for each in rows:
        owned.apply(each)

    assert owned.missing("here") == missing


@pytest.mark.parametrize(
    ("after", "missing"),
    [
        ([], "risk's report of how many accounts there are"),
        ([told(2)], "account rows: it has 0 of 2"),
        ([told(2), written()], "account rows: it has 1 of 2"),
        ([told(2), written(), written()], "account rows: it has 1 of 2"),
        ([told(2), written(), Row(0, "a", None)], "account rows: it has 0 of 2"),
        ([told(2), written(), written("b", key="b")], None),
    ],
)
def test_partition_misses_rows_when_they_were_lost_and_are_not_written_again(
    owned: OwnedPartition, after: list[Row], missing: str | None
) -> None:
    for each in (written(), written("b", key="b"), told(2)):
        owned.apply(each)

    owned.lose_rows()
    for each in after:
        owned.apply(each)

    assert owned.missing("here") == missing
    assert len(owned.queue) == 2 - (after[-1:] == [Row(0, "a", None)])  # Monitored all the while.


def test_newer_row_stays_when_another_replica_set_writes_an_older_one(
    owned: OwnedPartition,
) -> None:
    owned.apply(written(wake_at_ms=T0_MS + 5000, sequence=7))

    owned.apply(written(wake_at_ms=None, sequence=5))
    owned.apply(written(wake_at_ms=None, sequence=6))

    assert [due.account_id for due in owned.queue.due(T0_MS + 5000)] == ["a"]


def test_row_of_a_lower_sequence_counts_when_an_operator_started_over(
    owned: OwnedPartition,
) -> None:
    owned.apply(written(sequence=7))

    owned.apply(written(wake_at_ms=T0_MS + 5000, sequence=1, at_ms=T0_MS + 1))

    assert [due.account_id for due in owned.queue.due(T0_MS + 5000)] == ["a"]


def test_rows_are_asked_for_when_an_older_one_stays_the_last(
    owned: OwnedPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    owned.apply(written(sequence=7))

    owned.apply(written(sequence=6))

    assert not owned.has_gone_back(102.0)
    assert owned.has_gone_back(102.1)
    owned.ask_again_s = 150.0
    assert not owned.has_gone_back(149.9)
    assert owned.has_gone_back(150.0)


def test_no_rows_are_asked_for_when_the_other_replica_set_catches_up(
    owned: OwnedPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    for sequence in (7, 6, 7):
        owned.apply(written(sequence=sequence))

    assert not owned.has_gone_back(200.0)


@pytest.mark.parametrize("other", ["", "gone"])
def test_no_rows_are_missing_when_one_replica_set_has_written_them_all(
    owned: OwnedPartition, other: str
) -> None:
    for each in (written(), told(1), told(1, other)):
        owned.apply(each)

    assert owned.missing("here") is None
