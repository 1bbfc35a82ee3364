"""Symbols as brokers and exchanges write them: no two of them are ever taken for one another."""

from typing import Any

import pytest

from tests.spec.desk import Desk, checks_of, open_desk
from tests.spec.rulebook import only

NAMES = [
    "BTC/USDT:USDT",
    "BRK B",
    "ES=F",
    "BTC-30DEC25+50000 C",
    "A&B",
    "EUR@IDEALPRO",
    "NQ #1",
    "_x",
]


def trading(*symbols: str, **rules: dict[str, Any]) -> Desk:
    """Return a desk with these symbols at a mark of 100."""
    desk = open_desk(only(**rules))
    for symbol in symbols:
        desk.instrument(symbol)
        desk.price(100, symbol)
    return desk


@pytest.mark.parametrize("symbol", NAMES)
def test_symbol_goes_the_whole_way_when_an_exchange_writes_it_so(symbol: str) -> None:
    desk = trading(symbol)
    decision = desk.signal("buy", 10, symbol=symbol, strategy_id=symbol, limit_price="100")
    desk.fill("buy", 10, 100, symbol=symbol, signal_id=decision["signal_id"])
    desk.snapshot(10, 100, symbol=symbol)
    desk.control("flatten")

    assert (decision["verdict"], decision["strategy_id"]) == ("approved", symbol)
    assert [row["symbol"] for row in desk.exits()] == [symbol]
    assert desk.position(symbol)["quantity"] == "10"
    assert desk.sent("dead_letters") == []


@pytest.mark.parametrize(
    "symbol", [" X", "X ", " ", "", "A|B", "A*", "X\n", "X\tY", "é", 129 * "a"]
)
def test_signal_is_a_dead_letter_when_its_symbol_is_none(symbol: str) -> None:
    desk = trading()
    row = {
        "signal_id": "s", "account_id": desk.account, "symbol": symbol, "side": "buy",
        "quantity": "1", "created_at_ms": desk.now_ms,
    }  # fmt: skip

    desk.send("signals", row)

    (letter,) = desk.sent("dead_letters")
    assert letter["path"] == "$.symbol"


def test_fills_are_two_when_their_names_would_join_alike() -> None:
    desk = trading("A:buy", "A")

    desk.fill("buy", 1, 100, symbol="A:buy", fill_id="x")
    desk.fill("buy", 2, 100, symbol="A", fill_id="buy:x")
    desk.fill("buy", 4, 100, symbol="A", fill_id="x")

    assert desk.position("A:buy")["quantity"] == "1"
    assert desk.position("A")["quantity"] == "6"
    assert desk.alerts("fill_conflict") == []


def test_cap_of_a_symbol_holds_when_its_name_has_blanks_and_colons() -> None:
    caps = {"position_quantity_max": {"BRK B": 5, "BTC/USDT:USDT": 7, "*": 100}}
    desk = trading("BRK B", "BTC/USDT:USDT", position_quantity=caps)

    decisions = [desk.signal("buy", 50, symbol=name) for name in ("BRK B", "BTC/USDT:USDT")]

    assert [row["approved_quantity"] for row in decisions] == ["5", "7"]


def test_symbol_is_denied_when_its_name_has_blanks() -> None:
    desk = trading("BRK B", "BRK A", restricted_symbols={"denied": ["BRK B"]})

    verdicts = [
        checks_of(desk.signal("buy", 1, symbol=name))["restricted_symbols"]["verdict"]
        for name in ("BRK B", "BRK A")
    ]

    assert verdicts == ["breach", "pass"]


def test_flow_and_control_are_known_by_ids_with_colons() -> None:
    desk = trading()

    for _ in range(2):
        desk.flow("deposit", 5, flow_id="bank:7")
        desk.control("reduce", control_id="desk:1")

    assert desk.state()["balance"] == "10005"
    assert len(desk.state()["stops"]) == 1


def test_control_of_everyone_is_a_dead_letter_when_its_id_is_ours() -> None:
    desk = trading()

    desk.control("halt", account_id="*", control_id=f"{desk.account}:4:1")

    (letter,) = desk.sent("dead_letters")
    assert (letter["path"], desk.stops()) == ("$.control_id", [])


def test_rates_of_two_pairs_are_two_when_their_names_would_join_alike() -> None:
    desk = trading()
    desk.instrument("P", base_currency="A/B", settlement_currency="C")
    desk.instrument("Q", base_currency="A/B", settlement_currency="C")

    desk.instrument("R", base_currency="A", settlement_currency="B/C")
    desk.instrument("S", base_currency="A", settlement_currency="B/C")

    assert len(desk.alerts("instrument")) == 2
