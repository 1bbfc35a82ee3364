"""Which entries are wanted at all: symbol, stop, confidence, number of positions."""

import pytest

from tests.spec.desk import Desk, Row, answer_of, checks_of, numbers_of, open_desk
from tests.spec.rulebook import Rules, only


def holding_desk(rules: Rules) -> Desk:
    """Return a desk that holds 10 X."""
    desk = open_desk(rules)
    desk.fill("buy", 10, 100)
    return desk


def bought(desk: Desk, symbol: str = "X", **fields: object) -> Row:
    """Ask for one of a symbol and return the decision."""
    return desk.signal("buy", 1, limit_price="100", symbol=symbol, **fields)


@pytest.mark.parametrize(
    ("symbols", "verdict"),
    [
        ({"denied": ["X"]}, "rejected"),
        ({"denied": ["Y"]}, "approved"),
        ({"denied": []}, "approved"),
        ({"allowed": ["X"]}, "approved"),
        ({"allowed": ["Y"]}, "rejected"),
        ({"allowed": []}, "rejected"),
        ({"allowed": ["X"], "denied": ["X"]}, "rejected"),
    ],
    ids=str,
)
def test_entry_is_rejected_when_its_symbol_is_denied_or_not_allowed(
    symbols: dict[str, list[str]], verdict: str
) -> None:
    desk = open_desk(only(restricted_symbols=symbols))

    decision = bought(desk)

    reasons = ["restricted_symbols"] if verdict == "rejected" else []
    assert (decision["verdict"], decision["reasons"]) == (verdict, reasons)
    assert numbers_of(decision, "restricted_symbols")[1:] == (None, None, None)


def test_symbols_are_not_judged_when_no_list_is_set() -> None:
    desk = open_desk(only(restricted_symbols={}))

    assert "restricted_symbols" not in checks_of(bought(desk))


def test_position_can_be_closed_but_not_turned_when_its_symbol_is_denied() -> None:
    desk = holding_desk(only(restricted_symbols={"denied": ["X"]}))

    turning = desk.signal("sell", 15, limit_price="100", signal_id="turning")
    desk.order("turning", "rejected")
    closing = desk.signal("sell", 10, limit_price="100")

    assert answer_of(turning) == (
        "modified", "10", ["restricted_symbols"], "restricted_symbols",
    )  # fmt: skip
    assert closing["verdict"] == "approved"
    assert numbers_of(closing, "restricted_symbols")[0] == "exempt"


def test_list_of_an_account_takes_the_place_of_everyones() -> None:
    desk = open_desk(only(restricted_symbols={"denied": ["X"]}))

    desk.limits({"restricted_symbols": {"denied": ["Y"]}}, account="acct-1", version=1)

    assert bought(desk)["verdict"] == "approved"


@pytest.mark.parametrize(
    ("side", "stop", "check"),
    [
        ("buy", "99.99", ("pass", "99.99", "100", "0.01")),
        ("buy", "100", ("breach", "100", "100", "0")),
        ("buy", "100.01", ("breach", "100.01", "100", "-0.01")),
        ("sell", "100.01", ("pass", "100.01", "100", "0.01")),
        ("sell", "100", ("breach", "100", "100", "0")),
        ("sell", "99.99", ("breach", "99.99", "100", "-0.01")),
    ],
)
def test_entry_is_rejected_when_its_stop_is_not_on_the_losing_side(
    side: str, stop: str, check: tuple[str, ...]
) -> None:
    desk = open_desk(only(stop_side={}))

    decision = desk.signal(side, 1, limit_price="100", stop_price=stop)

    assert numbers_of(decision, "stop_side") == check
    assert decision["reasons"] == (["stop_side"] if check[0] == "breach" else [])
    assert decision["approved_quantity"] == ("0" if check[0] == "breach" else "1")


def test_stop_of_a_market_order_is_measured_from_the_reference() -> None:
    desk = open_desk(only(stop_side={}, price_collar={"collar_ratio": "0.05"}))

    decision = desk.signal("buy", 1, stop_price="99.99")

    assert numbers_of(decision, "stop_side") == ("pass", "99.99", "100", "0.01")


def test_entry_passes_when_it_names_no_stop() -> None:
    desk = open_desk(only(stop_side={}))

    assert numbers_of(bought(desk), "stop_side") == ("pass", None, None, None)


def test_exit_is_exempt_when_its_stop_is_on_the_wrong_side() -> None:
    desk = holding_desk(only(stop_side={}))

    decision = desk.signal("sell", 10, limit_price="100", stop_price="90")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "stop_side") == ("exempt", "90", "100", "-10")


