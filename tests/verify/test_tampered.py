"""A healthy log passes, and what somebody changed by hand is named: which invariant, and where."""

import pytest

from pipeline.verify.finding import Finding
from pipeline.verify.records import ALERTS, DECISIONS, EVENTS, OUTPUTS, STATES
from tests import given
from tests.driver import Driver
from tests.verify.recorded import ALL, RULES, Recording

BUY_OF_B = 1  # Among decisions: b buys 5, as event 2 of b, which is at offset 7 of the log.
STOP_OF_A = 4
EXIT_OF_A = 5
REFUSED = 12  # After its stop, a may not buy.


@pytest.fixture
def recording() -> Recording:
    return Recording()


def places(findings: list[Finding]) -> list[tuple[str, str, str, int]]:
    return [(each.invariant, each.account_id, each.topic, each.offset) for each in findings]


def test_nothing_is_found_when_the_log_is_healthy(recording: Recording) -> None:
    judge = recording.judge_of()

    found = list(recording.judge_with(judge))

    assert found == []
    # Two of a before its stop and one after it, and two of b.
    assert judge.invariants.answers.decided == 5
    assert judge.invariants.unjudged == {}


def test_signal_is_named_when_its_decision_was_removed(recording: Recording) -> None:
    recording.remove(DECISIONS, BUY_OF_B)

    found = recording.judge(replay=False)

    assert places(found) == [("decision", "b", EVENTS, 7)]
    assert found[0].sentence() == (
        "decision: b, events 0 at offset 7: signal s1 has no decision; "
        "expected exactly one in decisions"
    )


@pytest.mark.parametrize(("topic", "number"), [(DECISIONS, EXIT_OF_A), (ALERTS, 0)])
def test_replay_names_the_event_when_an_exit_or_alert_was_removed(
    recording: Recording, topic: str, number: int
) -> None:
    recording.remove(topic, number)

    found = recording.judge()

    assert places(found) == [("replay", "a", EVENTS, 16)]
    assert found[0].found == f"nothing of this event was published in {topic}"


def test_row_is_named_when_its_stop_was_removed(recording: Recording) -> None:
    recording.remove(DECISIONS, STOP_OF_A)

    found = recording.judge(replay=False)

    assert [(each.invariant, each.account_id, each.topic) for each in found] == [
        ("stop", "a", STATES)
    ]
    assert found[0].found == "the row holds the stop a:8:2"


def test_double_is_fine_when_its_bytes_are_equal(recording: Recording) -> None:
    recording.double(DECISIONS, BUY_OF_B)
    judge = recording.judge_of()

    found = list(recording.judge_with(judge))

    assert (found, judge.doubles.equal) == ([], 1)


def test_double_is_named_when_its_content_differs(recording: Recording) -> None:
    recording.double(DECISIONS, BUY_OF_B, '"approved_quantity":"5"', '"approved_quantity":"4"')

    found = recording.judge()

    assert places(found) == [("double", "b", DECISIONS, 15)]


def test_approval_is_named_when_its_quantity_was_edited(recording: Recording) -> None:
    recording.edit(DECISIONS, BUY_OF_B, '"approved_quantity":"5"', '"approved_quantity":"6"')

    found = recording.judge()

    assert places(found) == [
        ("exposure", "b", DECISIONS, 1),
        ("replay", "b", DECISIONS, 1),
    ]
    assert "only 5 was asked for" in found[0].found


def test_chain_is_named_when_it_was_edited(recording: Recording) -> None:
    recording.edit(DECISIONS, BUY_OF_B, '"chain":"', '"chain":"0')

    found = recording.judge(replay=False)

    assert places(found) == [("chain", "b", DECISIONS, 1)]


def test_approval_is_named_when_a_stop_is_open(recording: Recording) -> None:
    recording.edit(DECISIONS, REFUSED, '"verdict":"rejected"', '"verdict":"approved"')
    recording.edit(DECISIONS, REFUSED, '"approved_quantity":"0"', '"approved_quantity":"1"')

    found = recording.judge(replay=False)

    assert places(found) == [("exposure", "a", DECISIONS, 12), ("stop", "a", DECISIONS, 12)]


def test_late_output_is_named_when_two_were_swapped(recording: Recording) -> None:
    recording.swap(DECISIONS, 1, 2)

    found = recording.judge()

    assert places(found) == [("order", "b", DECISIONS, 2)]


def test_exit_is_named_when_it_is_larger_than_the_position(recording: Recording) -> None:
    recording.edit(DECISIONS, EXIT_OF_A, '"quantity":"3"', '"quantity":"4"')

    found = recording.judge(replay=False)

    assert places(found) == [("exit", "a", DECISIONS, EXIT_OF_A)]
    assert found[0].expected == "at most what closes the position of 3"


