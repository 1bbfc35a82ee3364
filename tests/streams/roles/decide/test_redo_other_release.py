"""What another release published stands when a worker takes its partition over."""

import logging

import orjson
import pytest

from pipeline.rules_version import rules_version
from pipeline.streams.observe import metrics
from tests import given
from tests.streams.fakes import Sent, event_record, source
from tests.streams.roles.decide.test_decide import HOME, OPENING, Desk
from tests.streams.roles.decide.test_redo import DECIDED, heir_of, saved, sent_again
from topics.controls import Control
from topics.events import ControlEvent

OTHER = "another release"


def by_other(sent: Sent, **fields: object) -> Sent:
    """Return an output as another release would have sent it, with these fields of its own."""
    row = sent.row | {"rules_version": OTHER} | fields
    assert sent.row["rules_version"] == rules_version()
    return sent._replace(value=orjson.dumps(row))


def counted(desk: Desk) -> float:
    """Return how many outputs of another release differed."""
    before = metrics.RELEASE_DIFFERENCES._value.get()
    desk.role._tally.flush()
    return float(metrics.RELEASE_DIFFERENCES._value.get() - before)


def verdicts(sent: list[Sent]) -> list[object]:
    """Return what was decided about each signal, and the rule of each stop."""
    return [each.row.get("verdict", each.row.get("rule")) for each in sent]


@pytest.mark.parametrize("there", [1, 2, 3])
def test_only_what_is_missing_goes_out_when_another_release_decided_the_same(there: int) -> None:
    store, decided = saved(1)
    desk = heir_of(store, [by_other(each) for each in decided[:there]])

    sent = sent_again(desk, 1)

    assert sent == decided[there:]
    assert counted(desk) == 0
    assert desk.role._owned[HOME].redo is None


def test_published_decision_stands_when_this_release_decides_otherwise() -> None:
    store, (first, *rest) = saved(1)
    desk = heir_of(store, [by_other(first, verdict="approved", approved_quantity="1")])

    sent = sent_again(desk, 1)

    assert sent == rest  # No second decision about the first signal, no stop.
    assert counted(desk) == 1


def test_account_is_named_once_in_the_log_when_several_decisions_differ(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, decided = saved(1)
    desk = heir_of(store, [by_other(each, verdict="approved") for each in decided])

    with caplog.at_level(logging.WARNING):
        sent = sent_again(desk, 1)

    (said,) = [r.getMessage() for r in caplog.records if "decided otherwise" in r.getMessage()]
    assert said.startswith(
        f"Event 2 of account acct-1 was decided otherwise by rules_version {OTHER}"
    )
    assert (sent, counted(desk)) == ([], 3)


def test_stop_goes_out_when_another_release_did_not_stop_there() -> None:
    first = Desk()
    halt = ControlEvent(account_id=given.ACCOUNT, source=source("controls", 0), body=HALT)
    first.apply(OPENING, halt)
    decided = [each for each in first.outbox.sent if each.topic in DECIDED]
    remark = by_other(decided[0], rule="daily_loss")

    desk = heir_of(saved(1)[0], [remark])
    desk.role.apply(event_record(halt, partition=HOME, offset=1))

    assert [each for each in desk.outbox.sent if each.topic in DECIDED] == decided
    assert counted(desk) == 1


def test_state_is_what_this_release_decided_when_another_one_published_otherwise() -> None:
    (store, decided), (same_store, _) = saved(1), saved(1)
    alone = heir_of(store, [])
    desk = heir_of(same_store, [by_other(decided[0], verdict="approved")])

    sent_again(alone, 1)
    sent_again(desk, 1)

    (one, other) = (each.role.accounts(HOME).account(given.ACCOUNT) for each in (alone, desk))
    assert one is not None
    assert one == other


def test_account_is_halted_when_another_release_gave_the_number_to_another_event() -> None:
    store, decided = saved(1)
    desk = heir_of(store, [by_other(decided[0], chain="ffffffffffffffff")])

    sent = sent_again(desk, 1)

    assert verdicts([each for each in sent if each.topic == "risk.decisions"]) == [
        "internal_error",
        "rejected",
        "rejected",
    ]
    (letter,) = desk.outbox.of("risk.dead_letters")
    assert "its chain is " in str(letter.row["error"])


def test_account_is_halted_when_this_release_itself_published_otherwise() -> None:
    store, decided = saved(1)
    forged = decided[0]._replace(value=orjson.dumps(decided[0].row | {"verdict": "approved"}))
    desk = heir_of(store, [by_other(decided[0]), forged])

    sent = sent_again(desk, 1)

    assert verdicts(sent)[0] == "internal_error"
    assert counted(desk) == 0


HALT: Control = given.control("halt")
