"""Each signal_id is answered once per account; a repetition is ignored."""

from tests.spec.desk import MINUTE, answer_of, open_desk
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
