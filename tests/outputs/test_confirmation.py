"""The gate's own answer to what an operator sent is found among the outputs of a replay."""

from collections.abc import Iterable
from typing import cast

import pytest
from msgspec import Struct
from msgspec.structs import replace

from pipeline.outputs.accounts import Rows
from pipeline.outputs.confirmation import Answer, Judge, Watch, control_judge, limits_judge
from pipeline.outputs.record import Output
from tests import given
from tests.outputs.recorded import outputs, rows_of
from topics.account_states import TOPIC as STATES
from topics.account_states import AccountState
from topics.codec import encode
from topics.controls import Control
from topics.emergency_stops import TOPIC as STOPS
from topics.emergency_stops import EmergencyStop

OPENED = (given.limits(given.only()), given.instrument(), given.price(100), given.account())


def done(text: str) -> Answer:
    return Answer(is_done=True, text=text)


def refused(text: str) -> Answer:
    return Answer(is_done=False, text=text)


def row_of_everyone(partition: int, *stops: str, **fields: object) -> Output:
    """Return a row of `*`, which a replay does not print."""
    row = replace(cast(AccountState, STATES.example), account_id="*", stops=stops, **fields)
    return Output(STATES.name, partition, 0, row.at_ms, "*", row.sequence, encode(row))


def answer(judge: Judge, made: Iterable[Output]) -> Answer | None:
    return Watch(iter(made), 1).answer(judge, seconds_max=10)


