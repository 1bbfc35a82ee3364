"""What no single field is about: broken JSON, encodings, sizes, depth, and paths inside trees."""

from decimal import Context, Decimal
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.catalogue import TOPICS
from topics.codec import DecodeError, decode, decode_as, encode, encode_event, plain, shown
from topics.controls import Control
from topics.events import Event, SignalEvent
from topics.limits import LimitsDocument
from topics.signals import Signal

SIGNALS = TOPICS["signals"]
SIGNAL = encode(SIGNALS.example)
LIMITS = TOPICS["limits"]


def document(rules: str) -> bytes:
    """Return a limits document with the given JSON as its rules."""
    head = '{"account_id":"*","version":1,"author":"desk","reason":"why","rules":'
    return f"{head}{rules}}}".encode()


def error_of(value: bytes | None, topic: str = "signals") -> tuple[str | None, str]:
    """Return path and sentence of the error that decoding raises."""
    with pytest.raises(DecodeError) as caught:
        decode(TOPICS[topic], value)
    return caught.value.path, caught.value.error


@pytest.mark.parametrize(
    "value",
    [b"", b"{", SIGNAL[:-1], SIGNAL + b"x", b"\xef\xbb\xbf" + SIGNAL, b"\x00", b"{'a':1}"],
)
def test_sentence_says_so_when_bytes_are_no_json(value: bytes) -> None:
    path, error = error_of(value)

    assert path is None
    assert error.startswith("JSON is malformed: ")


@pytest.mark.parametrize("value", [b"null", b"[]", b"1", b'"x"', b"true"])
def test_path_is_the_root_when_the_json_is_no_object(value: bytes) -> None:
    path, error = error_of(value)

    assert path == "$"
    assert error.startswith("Expected `object`, got `")


def test_value_is_refused_when_it_is_none() -> None:
    assert error_of(None) == (None, "Expected a value, got none")


def test_value_is_refused_when_it_is_larger_than_the_topic_allows() -> None:
    value = SIGNAL + b" " * 10_000_000

    assert error_of(value) == (None, f"Expected at most 1048576 bytes, got {len(value)}")


@pytest.mark.parametrize("place", [b"momentum:1", b"acct-1"])
@pytest.mark.parametrize("wrong", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xe9"])
def test_value_is_refused_when_it_is_not_utf_8(place: bytes, wrong: bytes) -> None:
    path, error = error_of(SIGNAL.replace(place, wrong))

    assert path is None
    assert error.startswith("Expected UTF-8, got ")


@pytest.mark.parametrize("half", [rb"\ud800", rb"\udfff", rb"\ud800x", rb"\udc00\ud800"])
def test_document_is_refused_when_it_holds_half_a_surrogate_pair(half: bytes) -> None:
    reason = encode(LIMITS.example).replace(b"first limits", half)
    parameter = document('{"restricted_symbols":{"denied":["HALF"]}}').replace(b"HALF", half)
    name = document('{"HALF":{}}').replace(b"HALF", half)

    for value in (reason, parameter, name):
        assert error_of(value, "limits")[1].startswith("JSON is malformed: ")


@pytest.mark.parametrize("bomb", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 5000 + b"]" * 5000])
def test_value_is_refused_when_it_is_nested_very_deeply(bomb: bytes) -> None:
    path, error = error_of(SIGNAL[:-1] + b',"x":' + bomb + b"}")

    assert (path, error) == (None, "JSON is nested too deeply")


def test_last_one_counts_when_a_field_comes_twice() -> None:
    signal = decode(SIGNALS, SIGNAL[:-1] + b',"quantity":7,"side":"sell"}')

    assert isinstance(signal, Signal)
    assert (signal.quantity, signal.side) == (Decimal(7), "sell")


@pytest.mark.parametrize(("side", "word"), [("2", "buy"), ("0", "sell"), ("1", "hold")])
def test_side_becomes_a_word_when_it_is_a_number(side: str, word: str) -> None:
    signal = decode(SIGNALS, SIGNAL.replace(b'"buy"', side.encode()))

    assert isinstance(signal, Signal)
    assert signal.side == word


@pytest.mark.parametrize("side", ["3", "-1", "2.0", '"2"', "true", "null", '"BUY"', '""'])
def test_path_is_named_when_a_side_is_none(side: str) -> None:
    assert error_of(SIGNAL.replace(b'"buy"', side.encode()))[0] == "$.side"


@pytest.mark.parametrize("kind", ["deposit", "withdrawal"])
def test_amount_is_refused_when_a_deposit_or_withdrawal_is_below_zero(kind: str) -> None:
    value = encode(TOPICS["accounts"].example).replace(b"opening", kind.encode())

    error = error_of(value.replace(b'"100000"', b'"-0.01"'), "accounts")

    assert error == ("$.amount", f"Expected a number >= 0 for a {kind}")
    assert decode(TOPICS["accounts"], value.replace(b'"100000"', b'"0"')) is not None


