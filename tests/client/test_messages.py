import math
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from riskgate import CashFlow, DecodeError, Fill, Order, PositionSnapshot, Price, Signal
from riskgate.messages import wire_bytes
from topics import accounts, codec, fills, orders, positions, prices, signals
from topics.topic import Topic

BUY: dict[str, Any] = {"account_id": "acct-1", "symbol": "BTC-USD", "side": "buy"}
AT_MS = 1_767_225_600_000
FILL: dict[str, Any] = {
    **BUY,
    "fill_id": "f1",
    "order_id": "o1",
    "quantity": Decimal(1),
    "price": Decimal(9),
    "executed_at_ms": AT_MS,
}


@pytest.mark.parametrize("number", [Decimal("0.1"), "0.1", 0.1])
def test_numbers_become_exact_when_a_signal_is_made(number: Any) -> None:
    signal = Signal(**BUY, quantity=number)

    assert signal.quantity == Decimal("0.1")
    assert type(signal.quantity) is Decimal


@pytest.mark.parametrize(
    ("wrong", "path", "problem"),
    [
        ({"quantity": Decimal(0)}, "$.quantity", "Expected a number > 0"),
        ({"quantity": -1}, "$.quantity", "Expected a number > 0"),
        ({"quantity": Decimal("NaN")}, "$.quantity", "Expected a finite number"),
        ({"quantity": math.nan}, "$.quantity", "Expected a finite number"),
        ({"quantity": math.inf}, "$.quantity", "Expected a finite number"),
        ({"quantity": Decimal("1E+31")}, "$.quantity", "Expected an exponent within ±30"),
        ({"limit_price": "1_000"}, "$.limit_price", "Expected a number in plain ASCII digits"),
        ({"confidence": 1.1}, "$.confidence", "Expected a number from 0 to 1"),
        ({"side": "bye"}, "$.side", "Invalid enum value 'bye'"),
        ({"account_id": "a b"}, "$.account_id", "Expected `str` matching regex"),
        ({"symbol": ["BTC"]}, "$.symbol", "Expected `str`, got `array`"),
        ({"symbol": {1, 2}}, "$.symbol", "Expected text, a number or a bool, got set"),
        ({"created_at_ms": AT_MS + 0.5}, "$.created_at_ms", "Expected `int`, got `str`"),
        ({"signal_id": "acct-1:5:1"}, "$.signal_id", "Expected no id of the form"),
    ],
)
def test_a_signal_is_refused_by_path_when_riskgate_would_refuse_it(
    wrong: dict[str, Any], path: str, problem: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        Signal(**(BUY | wrong))

    assert caught.value.path == path
    assert caught.value.error.startswith(problem)


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        (Signal, signals.TOPIC),
        (Order, orders.TOPIC),
        (Fill, fills.TOPIC),
        (PositionSnapshot, positions.TOPIC),
        (CashFlow, accounts.TOPIC),
        (Price, prices.TOPIC),
    ],
)
def test_a_message_reads_back_as_it_was_when_it_is_written(kind: Any, topic: Topic) -> None:
    example = topic.example
    fields = {name: getattr(example, name) for name in example.__struct_fields__}

    made = kind(**fields)

    assert codec.decode(topic, wire_bytes(topic, made)) == example
    assert wire_bytes(topic, made) == codec.encode(example)


def test_a_changed_copy_is_checked_when_it_is_made() -> None:
    fill = Fill(**FILL)

    with pytest.raises(DecodeError, match=r"\$.quantity: Expected a number > 0"):
        replace(fill, quantity=Decimal(-1))


def test_a_plain_message_is_checked_when_it_is_written() -> None:
    plain = fills.Fill(**{**FILL, "quantity": Decimal(-1)})

    with pytest.raises(DecodeError, match=r"\$.quantity: Expected a number > 0"):
        wire_bytes(fills.TOPIC, plain)


def test_signals_differ_when_they_are_made_without_an_id() -> None:
    assert Signal(**BUY).signal_id != Signal(**BUY).signal_id


def test_a_price_without_any_price_is_refused_when_it_is_made() -> None:
    with pytest.raises(DecodeError, match="Expected one of bid, ask, mark, last"):
        Price(symbol="BTC-USD", as_of_ms=AT_MS)