def test_late_decision_is_named_once_as_a_signal_that_waits(recording: Recording) -> None:
    judge = recording.judge_of(only=[EVENTS])
    list(judge.advance())

    late = list(judge.invariants.judge_time(given.T0_MS * 2))
    recording.offer(judge, OUTPUTS)

    waiting = {each.offset for each in late if each.invariant == "decision"}
    missing = {each.offset for each in late if each.found.endswith(f"published in {DECISIONS}")}
    assert (len(waiting), waiting & missing) == (5, set())
    assert list(judge.finish(ALL)) == []


def test_log_is_named_when_an_event_was_removed(recording: Recording) -> None:
    recording.remove(EVENTS, recording.find(EVENTS, '"type":"fills"'))

    found = recording.judge(replay=False)

    # The fill is event 4 of a, and the event after it takes its number.
    assert [(each.invariant, each.account_id) for each in found] == [
        ("chain", "a"),
        ("sequence", "a"),
    ]
    assert found[1].found == "its signal was decided as event 6 of the account"
    assert found[1].expected.startswith("5 as in the events log")


def test_output_is_named_when_the_last_event_was_removed(recording: Recording) -> None:
    recording.remove(EVENTS, len(recording.records[EVENTS]) - 1)

    found = recording.judge(replay=False)

    assert {(each.invariant, each.account_id) for each in found} == {("sequence", "b")}


def test_signal_without_event_is_named_when_it_was_removed(recording: Recording) -> None:
    recording.remove(EVENTS, recording.find(EVENTS, '"signal_id":"s1"'))

    found = recording.judge(replay=False)

    assert ("decision", "a", DECISIONS, 0) in places(found)


def test_chain_is_named_when_an_event_was_edited(recording: Recording) -> None:
    fill = recording.find(EVENTS, '"type":"fills"')
    recording.edit(EVENTS, fill, '"price":"100"', '"price":"99"')

    found = recording.judge(replay=False)

    assert [(each.invariant, each.account_id) for each in found] == [("chain", "a")]


def test_chain_is_named_when_two_events_were_swapped(recording: Recording) -> None:
    fill = recording.find(EVENTS, '"type":"fills"')
    recording.swap(EVENTS, fill - 1, fill)

    found = recording.judge(replay=False)

    assert {(each.invariant, each.account_id) for each in found} == {("chain", "a")}


def test_balance_is_named_when_a_row_was_edited(recording: Recording) -> None:
    row = recording.find(STATES, '"balance":"999.5"')
    recording.edit(STATES, row, '"balance":"999.5"', '"balance":"999.6"')

    found = recording.judge(replay=False)

    # Its equity no longer follows from it, nor does it follow from the row before, nor the next
    # row from it.
    assert [each.invariant for each in found] == ["money", "money", "money"]
    assert found[1].found == "the balance is 999.6"
    assert found[1].expected.startswith("999.5: 1000 before, flows of 0 and realized")


def test_heartbeat_is_named_when_its_time_goes_back(recording: Recording) -> None:
    records = recording.records[EVENTS]
    last = max(n for n, record in enumerate(records) if b'"heartbeat"' in record.value)
    records[last] = records[last]._replace(timestamp_ms=records[0].timestamp_ms - 1)

    found = recording.judge(replay=False)

    assert ("heartbeat", "*", EVENTS, last) in places(found)


def test_row_is_named_when_it_holds_a_reservation_for_ever(recording: Recording) -> None:
    ended = '"type":"orders"'
    recording.edit(EVENTS, recording.find(EVENTS, ended), '"accepted"', '"rejected"')
    order = recording.find(EVENTS, '"rejected"')
    recording.edit(EVENTS, order, '"updated_at_ms"', '"filled_quantity":"0","updated_at_ms"')

    found = recording.judge(replay=False)

    # The log now says that the order never filled, but the row after it still holds 5.
    assert ("reservation", "a", STATES) in {
        (each.invariant, each.account_id, each.topic) for each in found
    }


def test_record_is_named_when_riskgate_did_not_write_it(recording: Recording) -> None:
    recording.edit(DECISIONS, BUY_OF_B, '"kind":"decision"', '"kind":"guess"')

    found = recording.judge(replay=False)

    assert [each.invariant for each in found] == ["form", "decision"]


def test_nothing_is_found_when_risk_refused_a_fill_of_a_foreign_topic() -> None:
    def act(driver: Driver) -> None:
        driver.send(given.limits(RULES), given.instrument(), given.price(100))
        driver.send(given.account("a", balance=1000))
        own = {"account": {"fill_topics": ["fills.venue"]}}
        driver.send(given.limits(RULES | own, account_id="a", version=2))
        driver.wait(1000)
        driver.send(given.fill("buy", 5, 100, fill_id="f1", account_id="a"))
        driver.wait(1000)
        driver.send(given.flow("deposit", 100, account_id="a"))
        driver.wait(1000)

    recording = Recording(act)
    refused = recording.find(ALERTS, "no fills from the topic fills")

    assert (refused, recording.judge()) == (0, [])
