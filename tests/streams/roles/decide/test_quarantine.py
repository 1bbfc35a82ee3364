"""A record that riskgate itself fails on is set aside with its account; the others go on."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from pipeline.risk.report import account_state
from pipeline.risk.state import save_account
from pipeline.risk.step import step, wanted
from pipeline.rules_version import rules_version
from pipeline.streams.roles.decide import partition_accounts, quarantines, state_publisher
from tests import given
from tests.streams.fakes import commit, event_record, source
from tests.streams.roles.decide.test_decide import HOME, OPENING, SIGNAL, Desk
from topics import codec
from topics.events import ControlEvent, FillEvent, Heartbeat, HeartbeatEvent, SignalEvent

STOPS = "risk.emergency_stops"
BAD, GOOD = given.ACCOUNT, "acct-9"  # Both of one partition.


def signal(account_id: str, number: int) -> SignalEvent:
    body = given.signal("hold", signal_id=f"s{number}", account_id=account_id)
    return SignalEvent(account_id=account_id, source=source("signals", number), body=body)


def raises_for(account_id: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that raises where it meets an account."""

    def raising(*arguments: Any, **more: Any) -> Any:
        for argument in arguments:
            named = getattr(argument, "event", argument)
            if getattr(named, "account_id", None) == account_id:
                raise ZeroDivisionError("a hole")
        return function(*arguments, **more)

    return raising