def test_missing_price_is_the_reason_when_the_side_of_a_stop_is_unknown() -> None:
    desk = open_desk(only(stop_side={}, stale_mark={}), mark=None)

    decision = desk.signal("buy", 1, stop_price="90")

    assert decision["reasons"] == ["stale_mark"]
    assert numbers_of(decision, "stop_side") == ("breach", None, None, None)


@pytest.mark.parametrize(
    ("confidence", "check"),
    [
        ("0.599", ("breach", "0.599", "0.6", "-0.001")),
        ("0.6", ("pass", "0.6", "0.6", "0")),
        ("0.601", ("pass", "0.601", "0.6", "0.001")),
        (None, ("breach", None, "0.6", None)),
    ],
)
def test_entry_is_rejected_when_its_confidence_is_below_the_limit_or_absent(
    confidence: str | None, check: tuple[str | None, ...]
) -> None:
    desk = open_desk(only(confidence={"confidence_min": "0.6"}))

    decision = bought(desk, confidence=confidence)

    assert numbers_of(decision, "confidence") == check
    assert decision["reasons"] == (["confidence"] if check[0] == "breach" else [])


@pytest.mark.parametrize(("confidence", "measured"), [(None, "1"), ("0", "0")])
def test_absent_confidence_counts_as_one_when_nothing_is_asked_of_it(
    confidence: str | None, measured: str
) -> None:
    desk = open_desk(only(confidence={}))

    decision = bought(desk, confidence=confidence)

    assert numbers_of(decision, "confidence") == ("pass", measured, "0", measured)


def test_exit_is_exempt_when_its_confidence_is_low() -> None:
    desk = holding_desk(only(confidence={"confidence_min": "0.6"}))

    decision = desk.signal("sell", 10, limit_price="100", confidence="0.1")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "confidence") == ("exempt", "0.1", "0.6", "-0.5")


def counted_desk(most: int) -> Desk:
    """Return a desk that holds Y, has an order for Z and may have so many symbols open."""
    desk = open_desk(only(open_positions={"open_positions_max": most}))
    for symbol in ("Y", "Z", "W"):
        desk.instrument(symbol)
        desk.price(100, symbol)
    desk.fill("buy", 10, 100, symbol="Y")
    bought(desk, "Z", signal_id="z")
    return desk


@pytest.mark.parametrize(
    ("most", "check"),
    [
        (4, ("pass", "3", "4", "1")),
        (3, ("pass", "3", "3", "0")),
        (2, ("breach", "3", "2", "-1")),
    ],
)
def test_entry_is_rejected_when_it_would_open_one_symbol_too_many(
    most: int, check: tuple[str, ...]
) -> None:
    desk = counted_desk(most)

    decision = bought(desk, "X")

    assert numbers_of(decision, "open_positions") == check
    assert decision["reasons"] == (["open_positions"] if check[0] == "breach" else [])


def test_symbol_counts_once_when_it_is_held_and_ordered() -> None:
    desk = counted_desk(2)

    in_held, in_ordered = bought(desk, "Y"), bought(desk, "Z")

    assert numbers_of(in_held, "open_positions") == ("pass", "2", "2", "0")
    assert numbers_of(in_ordered, "open_positions") == ("pass", "2", "2", "0")


def test_symbol_counts_no_more_when_its_order_ended_and_its_position_is_closed() -> None:
    desk = counted_desk(2)

    desk.order("z", "cancelled", symbol="Z")
    desk.fill("sell", 10, 100, symbol="Y")

    assert numbers_of(bought(desk, "X"), "open_positions") == ("pass", "1", "2", "1")


def test_exit_is_exempt_when_too_many_symbols_are_open() -> None:
    desk = counted_desk(2)
    desk.limits({"open_positions": {"open_positions_max": 0}})

    decision = desk.signal("sell", 10, limit_price="100", symbol="Y")

    assert decision["verdict"] == "approved"
    assert numbers_of(decision, "open_positions") == ("exempt", "2", "0", "-2")


@pytest.mark.parametrize(
    "rules",
    [
        {"restricted_symbols": {"denied": "X"}},
        {"restricted_symbols": {"denied": [5]}},
        {"restricted_symbols": {"allowed": ["*"]}},
        {"confidence": {"confidence_min": "1.01"}},
        {"confidence": {"confidence_min": "-0.1"}},
        {"open_positions": {"open_positions_max": -1}},
        {"open_positions": {"open_positions_max": "1.5"}},
        {"stop_side": {"stop_ratio": "0.1"}},
    ],
    ids=str,
)
def test_parameters_are_refused_when_they_mean_nothing(rules: Rules) -> None:
    desk = open_desk(only())

    desk.limits(rules)

    assert len(desk.alerts("limits")) == 1
    assert bought(desk)["limits_version"] == "1.0"
