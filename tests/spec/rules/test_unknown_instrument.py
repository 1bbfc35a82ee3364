"""No order passes in a symbol whose instrument is unknown."""

from tests.spec.desk import answer_of, assert_not_judged, explained, numbers_of, open_desk
from tests.spec.rulebook import only


def test_every_order_is_rejected_when_its_instrument_is_unknown() -> None:
    desk = open_desk(only())

    decision = desk.signal("buy", 1, limit_price="100", symbol="NOWHERE")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["unknown_instrument"])


def test_even_an_exit_is_rejected_when_its_instrument_is_unknown() -> None:
    desk = open_desk(only())
    desk.price(20, "Y")
    desk.fill("buy", 10, 20, symbol="Y")

    decision = desk.signal("sell", 10, symbol="Y", limit_price="20")

    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["unknown_instrument"])


def test_unknown_instrument_is_rejected_when_no_rule_asks_for_it() -> None:
    off = {"enabled": False}
    desk = open_desk(only(unknown_instrument=off, instrument=off))
    desk.price(20, "Y")

    decision = desk.signal("buy", 1, symbol="Y", limit_price="20")

    assert answer_of(decision) == ("rejected", "0", ["unknown_instrument"], None)


def test_exit_of_a_known_symbol_passes_while_another_instrument_is_unknown() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100)
    desk.fill("buy", 10, 20, symbol="Y")

    decision = desk.signal("sell", 10, limit_price="100")

    assert answer_of(decision) == ("approved", "10", [], None)


def test_order_passes_when_its_instrument_is_known() -> None:
    decision = open_desk(only()).signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "unknown_instrument") == ("pass", None, None, None)


def test_breach_names_the_symbol_when_its_instrument_is_unknown() -> None:
    decision = open_desk(only()).signal("buy", 1, limit_price="100", symbol="NOWHERE")

    message = "The instrument NOWHERE is unknown."
    assert explained(decision, "unknown_instrument") == (None, message)


def test_entry_is_rejected_when_a_held_instrument_is_unknown() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 20, symbol="Y")

    decision = desk.signal("buy", 1, limit_price="100")

    message = "The account holds a position whose instrument is unknown."
    assert decision["reasons"] == ["unknown_instrument"]
    assert explained(decision, "unknown_instrument") == (None, message)


def test_entry_elsewhere_passes_when_the_rule_is_turned_off() -> None:
    desk = open_desk(only(unknown_instrument={"enabled": False}))
    desk.fill("buy", 10, 20, symbol="Y")

    assert_not_judged(desk.signal("buy", 1, limit_price="100"), "unknown_instrument")
