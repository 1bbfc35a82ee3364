"""Accounts do not touch each other: neither their order nor their partition changes anything."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.driver import Driver
from tests.spec.desk import Desk, Row, open_desk
from tests.spec.rulebook import only

ACCOUNTS = ("acct-1", "acct-2", "acct-3")

_moves = st.lists(
    st.tuples(
        st.sampled_from(ACCOUNTS),
        st.sampled_from(["buy", "sell", "hold", "fill", "deposit", "halt"]),
        st.integers(1, 30),
    ),
    max_size=24,
)


def group_desk() -> Desk:
    """Return a desk with three accounts."""
    desk = open_desk(only(daily_loss={}, cash={}, order_rate={}))
    for name in ACCOUNTS[1:]:
        desk.flow("opening", 5000, account_id=name, flow_id="open")
    return desk


def move(desk: Desk, account: str, what: str, number: int) -> None:
    """Let one account do something, under ids of its own."""
    name = f"{account}-{sum(row[0] == account.encode() for row in _keys(desk))}"
    mine: dict[str, Any] = {"account_id": account}
    if what == "fill":
        desk.fill("buy", number, 100 - number, fill_id=name, order_id=name, **mine)
    elif what == "deposit":
        desk.flow("deposit", number, flow_id=name, **mine)
    elif what == "halt":
        desk.control("halt", control_id=name, **mine)
    else:
        desk.signal(what, number, limit_price="100", signal_id=name, **mine)


def _keys(desk: Desk) -> list[tuple[bytes | None]]:
    return [(key,) for _, key, _, _ in desk.sends]


def lines_of(driver: Driver, account: str) -> list[Row]:
    """Return all that came out for an account."""
    return [
        {"topic": line.topic} | json.loads(line.value or b"")
        for line in driver.lines
        if line.key == account.encode()
    ]


@given(moves=_moves)
@settings(max_examples=40, deadline=None)
def test_each_account_gets_the_same_when_they_are_interleaved_otherwise(
    moves: list[tuple[str, str, int]],
) -> None:
    mixed, sorted_ = group_desk(), group_desk()

    for each in moves:
        move(mixed, *each)
    for each in sorted(moves, key=lambda each: each[0]):
        move(sorted_, *each)

    for name in ACCOUNTS:
        assert lines_of(mixed.driver, name) == lines_of(sorted_.driver, name)


@given(moves=_moves)
@settings(max_examples=40, deadline=None)
def test_each_account_gets_the_same_when_there_are_more_partitions(
    moves: list[tuple[str, str, int]],
) -> None:
    one = group_desk()
    for each in moves:
        move(one, *each)
    one.send("controls", {**HALT_ALL, "issued_at_ms": one.now_ms})
    one.wait(60_000)

    many = Driver(partitions=5)
    for topic, key, at_ms, value in one.sends:
        many.now_ms = at_ms
        many.feed(topic, key, value)
    many.wait(60_000)

    for name in (*ACCOUNTS, "*"):
        assert lines_of(many, name) == lines_of(one.driver, name)


HALT_ALL = {
    "control_id": "all",
    "account_id": "*",
    "command": "halt",
    "author": "desk",
    "reason": "test",
}