def answered(control: Control, *begin: Struct) -> Answer | None:
    """Send a control after other messages and return the answer to it."""
    before, after = outputs(*begin), outputs(*begin, control)
    # A replay ends with the last rows of account_states, which the next message comes before.
    news = [each for each in after if each not in before]
    return answer(control_judge(control, rows_of(before), 1), news)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("halt", "acct-1 is halted: stop acct-1:4:1, 1 position, 1 order to cancel"),
        ("reduce", "acct-1 is reducing: stop acct-1:4:1, 1 position"),
        ("flatten", "acct-1 is halted: stop acct-1:4:1, 1 position to close, 1 order to cancel"),
    ],
)
def test_stop_is_the_answer_when_a_control_tightens(command: str, text: str) -> None:
    begin = (*OPENED, given.fill("buy", 2, 100), given.signal("buy", 1, signal_id="s1"))

    assert answered(given.control(command), *begin) == done(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("account", ["acct-1", "*"])
def test_answer_says_how_long_a_stop_lasts_when_it_ends_by_itself(account: str) -> None:
    control = given.control("halt", account_id=account, duration_ms=7_200_000)
    if account == "*":
        judge = control_judge(control, Rows(), 1)
        found = answer(judge, [row_of_everyone(0, control.control_id)])
    else:
        found = answered(control, *OPENED)

    assert found is not None
    assert found.is_done
    assert found.text.endswith(", for 2 h" if account == "*" else "until 2026-01-01 02:00:04.000")


def test_account_stays_halted_when_a_weaker_control_follows() -> None:
    begin = (*OPENED, given.control("halt", control_id="1"))

    found = answered(given.control("reduce", control_id="2"), *begin)

    assert found is not None
    assert found.text.startswith("acct-1 is halted: stop acct-1:3:1")


def test_lifted_stop_is_the_answer_when_a_resume_acts() -> None:
    begin = (*OPENED, given.control("halt", control_id="1"))
    resume = given.control("resume", control_id="2", stop_id="acct-1:2:1")

    found = answered(resume, *begin)

    assert found == done("stop acct-1:2:1 of acct-1 is lifted; it trades again")


def test_other_stops_are_named_when_a_resume_lifts_one_of_two() -> None:
    begin = (
        *OPENED,
        given.control("halt", control_id="1"),
        given.control("reduce", control_id="2"),
    )
    resume = given.control("resume", control_id="3", stop_id="acct-1:2:1")

    found = answered(resume, *begin)

    text = "stop acct-1:2:1 of acct-1 is lifted; it stays stopped by acct-1:3:1"
    assert found == done(text)


@pytest.mark.parametrize("order", [1, -1])
def test_stop_that_begins_in_the_same_event_is_named(order: int) -> None:
    row = replace(
        cast(EmergencyStop, STOPS.example), account_id="acct-1", stop_id="1", status="resumed"
    )
    state = replace(
        cast(AccountState, STATES.example),
        account_id="acct-1",
        sequence=row.sequence,
        stops=("acct-1:9:2",),
    )
    news = [
        Output(topic.name, 0, 0, each.at_ms, "acct-1", each.sequence, encode(each))
        for topic, each in ((STOPS, row), (STATES, state))
    ]
    resume = given.control("resume", stop_id="1")

    found = answer(control_judge(resume, Rows(), 1), news[::order])

    assert found == done("stop 1 of acct-1 is lifted; it stays stopped by acct-1:9:2")


def test_words_of_the_alert_are_the_answer_when_no_such_stop_is_open() -> None:
    resume = given.control("resume", stop_id="acct-1:1:1")

    assert answered(resume, *OPENED) == refused("no open stop has the id 'acct-1:1:1'")


def test_acknowledgement_is_confirmed_or_refused_when_the_gate_answers() -> None:
    halted = (*OPENED, given.control("halt", control_id="1"))
    seen = given.control("acknowledge", control_id="2", stop_id="acct-1:2:1")

    said = "stop acct-1:2:1 is acknowledged by risk-desk; it stays open"
    assert answered(seen, *halted) == done(said)
    assert answered(seen, *OPENED) == refused("no open stop has the id 'acct-1:2:1'")


def test_words_of_the_alert_are_the_answer_when_a_control_came_too_late() -> None:
    late = given.control("halt", expires_at_ms=given.T0_MS)

    assert answered(late, *OPENED) == refused("control-1 is ignored: it has expired")


def test_another_persons_stop_is_no_answer_when_both_halt() -> None:
    made = outputs(*OPENED, given.control("halt"))
    mine = Control(
        control_id="2", account_id="acct-1", command="halt", author="me", reason="other",
        issued_at_ms=given.T0_MS,
    )  # fmt: skip

    assert answer(control_judge(mine, Rows(), 1), made) is None


def test_every_partition_must_have_it_when_a_control_is_for_everyone() -> None:
    control = given.control("halt", account_id="*")
    before = rows_of(outputs(*OPENED))
    first, second = (row_of_everyone(number, "control-1") for number in range(2))
    other = row_of_everyone(1, "control-0")

    one = answer(control_judge(control, before, 2), [first, other])
    both = answer(control_judge(control, before, 2), [first, other, second])

    assert one is None
    text = "every account is halted: stop control-1, 1 account in 2 partitions"
    assert both == done(text)


def test_document_is_in_force_when_the_row_has_its_version() -> None:
    own = given.limits({}, account_id="acct-1")
    everyone = given.limits({}, version=2)

    of_one = answer(limits_judge(own, 1), outputs(*OPENED, own))
    rows = [row_of_everyone(0), row_of_everyone(0, limits_version="2.0")]
    of_all = answer(limits_judge(everyone, 1), rows)

    assert of_one == done("version 1 for acct-1 is in force")
    assert of_all == done("version 2 for every account is in force in 1 partition")


def test_words_of_the_alert_are_the_answer_when_a_document_is_refused() -> None:
    old = given.limits({"cash": {}}, version=1)

    found = answer(limits_judge(old, 1), outputs(given.limits({}, version=2), old)[-3:])

    assert found == refused("version 1 is refused: 2 is in force")


def test_nothing_is_the_answer_when_nothing_comes_in_time() -> None:
    watch = Watch(iter([None, None]), 1)

    assert watch.answer(control_judge(given.control("halt"), Rows(), 1), seconds_max=0) is None


def test_release_is_confirmed_when_it_says_in_every_partition_that_it_is_active() -> None:
    control = given.control("activate", account_id="*", version="2+b")
    before = {"active_version": "2+b", "rules_version": "1+a"}  # The last row of the old one.
    after = {"active_version": "2+b", "rules_version": "2+b"}
    rows = [row_of_everyone(number, **before) for number in range(2)]
    news = [row_of_everyone(number, **after) for number in range(2)]

    waiting = answer(control_judge(control, Rows(), 2), [*rows, news[0]])
    confirmed = answer(control_judge(control, Rows(), 2), [*rows, *news])

    assert waiting is None
    assert confirmed == done("rules 2+b publish in 2 partitions, and no others")


def test_release_that_publishes_on_is_named_when_its_workers_activate_themselves() -> None:
    control = given.control("activate", account_id="*", version="2+b")
    old = {"rules_version": "1+a"}
    rows = [
        row_of_everyone(0, **old, active_version="2+b", sequence=7),
        row_of_everyone(0, **old, active_version="1+a", sequence=8),
    ]

    silent = answer(control_judge(control, Rows(), 1), [rows[0], rows[0]])
    found = answer(control_judge(control, Rows(), 1), rows)

    assert silent is None
    assert found == refused(
        "rules 1+a publish on in partition 0, since RISKGATE_ACTIVATE of their workers is auto: "
        "set it to control for every risk worker, or start the workers with rules 2+b"
    )
