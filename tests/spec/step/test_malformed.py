"""Inputs that are wrong: each a dead letter or a rejection of its own, and nothing else changes."""

import base64
import hashlib
import json
from typing import Any

import pytest

from tests.spec.desk import NOON, Desk, Row, open_desk
from tests.spec.rulebook import only

SIGNAL = {
    "signal_id": "bad",
    "account_id": "acct-1",
    "symbol": "X",
    "side": "buy",
    "quantity": "1",
    "limit_price": "100",
    "created_at_ms": NOON,
}


def signal_with(**changed: Any) -> bytes:
    """Return a signal's bytes with some fields changed."""
    return json.dumps(SIGNAL | changed).encode()


def with_number(literal: str) -> bytes:
    """Return a signal's bytes with a literal as its quantity."""
    return signal_with(quantity="HERE").replace(b'"HERE"', literal.encode())


def letter_of(desk: Desk, topic: str, value: bytes | None, key: str | None = "acct-1") -> Row:
    """Send bytes and return the one dead letter, having checked that nothing else happened."""
    before = desk.state()
    out = desk.send(topic, value, key)
    assert len(out) == 1, out
    assert desk.state() == before
    return desk.sent("dead_letters")[-1]


@pytest.mark.parametrize(
    ("value", "path", "error"),
    [
        (b"not json", None, "JSON is malformed"),
        (b"", None, "JSON is malformed"),
        (b"\xff\xfe", None, "Expected UTF-8"),
        (b"[1]", "$", "Expected `object`"),
        (signal_with(side="short"), "$.side", "Invalid enum value"),
        (signal_with(quantity=True), "$.quantity", "Expected"),
        (signal_with(quantity="0"), "$.quantity", "Expected a number > 0"),
        (signal_with(quantity="-1"), "$.quantity", "Expected a number > 0"),
        (signal_with(quantity="1_000"), "$.quantity", "Expected a number in plain ASCII digits"),
        (signal_with(quantity="NaN"), "$.quantity", "Expected a finite number"),
        (signal_with(confidence="1.1"), "$.confidence", "Expected a number from 0 to 1"),
        (signal_with(created_at_ms="now"), "$.created_at_ms", "Expected `int`"),
        (signal_with(symbol="a|b"), "$.symbol", "Expected `str` matching"),
        (with_number("NaN"), None, "JSON is malformed"),
        (with_number("Infinity"), None, "JSON is malformed"),
        (with_number("1e400"), "$.quantity", "Expected an exponent"),
        (with_number("0." + "1" * 35), "$.quantity", "Expected at most 34"),
        (b'{"x":' + b"[" * 100_000, None, "JSON is nested too deeply"),
        (json.dumps({**SIGNAL, "symbol": None}).encode(), "$.symbol", "Expected `str`"),
        (b'{"account_id":"acct-1"}', "$.signal_id", "Object missing required field"),
    ],
)
def test_signal_is_a_dead_letter_when_it_does_not_decode(
    value: bytes, path: str | None, error: str
) -> None:
    desk = open_desk(only())

    letter = letter_of(desk, "signals", value)

    assert (letter["path"], letter["error"][: len(error)]) == (path, error)


def test_value_is_a_dead_letter_when_there_is_none() -> None:
    desk = open_desk(only())

    letter = letter_of(desk, "signals", None)

    assert (letter["error"], letter["raw_bytes"]) == ("Expected a value, got none", 0)


@pytest.mark.parametrize("key", [None, "acct-2", "", "ACCT-1"])
def test_message_is_a_dead_letter_when_its_key_is_not_its_account(key: str | None) -> None:
    desk = open_desk(only())
    before = desk.state()

    desk.send("signals", signal_with(), key)

    (letter,) = desk.sent("dead_letters")
    assert "key" in letter["error"]
    assert letter["source"]["key"] == key
    assert desk.state() == before


def test_letter_holds_where_it_came_from_and_what_it_was() -> None:
    desk = open_desk(only())
    value = b'{"no":"' + b"x" * 40_000

    letter = letter_of(desk, "fills", value)

    assert (letter["source"]["topic"], letter["source"]["partition"]) == ("fills", 0)
    assert (letter["source"]["offset"], letter["source"]["key"]) == (0, "acct-1")
    assert base64.b64decode(letter["raw"]) == value[:16_384]
    assert letter["raw_bytes"] == len(value)
    assert letter["raw_digest"] == hashlib.blake2b(value, digest_size=16).hexdigest()


def test_ten_megabytes_are_a_dead_letter() -> None:
    desk = open_desk(only())

    letter = letter_of(desk, "signals", signal_with(more="x" * 10_000_000))

    assert letter["raw_bytes"] > 10_000_000
    assert letter["error"].startswith("Expected at most 1048576 bytes")


def test_document_is_a_dead_letter_when_its_event_would_be_too_large() -> None:
    desk = open_desk(only())
    denied = ["X" * 100] * 3000
    rules = {"restricted_symbols": {"denied": denied}}

    value = json.dumps(
        {"account_id": "*", "version": 9, "author": "a", "reason": "b", "rules": rules}
    ).encode()
    letter_of(desk, "limits", value, "*")

    assert desk.signal("hold")["limits_version"] == "1.0"


