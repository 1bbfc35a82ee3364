"""A FIX 4.4 drop copy: what each execution report means, and a session that misses nothing."""

import socket
import threading
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import simplefix

from riskgate import Fill, Order, Report
from riskgate.adapters.fix import DropCopy, FixError, Login, run
from riskgate.adapters.journal import Journal

AT_MS = 1_767_263_400_123  # 2026-01-01 10:30:00.123 UTC.
REPORT = {
    1: "U123", 11: "momentum.1", 17: "e1", 37: "o1", 39: "2", 54: "1", 55: "ESH6", 60:
    "20260101-10:30:00.123", 150: "F", 32: "2", 31: "5000.25", 14: "2", 12: "4.5", 479: "USD",
}  # fmt: skip


def wire(number: int, kind: str = "8", **more: str) -> bytes:
    """Encode a message of the broker; without more it is an execution report."""
    message = simplefix.FixMessage()
    pairs = (REPORT if kind == "8" else {}) | {int(tag[1:]): text for tag, text in more.items()}
    head = {8: "FIX.4.4", 35: kind, 49: "BROKER", 56: "ME", 34: str(number)}
    for tag, value in (head | pairs).items():
        message.append_pair(tag, value)
    encoded: bytes = message.encode()
    return encoded


def session(journal: Journal | None = None) -> DropCopy:
    login = Login(sender="ME", target="BROKER")
    made = DropCopy(login, {"U123": "acct"}, journal or Journal())
    made.log_on(AT_MS)
    return made


def said(made: DropCopy, *messages: bytes) -> tuple[list[dict[int, str]], list[Any]]:
    """Return what was answered, and what was reported."""
    answers: list[dict[int, str]] = []
    reports: list[Report] = []
    for answer, found in made.receive(b"".join(messages), AT_MS):
        reports += found
        if answer:
            parser = simplefix.FixParser()
            parser.append_buffer(answer)
            pairs = parser.get_message().pairs
            answers.append({int(tag): value.decode() for tag, value in pairs})
    return answers, reports


def test_a_trade_is_a_fill_and_then_a_status_when_it_completes_an_order() -> None:
    _, (fill, order) = said(session(), wire(1))

    assert fill == Fill(
        account_id="acct",
        fill_id="e1",
        order_id="o1",
        signal_id="momentum.1",
        symbol="ESH6",
        side="buy",
        quantity=Decimal(2),
        price=Decimal("5000.25"),
        fee=Decimal("4.5"),
        fee_currency="USD",
        executed_at_ms=AT_MS,
    )
    assert (order.status, order.filled_quantity, order.signal_id) == (
        "filled", Decimal(2), "momentum.1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("execution", "status", "found"),
    [
        ("0", "0", "accepted"),
        ("4", "4", "cancelled"),
        ("8", "8", "rejected"),
        ("C", "C", "expired"),
    ],
)
def test_an_order_has_its_status_when_nothing_was_traded(
    execution: str, status: str, found: str
) -> None:
    _, reports = said(session(), wire(1, t150=execution, t39=status, t14="0"))

    assert [(each.status, each.filled_quantity) for each in reports] == [(found, 0)]


def test_a_partial_trade_says_nothing_of_the_order_when_it_works_on() -> None:
    _, reports = said(session(), wire(1, t39="1"))

    assert [type(each) for each in reports] == [Fill]


@pytest.mark.parametrize(("kind", "fee"), [("1", "9"), ("2", "450.0225"), ("3", "4.5")])
def test_a_fee_is_money_when_it_is_per_unit_or_a_percentage(kind: str, fee: str) -> None:
    _, reports = said(session(), wire(1, t13=kind))

    # 4.5 each for 2, or 4.5 % of 10,000.50.
    assert reports[0].fee == Decimal(fee)


def test_a_correction_and_a_bust_name_the_first_report_when_they_come_later() -> None:
    later = "20260101-11:00:00"

    _, reports = said(
        session(),
        wire(1, t39="1"),
        wire(2, t17="e2", t150="G", t19="e1", t39="1", t60=later, t31="5001"),
        wire(3, t17="e3", t150="H", t19="e2", t39="0", t60=later, t31="5001"),
    )

    fills = [each for each in reports if isinstance(each, Fill)]
    assert [(each.fill_id, each.kind, each.executed_at_ms) for each in fills] == [
        ("e1", "new", AT_MS), ("e1", "correct", AT_MS), ("e1", "bust", AT_MS),
    ]  # fmt: skip
    assert fills[1].price == Decimal(5001)


