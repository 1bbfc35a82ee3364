from decimal import Decimal

from msgspec.structs import replace

from riskgate import NO_ANSWER, Signal
from riskgate.answers import Answers, no_answer
from tests.client.given_decisions import decision, decision_bytes, signal
from topics.codec import decode_as, encode
from topics.decisions import TOPIC, Decision


def test_a_decision_answers_those_who_wait_for_it() -> None:
    answers = Answers()

    with answers.ask(signal()) as ask:
        answers.take("acct-1", decision_bytes("s1"))

    assert ask.future.result(0) == decision("s1")


def test_decisions_on_other_signals_and_accounts_answer_nobody() -> None:
    answers = Answers()

    with answers.ask(signal()) as ask:
        answers.take("acct-1", decision_bytes("s2"))
        answers.take("acct-2", decision_bytes("s1", account="acct-2"))

        assert not ask.future.done()


def test_exits_stops_and_broken_bytes_answer_nobody() -> None:
    answers = Answers()

    with answers.ask(signal()) as ask:
        for example in TOPIC.more_examples:
            answers.take("acct-1", encode(example))
        answers.take("acct-1", b"{")

        assert not ask.future.done()


def test_a_stale_decision_is_dropped_when_nobody_waits_any_more() -> None:
    answers = Answers()
    with answers.ask(signal()) as ask:
        pass

    answers.take("acct-1", decision_bytes("s1"))

    assert not ask.future.done()


def test_a_repetition_answers_nobody_when_the_signal_is_asked_again() -> None:
    answers = Answers()
    with answers.ask(signal()):
        answers.take("acct-1", decision_bytes("s1", sequence=5))

    with answers.ask(signal()) as again:
        answers.take("acct-1", decision_bytes("s1", sequence=5))
        assert not again.future.done()

        duplicate = replace(decision("s1", sequence=6), decision_id="acct-1:6:1")
        answers.take("acct-1", encode(duplicate))

    assert again.future.result(0) == duplicate


def test_two_who_ask_the_same_share_one_answer() -> None:
    answers = Answers()

    with answers.ask(signal()) as one:
        first = one.is_first
        with answers.ask(signal()) as other:
            assert (first, other.is_first) == (True, False)
        answers.take("acct-1", decision_bytes("s1"))

    assert other.future.result(0) == one.future.result(0) == decision("s1")


def test_all_are_refused_when_the_gate_closes() -> None:
    answers = Answers()
    with answers.ask(signal()) as before:
        answers.close()
    with answers.ask(signal("s2")) as after:
        pass

    assert before.future.result(0) == no_answer(signal_of(before), "The gate was closed")
    assert after.future.result(0).reasons == (NO_ANSWER,)


def signal_of(ask: object) -> Signal:
    asked = getattr(ask, "signal", None)
    assert isinstance(asked, Signal)
    return asked


def test_no_answer_approves_nothing_and_says_why() -> None:
    answer = no_answer(signal(), "No decision came within 2 s")

    assert (answer.verdict, answer.approved_quantity) == ("rejected", Decimal(0))
    assert answer.reasons == ("no answer",)
    assert [check.message for check in answer.checks] == ["No decision came within 2 s"]
    assert decode_as(Decision, encode(answer)) == answer


def test_all_that_wait_are_refused_when_decisions_cannot_be_read() -> None:
    answers = Answers()

    with answers.ask(signal("s1", "a")) as first, answers.ask(signal("s2", "b")) as second:
        answers.refuse_all("Kafka's client cannot read decisions")

        got = [ask.future.result(0) for ask in (first, second)]
    assert [answer.checks[0].message for answer in got] == [
        "Kafka's client cannot read decisions"
    ] * 2