@pytest.mark.parametrize(
    ("topic", "value", "path"),
    [
        ("fills", {"fill_id": "f", "quantity": "0"}, "$.order_id"),
        ("orders", {"signal_id": "s", "order_id": "o", "symbol": "X", "status": "x"}, "$.status"),
        ("positions", {"symbol": "X", "quantity": {}}, "$.quantity"),
        ("accounts", {"kind": "gift"}, "$.kind"),
        ("controls", {"control_id": "c", "command": "explode"}, "$.command"),
        ("limits", {"version": 0}, "$.version"),
        ("limits", {"version": 2, "rules": {"cash": 5}}, "$.rules.cash"),
    ],
)
def test_every_topic_names_the_path_of_what_is_wrong(topic: str, value: Row, path: str) -> None:
    desk = open_desk(only())

    letter = letter_of(desk, topic, json.dumps({"account_id": "acct-1"} | value).encode())

    assert letter["path"] == path


@pytest.mark.parametrize(
    ("topic", "value", "path"),
    [
        ("prices", b'{"symbol":"X","as_of_ms":1}', "$"),
        ("prices", b'{"symbol":"X","as_of_ms":1,"mark":"1e400"}', "$.mark"),
        ("prices", b'{"symbol":"Y","as_of_ms":1,"mark":"1"}', "$.symbol"),
        ("instruments", b'{"symbol":"X","settlement_currency":"USD"}', "$.tick_size"),
        ("prices", b"oops", None),
    ],
)
def test_price_or_instrument_is_a_dead_letter_and_the_one_before_stays(
    topic: str, value: bytes, path: str | None
) -> None:
    desk = open_desk(only(stale_mark={}))

    letter = letter_of(desk, topic, value, "X")

    assert letter["path"] == path
    assert desk.signal("buy", 1, limit_price="100")["verdict"] == "approved"


def test_stream_goes_on_after_any_number_of_wrong_messages() -> None:
    desk = open_desk(only())
    for topic in ("signals", "fills", "orders", "positions", "accounts", "limits", "controls"):
        for value in (b"", b"{}", b"\xff", b"null"):
            desk.send(topic, value, "acct-1")

    decision = desk.signal("buy", 1, limit_price="100")

    assert len(desk.sent("dead_letters")) == 28
    assert (decision["verdict"], decision["sequence"]) == ("approved", 2)


@pytest.mark.parametrize("topic", ["signals", "fills", "orders", "positions", "accounts"])
def test_star_is_no_account_outside_limits_and_controls(topic: str) -> None:
    desk = open_desk(only())

    more = {} if topic == "signals" else {"fill_id": "f", "order_id": "o"}
    desk.send(topic, json.dumps({**SIGNAL, "account_id": "*", **more}).encode(), "*")

    assert desk.sent("dead_letters")[0]["path"] in {"$.account_id", "$.kind", "$.status"}


@pytest.mark.parametrize(
    ("field", "value", "meant"),
    [
        ("limitprice", 2500, "limit_price"),
        ("limitPrice", 2500, "limit_price"),
        ("reduceonly", True, "reduce_only"),
        ("stopprice", 1, "stop_price"),
        ("QUANTITY", 1, "quantity"),
    ],
)
def test_dead_letter_names_the_nearest_field_when_one_is_misspelt(
    field: str, value: object, meant: str
) -> None:
    desk = open_desk(only())

    desk.send("signals", {**SIGNAL, field: value})

    # Before, it was approved as if the field were not there.
    (letter,) = desk.sent("dead_letters")
    assert (letter["path"], desk.sent("decisions")) == (f"$.{field}", [])
    assert letter["error"] == (
        f"Expected a known field, or one that begins with x_, did you mean {meant}?"
    )


def test_signal_with_fields_of_its_senders_own_is_decided() -> None:
    desk = open_desk(only())

    desk.send("signals", {**SIGNAL, "x_model": {"version": [3]}, "x_": None})

    assert [row["verdict"] for row in desk.sent("decisions")] == ["approved"]


def test_signal_is_a_dead_letter_when_an_unknown_field_is_long() -> None:
    desk = open_desk(only())

    desk.send("signals", {**SIGNAL, "limit_price" * 20_000: 1})

    (letter,) = desk.sent("dead_letters")
    assert letter["error"] == "Expected a known field, or one that begins with x_"
    assert len(letter["path"]) < 100


def test_unknown_account_and_symbol_are_rejections_and_no_dead_letters() -> None:
    desk = open_desk(only())

    account = desk.signal("buy", 1, limit_price="100", account_id="nobody")
    symbol = desk.signal("buy", 1, limit_price="100", symbol="nothing")

    assert (account["reasons"], symbol["reasons"]) == (["unknown_account"], ["unknown_instrument"])
    assert desk.sent("dead_letters") == []


def test_wrong_message_of_one_account_changes_no_other() -> None:
    desk = open_desk(only())
    desk.flow("opening", 5000, account_id="acct-2", flow_id="other")
    before = desk.state("acct-2")

    desk.send("fills", b"{}", "acct-1")

    assert desk.state("acct-2") == before