def test_an_order_keeps_its_first_id_when_it_is_replaced_and_cancelled() -> None:
    _, reports = said(
        session(),
        wire(1, t150="0", t39="0", t14="0"),
        wire(2, t11="cancel.1", t41="momentum.1", t150="4", t39="4", t14="0"),
    )

    assert [each.signal_id for each in reports] == ["momentum.1", "momentum.1"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"t1": "U999"}, "Tag 1 names the account 'U999', which is not listed"),
        ({"t54": "9"}, "Execution e1 is not understood: tag 54 is 9"),
        ({"t31": "five"}, "is not understood: Expected a number"),
        ({"t60": "noon"}, "tag 60 is 'noon', not a time"),
        ({"t13": "4"}, "tag 13 is 4"),
    ],
)
def test_the_session_ends_when_a_report_is_not_understood(
    changed: dict[str, str], sentence: str
) -> None:
    with pytest.raises(FixError, match=sentence):
        said(session(), wire(1, **changed))


def test_what_is_missing_is_asked_for_when_a_number_was_skipped() -> None:
    made = session()

    answers, reports = said(made, wire(2), wire(3))

    assert [(each[35], each[7], each[16]) for each in answers] == [("2", "1", "0")]
    assert reports == []
    _, reports = said(made, wire(1, t43="Y"), wire(2, t43="Y"), wire(3, t43="Y"))
    assert len(reports) == 6
    assert made.expected == 4


def test_a_gap_is_closed_when_it_holds_nothing() -> None:
    made = session()

    said(made, wire(1, "4", t123="Y", t36="8"))

    assert made.expected == 8


def test_the_line_is_answered_when_the_broker_tests_it_or_asks_again() -> None:
    answers, _ = said(session(), wire(1, "1", t112="hello"), wire(2, "2", t7="1", t16="0"))

    assert [(each[35], each.get(112), each.get(36)) for each in answers] == [
        ("0", "hello", None), ("4", None, "3"),
    ]  # fmt: skip


def test_a_number_below_the_next_one_is_refused_when_it_is_no_repetition() -> None:
    made = session()
    said(made, wire(1))

    assert said(made, wire(1, t43="Y")) == ([], [])
    with pytest.raises(FixError, match="sent number 1 where 2 is next"):
        said(made, wire(1))


def test_a_heartbeat_is_sent_and_silence_ends_the_session_when_time_passes() -> None:
    made = session()

    assert made.tick(AT_MS + 29_999) == b""
    assert b"35=0" in made.tick(AT_MS + 30_000)
    with pytest.raises(FixError, match="BROKER has been silent"):
        made.tick(AT_MS + 90_001)


def test_a_report_is_read_again_when_the_writer_crashed_on_it(tmp_path: Path) -> None:
    made = session(Journal(tmp_path / "journal.db"))
    next(made.receive(wire(1), AT_MS))  # Nobody comes back for the next message.

    again = session(Journal(tmp_path / "journal.db"))

    assert again.expected == 1
    assert len(said(again, wire(1))[1]) == 2
    assert session(Journal(tmp_path / "journal.db")).expected == 2


def test_a_connection_is_followed_until_the_broker_closes_it() -> None:
    ours, brokers = socket.socketpair()
    written: list[Report] = []

    def write(reports: Sequence[Report]) -> None:
        written.extend(reports)

    def serve() -> None:
        assert b"35=A" in brokers.recv(4096)
        brokers.sendall(wire(1, "A", t98="0", t108="30") + wire(2)[:30])
        brokers.sendall(wire(2)[30:])
        brokers.close()

    broker = threading.Thread(target=serve)
    broker.start()
    with ours, pytest.raises(FixError, match="closed the connection"):
        run(session(), ours, write)
    broker.join()

    assert [type(each) for each in written] == [Fill, Order]
