"""An account takes signals and fills only from the topics that its limits name."""

from typing import Any

import pytest

from tests.spec.desk import SECOND, Desk, Row, open_desk
from tests.spec.rulebook import only

OWN = {"account": {"signal_topics": ["signals.momentum"], "fill_topics": ["fills.venue-1"]}}


def guarded_desk(**others: dict[str, object]) -> Desk:
    """Return a desk whose account takes from one topic of signals and one of fills."""
    return open_desk(only() | OWN | others)


def ask(desk: Desk, topic: str, signal_id: str = "one", **fields: Any) -> Row:
    """Send a buy of 1 through a topic, and return its decision."""
    signal = {
        "signal_id": signal_id,
        "account_id": desk.account,
        "symbol": "X",
        "side": "buy",
        "quantity": "1",
        "limit_price": "100",
        "created_at_ms": desk.now_ms,
    }
    rows = desk.send(topic, signal | fields)
    return next(row for row in rows if row.get("kind") == "decision")


def fill(desk: Desk, topic: str, fill_id: str = "f1") -> list[Row]:
    """Send a fill of 10 at 100 through a topic."""
    body = {
        "fill_id": fill_id,
        "account_id": desk.account,
        "order_id": "o1",
        "symbol": "X",
        "side": "buy",
        "quantity": "10",
        "price": "100",
        "executed_at_ms": desk.now_ms,
    }
    return desk.send(topic, body)


def test_signal_is_judged_when_its_topic_is_accepted() -> None:
    assert ask(guarded_desk(), "signals.momentum")["verdict"] == "approved"


@pytest.mark.parametrize("topic", ["signals", "signals.other"])
def test_signal_is_rejected_when_its_topic_is_not_accepted(topic: str) -> None:
    desk = guarded_desk()

    decision = ask(desk, topic)

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["source"])
    (check,) = decision["checks"]
    assert check["message"] == f"The account takes no signals from the topic {topic}."
    (alert,) = desk.alerts("source")
    assert (alert["level"], alert["action"]) == ("critical", "block")


def test_next_id_is_free_when_another_topic_used_it_first() -> None:
    desk = guarded_desk()

    taken = ask(desk, "signals.other")
    own = ask(desk, "signals.momentum")

    assert (own["verdict"], own["decision_id"]) == ("approved", "one")
    assert taken["decision_id"].startswith("acct-1:")


def test_position_stays_open_when_another_topic_would_close_it() -> None:
    desk = guarded_desk()
    fill(desk, "fills.venue-1")

    decision = ask(desk, "signals", side="sell", quantity="10", reduce_only=True)

    assert decision["reasons"] == ["source"]
    assert desk.state()["reservations"] == []


def test_rate_is_not_used_up_when_another_topic_floods() -> None:
    desk = guarded_desk(order_rate={"enabled": True, "orders_max": 1, "window_ms": 10_000})
    for number in range(5):
        ask(desk, "signals.other", f"s{number}")

    assert ask(desk, "signals.momentum")["verdict"] == "approved"


def test_violations_are_not_counted_when_another_topic_floods() -> None:
    desk = guarded_desk()
    for number in range(20):
        ask(desk, "signals.other", f"s{number}")

    assert desk.state()["violations_last_hour"]["by_rule"] == {}
    assert len(desk.alerts("source")) == 1


def test_fill_is_booked_when_its_topic_is_accepted() -> None:
    desk = guarded_desk()

    fill(desk, "fills.venue-1")

    assert desk.position()["quantity"] == "10"


@pytest.mark.parametrize("topic", ["fills", "fills.venue-2"])
def test_fill_is_a_dead_letter_when_its_topic_is_not_accepted(topic: str) -> None:
    desk = guarded_desk()

    fill(desk, topic)

    (letter,) = desk.sent("dead_letters")
    assert letter["error"] == f"The account takes no fills from the topic {topic}."
    assert letter["path"] == "$.source.topic"
    assert desk.state()["positions"] == []
    assert [alert["level"] for alert in desk.alerts("source")] == ["critical"]


def test_fill_is_booked_when_another_topic_used_its_id_first() -> None:
    desk = guarded_desk()

    fill(desk, "fills")
    fill(desk, "fills.venue-1")

    assert desk.position()["quantity"] == "10"


@pytest.mark.parametrize("topic", ["signals", "signals.momentum"])
def test_signal_is_judged_from_any_topic_when_the_limits_name_none(topic: str) -> None:
    assert ask(open_desk(only()), topic)["verdict"] == "approved"


def test_no_signal_is_judged_when_the_list_is_empty() -> None:
    desk = open_desk(only() | {"account": {"signal_topics": []}})

    assert ask(desk, "signals")["reasons"] == ["source"]


@pytest.mark.parametrize("name", ["fills", "signals.", "signals.a.b", "risk.signals", "*"])
def test_document_is_refused_when_it_names_no_topic_of_signals(name: str) -> None:
    desk = open_desk(only())

    desk.limits({"account": {"signal_topics": [name]}})

    (alert,) = desk.alerts("limits")
    assert "must be a list of names such as [signals, signals.one]" in alert["message"]


def test_chains_differ_when_the_same_signal_comes_from_another_topic() -> None:
    chains = {ask(open_desk(only()), topic)["chain"] for topic in ("signals", "signals.a")}

    assert len(chains) == 2


def test_alert_comes_again_when_its_cooldown_is_over() -> None:
    desk = guarded_desk()
    ask(desk, "signals", "one")

    desk.wait(300 * SECOND)
    ask(desk, "signals", "two")

    assert len(desk.alerts("source")) == 2