@pytest.mark.parametrize("kind", ["opening", "snapshot", "deposit", "withdrawal", "funding"])
@pytest.mark.parametrize("amount", ["NaN", "sNaN", "-NaN", "-Infinity"])
def test_amount_is_refused_when_it_is_no_number_whatever_the_kind(kind: str, amount: str) -> None:
    value = encode(TOPICS["accounts"].example).replace(b"opening", kind.encode())

    path, error = error_of(value.replace(b"100000", amount.encode()), "accounts")

    assert (path, error) == ("$.amount", "Expected a finite number")


def test_amount_is_signed_when_it_is_funding() -> None:
    value = encode(TOPICS["accounts"].example).replace(b"opening", b"funding")

    message = decode(TOPICS["accounts"], value.replace(b'"100000"', b"-0.25"))

    assert b'"amount":"-0.25"' in encode(message)


@pytest.mark.parametrize("fields", ["", '"high":1,"low":1,', '"bid":null,'])
def test_quote_is_refused_when_it_has_no_price(fields: str) -> None:
    value = f'{{"symbol":"A",{fields}"as_of_ms":1}}'.encode()

    assert error_of(value, "prices") == ("$", "Expected one of bid, ask, mark, last")


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ("[]", "$.rules"),
        ('{"cash":{},"drawdown":5}', "$.rules.drawdown"),
        ('{"no word":null}', '$.rules["no word"]'),
        ('{"":[]}', '$.rules[""]'),
        ('{"cash":{"a":1e400}}', "$.rules.cash.a"),
        ('{"cash":{"a":[1,{"b":1e31}]}}', "$.rules.cash.a[1].b"),
        ('{"cash":{"a":%s}}' % ("1" * 35), "$.rules.cash.a"),
        ('{"cash":{"a":-%s}}' % ("9" * 5000), "$.rules.cash.a"),
        ('{"cash":{"a":{"b":-%s}}}' % ("9" * 5000), "$.rules.cash.a.b"),
        ('{"cash":{"a":"%s"}}' % ("x" * 501), "$.rules.cash.a"),
        ('{"cash":{"%s":1}}' % ("x" * 501), "$.rules.cash"),
        ('{"cash":' + '{"a":' * 9 + "1" + "}" * 10, "$.rules.cash" + ".a" * 7),
        ('{"cash":{"a":' + "[" * 20 + "]" * 20 + "}}", "$.rules.cash.a" + "[0]" * 6),
    ],
)
def test_path_names_the_element_when_a_parameter_is_wrong(rules: str, path: str) -> None:
    found, error = error_of(document(rules), "limits")

    assert found is not None
    assert found.startswith(path)
    assert error[0] in "EI"
    assert len(found) < 100


def test_parameters_keep_their_digits_when_a_document_is_decoded() -> None:
    value = document('{"cash":{"a":0.1,"b":1e-7,"c":3,"d":"0.10","e":true,"f":{"*":0.30}}}')

    message = decode(LIMITS, value)

    assert isinstance(message, LimitsDocument)
    assert message.rules["cash"] == {
        "a": Decimal("0.1"),
        "b": Decimal("1e-7"),
        "c": 3,
        "d": "0.10",
        "e": True,
        "f": {"*": Decimal("0.30")},
    }


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"), ("-0", "0"), ("-0.00", "0"), ("1.50", "1.5"), ("100", "100"),
        ("1E+5", "100000"),
        ("1E-7", "0.0000001"), ("-12.340", "-12.34"), ("0E+3", "0"), ("0E-9", "0"), ("10.0", "10"),
        ("1E+30", "1" + 30 * "0"), ("1.0E+1", "10"),
    ],
)  # fmt: skip
def test_number_is_plain_when_it_is_written(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.1234567890123456785", "0.123456789012345678"),  # Half: to the even neighbour.
        ("0.1234567890123456775", "0.123456789012345678"),
        ("-0.1234567890123456786", "-0.123456789012345679"),
        ("12.0000000000000000004", "12"), ("-5E-19", "0"), ("15E-19", "0.000000000000000002"),
        ("0.00000012345678901234567", "0.000000123456789012"),  # Decimal itself says 1.2E-7.
        ("1E-18", "0.000000000000000001"), ("-1E-7", "-0.0000001"), ("1E+20", "1" + 20 * "0"),
    ],
)  # fmt: skip
def test_number_has_18_places_when_it_is_shown(number: str, text: str) -> None:
    assert shown(Decimal(number)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_number_shown_is_what_plain_makes_of_it_when_rounded(number: Decimal) -> None:
    rounded = Context(prec=100).quantize(number, Decimal("1E-18"))

    assert shown(number) == plain(rounded)


def test_digits_are_kept_when_an_event_is_written_and_read() -> None:
    signal = decode(SIGNALS, SIGNAL.replace(b'"0.5"', b"1.50E2"))
    assert isinstance(signal, Signal)
    event = SignalEvent(account_id="acct-1", body=signal)

    read = decode_as(cast(type[Event], Event), encode_event(event))

    assert read == event
    assert isinstance(read, SignalEvent)
    assert str(read.body.quantity) == "150"


def test_bytes_are_refused_when_our_own_log_is_broken() -> None:
    with pytest.raises(DecodeError) as caught:
        decode_as(Control, b'{"control_id":5}')

    assert caught.value.path == "$.control_id"
