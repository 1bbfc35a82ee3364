"""Each signal_id is answered once per account; a repetition is ignored."""

from tests.spec.desk import MINUTE, answer_of, assert_not_judged, numbers_of, open_desk
from tests.spec.rulebook import only


def test_second_answer_is_ignored_when_a_signal_comes_again() -> None:
    desk = open_desk(only())
    first = desk.signal("buy", 1, limit_price="100", signal_id="same")
    desk.wait(MINUTE)

    again = desk.signal("sell", 3, limit_price="90", signal_id="same")

    assert answer_of(again) == ("ignored", "0", ["duplicate_signal"], None)
    assert again["checks"] == []
    assert first["decision_id"] == "same"
    assert again["decision_id"] == f"acct-1:{again['sequence']}:1"


def test_rejected_signal_is_a_duplicate_too_when_it_comes_again() -> None:
    desk = open_desk(only(order_notional={"order_notional_max": "0"}))
    desk.signal("buy", 1, limit_price="100", signal_id="same")

    again = desk.signal("buy", 1, limit_price="100", signal_id="same")

    assert again["reasons"] == ["duplicate_signal"]


def test_same_id_is_another_signal_in_another_account() -> None:
    desk = open_desk(only())
    desk.flow("opening", 5000, account_id="acct-2", flow_id="other")

    verdicts = [
        desk.signal("buy", 1, limit_price="100", signal_id="same", account_id=name)["verdict"]
        for name in ("acct-1", "acct-2")
    ]

    assert verdicts == ["approved", "approved"]


def test_signal_passes_when_its_id_is_new() -> None:
    desk = open_desk(only())
    desk.signal("buy", 1, limit_price="100", signal_id="one")

    decision = desk.signal("buy", 1, limit_price="100", signal_id="two")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "duplicate_signal") == ("pass", None, None, None)


def test_exit_is_ignored_too_when_its_id_was_seen() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.signal("sell", 5, limit_price="100", signal_id="same")

    again = desk.signal("sell", 5, limit_price="100", signal_id="same")

    assert answer_of(again) == ("ignored", "0", ["duplicate_signal"], None)


def test_repetition_is_ignored_even_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(duplicate_signal={"enabled": False}))
    first = desk.signal("buy", 1, limit_price="100", signal_id="same")

    again = desk.signal("buy", 1, limit_price="100", signal_id="same")

    assert_not_judged(first, "duplicate_signal")
    assert answer_of(again) == ("ignored", "0", ["duplicate_signal"], None)