def raises_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that raises when it is called first."""
    calls: list[object] = []

    def raising(*arguments: object) -> Any:
        calls.append(arguments)
        if len(calls) == 1:
            raise ZeroDivisionError("a hole")
        return function(*arguments)

    return raising


def letters(desk: Desk) -> list[object]:
    return [sent.row["error"] for sent in desk.outbox.of("risk.dead_letters")]


def decided(desk: Desk) -> list[tuple[object, object]]:
    return [(sent.row["account_id"], sent.row["verdict"]) for sent in decisions(desk)]


def decisions(desk: Desk) -> list[Any]:
    return [s for s in desk.outbox.of("risk.decisions") if s.row["kind"] == "decision"]


def test_account_is_halted_and_its_event_buried_when_what_comes_out_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    desk.apply(OPENING)

    monkeypatch.setattr(codec, "encode", raises_once(codec.encode))
    desk.apply(signal(BAD, 1), signal(GOOD, 2))

    assert letters(desk) == ["internal: ZeroDivisionError: a hole"]
    assert decided(desk) == [(BAD, "rejected"), (GOOD, "ignored")]
    (stop,) = desk.outbox.of("risk.emergency_stops")
    assert (stop.row["status"], stop.row["rule"]) == ("triggered", "internal_error")


def test_others_are_decided_when_nothing_of_an_account_can_be_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    desk.apply(OPENING)
    monkeypatch.setattr(partition_accounts, "decide", raises_for(BAD, step))

    desk.apply(signal(BAD, 1), signal(GOOD, 2))
    commit(desk.role)

    assert letters(desk) == ["internal: ZeroDivisionError: a hole"]
    assert decided(desk) == [(GOOD, "ignored")]
    assert b"q|acct-1" in desk.store.rows


@pytest.mark.parametrize(
    ("module", "name", "function"),
    [
        (state_publisher, "account_state", account_state),
        (partition_accounts, "save_account", save_account),
    ],
)
def test_account_is_quarantined_when_its_rows_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, function: Callable[..., Any]
) -> None:
    desk = Desk()
    monkeypatch.setattr(module, name, raises_for(BAD, function))

    desk.apply(OPENING, signal(GOOD, 2))
    commit(desk.role)
    desk.role.publish()

    assert letters(desk) == ["internal: ZeroDivisionError: a hole"]
    rows = {sent.row["account_id"]: sent.row for sent in desk.outbox.of("risk.account_states")}
    assert {*rows} == {GOOD, BAD, "*"}  # Broadcast must have a row of every account.
    assert (rows[BAD]["trading_state"], rows["*"]["accounts"]) == ("halted", 2)
    assert b"q|acct-1" in desk.store.rows


def test_quarantine_holds_when_another_worker_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    with monkeypatch.context() as broken:
        broken.setattr(state_publisher, "account_state", raises_for(BAD, account_state))
        desk.apply(OPENING)
        commit(desk.role)

    heir = Desk(desk.store)
    heir.apply(SIGNAL, signal(GOOD, 2))

    assert decided(heir) == [(BAD, "rejected"), (GOOD, "ignored")]
    assert letters(heir) == [quarantines.QUARANTINED]
    (stop,) = heir.outbox.of("risk.emergency_stops")
    assert stop.row["rule"] == "internal_error"


def test_account_is_halted_before_another_release_tries_it_again() -> None:
    desk = Desk()
    desk.apply(OPENING)
    commit(desk.role)
    desk.store.set(b"q|acct-1", b"another")  # It lacks what came since.

    heir = Desk(desk.store)
    heir.apply(signal(BAD, 1), signal(BAD, 2))

    assert letters(heir) == [quarantines.RETRIED]  # Only the first.
    assert decided(heir) == [(BAD, "rejected"), (BAD, "ignored")]
    (stop,) = heir.outbox.of("risk.emergency_stops")
    assert stop.row["rule"] == "internal_error"
    assert b"q|acct-1" not in heir.store.rows


def test_account_is_tried_again_at_once_when_it_was_halted_before_another_release_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    with monkeypatch.context() as broken:
        broken.setattr(state_publisher, "account_state", raises_for(BAD, account_state))
        desk.apply(OPENING)
        commit(desk.role)
    desk.role.apply(event_record(signal(BAD, 1), partition=HOME, offset=1))  # Halts it.
    commit(desk.role)
    desk.store.set(b"q|acct-1", b"another")

    heir = Desk(desk.store)
    heir.apply(signal(BAD, 2))

    assert letters(heir) == []
    assert decided(heir) == [(BAD, "ignored")]


@pytest.mark.parametrize(("name", "function"), [("decide", step), ("save_account", save_account)])
def test_row_says_halted_when_an_account_is_quarantined_later(
    monkeypatch: pytest.MonkeyPatch, name: str, function: Callable[..., Any]
) -> None:
    desk = Desk()
    desk.apply(OPENING)
    commit(desk.role)
    monkeypatch.setattr(partition_accounts, name, raises_for(BAD, function))

    desk.apply(signal(BAD, 1))
    commit(desk.role)
    desk.role.publish()

    *_, row = [s for s in desk.outbox.of("risk.account_states") if s.row["account_id"] == BAD]
    assert (row.row["trading_state"], row.row["balance"]) == ("halted", "100000")
    assert (row.row["watched"], row.row["wake_at_ms"]) == ([], None)


def test_rows_that_are_written_again_say_which_accounts_are_quarantined() -> None:
    desk = Desk()
    desk.apply(OPENING)
    commit(desk.role)
    desk.store.set(b"q|acct-1", rules_version().encode())

    heir = Desk(desk.store)
    heir.states.topic_id = "another"
    commit(heir.role)

    row, _ = heir.outbox.of("risk.account_states")
    assert (row.row["account_id"], row.row["trading_state"]) == (BAD, "halted")


def test_account_is_halted_when_what_to_look_up_cannot_be_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    desk.apply(OPENING)
    monkeypatch.setattr(partition_accounts, "wanted", raises_for(BAD, wanted))

    desk.apply(signal(BAD, 1), signal(GOOD, 2))

    assert letters(desk) == ["internal: ZeroDivisionError: a hole"]
    assert decided(desk) == [(BAD, "rejected"), (GOOD, "ignored")]
    (stop,) = desk.outbox.of("risk.emergency_stops")
    assert stop.row["rule"] == "internal_error"


def test_worker_goes_on_when_an_event_of_everyone_cannot_be_applied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    with monkeypatch.context() as broken:
        broken.setattr(partition_accounts, "decide", lambda *_: 1 / 0)
        desk.apply(HeartbeatEvent(account_id="*", body=Heartbeat()))

    desk.apply(signal(GOOD, 2))

    assert letters(desk) == ["internal: ZeroDivisionError: division by zero"]
    assert decided(desk) == [(GOOD, "ignored")]


def test_accounts_are_halted_when_what_comes_of_a_control_of_everyone_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    desk.apply(OPENING)
    halt = given.control("halt", account_id="*", control_id="all-1")
    with monkeypatch.context() as broken:
        broken.setattr(partition_accounts, "decide", raises_once(step))
        desk.apply(ControlEvent(account_id="*", source=source("controls", 1), body=halt))

    desk.apply(signal(BAD, 2))

    assert letters(desk) == ["internal: ZeroDivisionError: a hole"]
    stops = [(s.row["stop_id"], s.row["account_id"]) for s in desk.outbox.of(STOPS)]
    assert stops == [("all-1", BAD)]


def test_control_of_a_quarantined_account_is_answered_by_its_id() -> None:
    desk = Desk()
    desk.apply(OPENING)
    commit(desk.role)
    desk.store.set(b"q|acct-1", rules_version().encode())
    heir = Desk(desk.store)

    commands: tuple[Literal["halt", "flatten", "resume"], ...] = ("halt", "flatten", "resume")
    for number, command in enumerate(commands):
        body = given.control(command, control_id=f"c{number}")
        heir.apply(ControlEvent(account_id=BAD, source=source("controls", number), body=body))

    said = [str(sent.row["message"]) for sent in heir.outbox.of("risk.alerts")]
    answers = [message for message in said if " is not applied, the account is halted: " in message]
    assert [message.split()[0] for message in answers] == ["c0", "c1", "c2"]
    assert len(heir.outbox.of(STOPS)) == 1


@pytest.mark.parametrize(
    ("quantity", "price"), [("1e-30", "1e30"), ("2e-20", "50000"), ("0.00003", "1e20")]
)
def test_account_is_reported_when_an_inverse_fill_is_of_an_extreme_price(
    quantity: str, price: str
) -> None:
    inverse = given.instrument(kind="inverse", base_currency="BTC", settlement_currency="BTC")
    fills = [given.fill("buy", quantity, price, fill_id="a", executed_at_ms=given.T0_MS)]
    fills += [replace(fills[0], side="sell", quantity=fills[0].quantity / 2, fill_id="b")]
    desk = Desk()

    events = [FillEvent(account_id=BAD, body=fill, instrument=inverse) for fill in fills]
    for offset, event in enumerate([OPENING, *events]):
        desk.role.apply(event_record(event, partition=HOME, offset=offset))
    commit(desk.role)

    row, _ = desk.outbox.of("risk.account_states")
    assert row.row["sequence"] == 3
    assert b"q|acct-1" not in desk.store.rows


def test_nothing_more_goes_out_when_the_state_of_an_account_cannot_be_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    desk.apply(OPENING)
    commit(desk.role)
    with monkeypatch.context() as broken:
        broken.setattr(partition_accounts, "save_account", raises_for(BAD, save_account))
        desk.role.apply(event_record(signal(BAD, 1), partition=HOME, offset=1))
        commit(desk.role)

    heir = Desk(desk.store)  # Its state is the one of before: it would number from there.
    for each in (desk, heir):
        each.role.apply(event_record(signal(BAD, 2), partition=HOME, offset=2))

    assert decided(desk) == [(BAD, "ignored")]
    assert (decided(heir), letters(heir)) == ([], [quarantines.QUARANTINED])


def test_numbers_go_on_when_another_release_takes_an_account_that_was_not_saved() -> None:
    desk = Desk()
    desk.apply(OPENING)
    commit(desk.role)
    desk.store.set(b"q|acct-1", b"another 7")  # Seven went out, one of them is in the state.

    heir = Desk(desk.store)
    heir.apply(signal(BAD, 1))

    (decision,) = decisions(heir)
    assert (decision.row["sequence"], decision.row["verdict"]) == (8, "rejected")
