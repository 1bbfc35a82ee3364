"""What happened to an account reads as one sentence."""

from pipeline.outputs.record import message_of
from pipeline.outputs.sentences import sentence
from tests import given
from tests.outputs.recorded import of_topic, outputs
from tests.outputs.test_stops import HISTORY
from topics.decisions import Decision, Exit, Stop


def said(*messages: object) -> list[str]:
    """Return a sentence for each message of `decisions`."""
    found = []
    for output in of_topic(outputs(*messages), "decisions"):  # type: ignore[arg-type]
        message = message_of(output)
        assert isinstance(message, Decision | Exit | Stop)
        found.append(sentence(message))
    return found


def test_refusal_says_why_in_the_words_of_its_rule_when_it_breaches() -> None:
    begin = (given.limits(given.only("price_collar")), given.instrument(), given.price(100))

    (line,) = said(*begin, given.account(), given.signal("buy", 2, limit_price=200))

    assert line.startswith("REJECTED buy 2 BTC-USD at 200: ")
    assert line.endswith(".")


def test_approval_is_only_the_order_when_nothing_breaches() -> None:
    begin = (given.limits(given.only()), given.instrument(), given.price(100), given.account())

    assert said(*begin, given.signal("buy", 2)) == ["APPROVED buy 2 BTC-USD at market"]


def test_stop_and_exit_say_what_is_done_when_a_loss_limit_is_breached() -> None:
    stop, exit_, flattening = said(*HISTORY)[:3]

    # Sequence 5: the opening, the fill, and three marks, the last of which confirms the loss.
    assert stop.startswith("STOPPED acct-1:5:2: daily_loss 3000 is beyond 2000; orders are ")
    assert stop.endswith("orders are cancelled and positions are closed, 1 position held")
    assert exit_ == "EXIT sell 1,000 BTC-USD: emergency stop"
    assert flattening == "FLATTENING acct-1:5:2: 1 position left"


def test_halt_and_resume_name_who_did_it_when_a_person_did() -> None:
    resume = given.control("resume", control_id="2", stop_id="acct-1:2:1")

    assert said(given.account(), given.control("halt"), resume) == [
        "STOPPED acct-1:2:1 by risk-desk: a test; orders are cancelled, 0 positions held",
        "RESUMED acct-1:2:1 by risk-desk: a test",
    ]
