"""Somebody says that they look at a stop: the log keeps it, and no decision changes."""

import pytest

from tests.spec.desk import Desk, open_desk
from tests.spec.rulebook import only
from topics import controls
from topics.codec import decode
from topics.fields import DecodeError


def halted_desk() -> tuple[Desk, str]:
    """Return a desk that a person halted, and the stop's id."""
    desk = open_desk(only())
    desk.control("halt")
    return desk, desk.state()["stops"][0]


def test_stop_stays_open_when_somebody_acknowledges_it() -> None:
    desk, stop_id = halted_desk()
    before, rows = desk.state(), len(desk.sent("emergency_stops"))

    desk.control("acknowledge", stop_id=stop_id, author="ada", reason="calling the desk")

    (alert,) = [row for row in desk.sent("alerts") if row["rule"] == "acknowledge"]
    assert alert["message"] == f"{stop_id} is acknowledged by ada: calling the desk"
    assert (alert["level"], alert["action"]) == ("low", "warn")
    after = desk.state()
    assert (after["trading_state"], after["stops"]) == ("halted", before["stops"])
    assert len(desk.sent("emergency_stops")) == rows
    assert desk.signal("buy", 1, limit_price="100")["reasons"] == ["trading_state"]


def test_acknowledgement_is_ignored_when_no_such_stop_is_open() -> None:
    desk, stop_id = halted_desk()
    desk.control("resume", stop_id=stop_id, control_id="r1")

    desk.control("acknowledge", stop_id=stop_id, control_id="a1")

    assert desk.sent("alerts")[-1]["message"] == f"no open stop has the id {stop_id!r}"
    assert [row for row in desk.sent("alerts") if row["rule"] == "acknowledge"] == []


def test_acknowledgement_acts_once_when_it_comes_twice() -> None:
    desk, stop_id = halted_desk()

    for _ in range(2):
        desk.control("acknowledge", stop_id=stop_id, control_id="a1")

    rules = [row["rule"] for row in desk.sent("alerts")]
    assert rules.count("acknowledge") == 1
    assert desk.sent("alerts")[-1]["message"] == "a1 is ignored: it was already applied"


def test_later_resume_is_not_older_when_it_was_issued_before_an_acknowledgement() -> None:
    desk, stop_id = halted_desk()
    issued_ms = desk.now_ms
    desk.control("acknowledge", stop_id=stop_id, control_id="a1")

    desk.control("resume", stop_id=stop_id, control_id="r1", issued_at_ms=issued_ms)

    assert desk.state()["stops"] == []


@pytest.mark.parametrize(
    ("account", "stop_id", "path"),
    [("*", "acct-1:2:1", "$.account_id"), ("acct-1", None, "$.stop_id")],
)
def test_control_does_not_decode_when_it_names_no_stop_of_one_account(
    account: str, stop_id: str | None, path: str
) -> None:
    body = b'{"control_id":"c","account_id":"%s","command":"acknowledge","author":"a","reason":"r",'
    stop = b'"stop_id":"%s",' % stop_id.encode() if stop_id else b""

    with pytest.raises(DecodeError) as failed:
        decode(controls.TOPIC, body % account.encode() + stop + b'"issued_at_ms":1}')

    assert failed.value.path == path
