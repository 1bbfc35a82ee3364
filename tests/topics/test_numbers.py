"""Every exact number of every input: its spelling, digits and bounds."""

import json
from decimal import Decimal

import pytest

from tests.topics.messages import error_of, with_literal
from topics.bounds import exact_number
from topics.catalogue import INPUTS, TOPICS
from topics.codec import DecodeError, decode, encode
from topics.topic import Topic

NUMBERS = [
    (topic, name)
    for topic in INPUTS
    for name in {
        "signals": ("quantity", "limit_price", "stop_price", "confidence", "strength"),
        "fills": ("quantity", "price", "fee"),
        "orders": ("filled_quantity",),
        "positions": ("quantity", "average_price", "mark_price"),
        "accounts": ("amount",),
        "prices": ("bid", "ask", "mark", "last", "high", "low"),
        "instruments": (
            *("tick_size", "lot_size", "min_quantity"),
            *("max_quantity", "min_notional", "multiplier"),
        ),
    }.get(topic.name, ())
]
every_number = pytest.mark.parametrize(("topic", "name"), NUMBERS)
ABOVE_ZERO = {"quantity", "tick_size", "lot_size", "max_quantity", "multiplier"}
FOREIGN_ONES = ("\u0661", "\uff11", "\u09e7.5")  # Digits, but not of ASCII.
NOT_BELOW_ZERO = {"filled_quantity", "min_quantity", "min_notional", "amount"}


@every_number
@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e", "0x10", "1,5", "01"])
def test_message_is_refused_when_a_number_is_none_in_json(
    topic: Topic, name: str, literal: str
) -> None:
    error = error_of(topic, with_literal(topic, name, literal))

    assert error.error.startswith("JSON is malformed")


@every_number
@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity", "inf"])
def test_path_is_named_when_a_text_is_no_finite_number(topic: Topic, name: str, text: str) -> None:
    error = error_of(topic, with_literal(topic, name, f'"{text}"'))

    assert (error.path, error.error) == (f"$.{name}", "Expected a finite number")


@every_number
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(
    "digits", ["1e400", "1e31", "1" + 31 * "0", "1e-31", "0." + 30 * "0" + "1"]
)
def test_path_is_named_when_an_exponent_is_beyond_30(
    topic: Topic, name: str, digits: str, quote: str
) -> None:
    error = error_of(topic, with_literal(topic, name, f"{quote}{digits}{quote}"))

    assert (error.path, error.error) == (f"$.{name}", "Expected an exponent within ±30")


@every_number
@pytest.mark.parametrize("quote", ["", '"'])
def test_path_is_named_when_a_number_has_35_digits(topic: Topic, name: str, quote: str) -> None:
    error = error_of(topic, with_literal(topic, name, f"{quote}0.{35 * '1'}{quote}"))

    assert (error.path, error.error) == (f"$.{name}", "Expected at most 34 significant digits")


@every_number
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("digits", [f"0.{34 * '1'}", "0.10", "1e-30", "0.30000000000000004"])
def test_digits_stay_exact_when_a_number_is_within_bounds(
    topic: Topic, name: str, digits: str, quote: str
) -> None:
    message = decode(topic, with_literal(topic, name, f"{quote}{digits}{quote}"))

    expected = {"0.10": "0.1", "1e-30": f"0.{29 * '0'}1"}.get(digits, digits)
    assert json.loads(encode(message))[name] == expected


@every_number
@pytest.mark.parametrize(
    "text",
    ["1_000", "_1", "1_", " 1", "1 ", "\\t1", "\\n1", *FOREIGN_ONES, "1\\u005f0", "1e1_0"],
)
def test_path_is_named_when_a_number_is_spelt_oddly(topic: Topic, name: str, text: str) -> None:
    error = error_of(topic, with_literal(topic, name, f'"{text}"'))

    assert (error.path, error.error) == (f"$.{name}", "Expected a number in plain ASCII digits")


@every_number
@pytest.mark.parametrize(
    "text", ["", "x", "1.2.3", "--1", "1 000", "0x10", "1e9999999999999999999"]
)
def test_path_is_named_when_a_text_is_no_number(topic: Topic, name: str, text: str) -> None:
    error = error_of(topic, with_literal(topic, name, f'"{text}"'))

    assert error.path == f"$.{name}"


@every_number
def test_bound_holds_when_a_number_is_at_or_below_zero(topic: Topic, name: str) -> None:
    refused = {"-1"} if name in NOT_BELOW_ZERO | ABOVE_ZERO | {"confidence", "strength"} else set()
    refused |= {"0", "-0", "0e5"} if name in ABOVE_ZERO and topic.name != "positions" else set()
    if topic.name in {"positions", "accounts"}:
        refused = set()  # Signed: a short position, an overdrawn opening balance.

    for literal in ("0", "-0", "0e5", "-1", "-1e-30"):
        try:
            decode(topic, with_literal(topic, name, literal))
            found = False
        except DecodeError as error:
            found = error.path == f"$.{name}"

        assert found == (literal in refused or (literal == "-1e-30" and "-1" in refused))


@pytest.mark.parametrize("name", ["confidence", "strength"])
def test_share_is_refused_when_it_is_above_1(name: str) -> None:
    topic = TOPICS["signals"]

    error = error_of(topic, with_literal(topic, name, "1.0000000000000000000000001"))

    assert (error.path, error.error) == (f"$.{name}", "Expected a number from 0 to 1")
    assert decode(topic, with_literal(topic, name, "1.0")) is not None


def test_number_is_exact_when_its_text_is_spelt_plainly() -> None:
    assert [exact_number(text) for text in ("0.10", "-1e3", "+.5")] == [
        Decimal("0.10"),
        Decimal(-1000),
        Decimal("0.5"),
    ]


@pytest.mark.parametrize("text", ["1_0", " 1", "NaN", "1e31", "1" * 35, "", *FOREIGN_ONES])
def test_text_is_refused_when_it_is_no_exact_number(text: str) -> None:
    with pytest.raises(DecodeError, match="Expected"):
        exact_number(text)
