"""A fill id that comes again: the same is silent, anything else is told and changes nothing."""

import pytest

from tests.spec.desk import DAY, HOUR, Desk, open_desk
from tests.spec.rulebook import only


def filled(**fields: str) -> Desk:
    """Return a desk with a fill of 10 at 100 and a fee of 1."""
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="one", fee="1", **fields)
    return desk


@pytest.mark.parametrize(
    ("quantity", "price", "fields"),
    [
        (11, 100, {"fee": "1"}),
        (10, 101, {"fee": "1"}),
        (10, 100, {"fee": "2"}),
        (10, 100, {"fee": "-1"}),
        (10, 100, {}),
        (10, 100, {"fee": "1", "fee_currency": "EUR"}),
    ],
)
def test_fill_changes_nothing_and_is_told_when_it_comes_again_otherwise(
    quantity: int, price: int, fields: dict[str, str]
) -> None:
    desk = filled()
    before = desk.state()

    desk.fill("buy", quantity, price, fill_id="one", **fields)

    after = desk.state()
    (alert,) = desk.alerts("fill_conflict")
    assert (alert["level"], alert["action"], desk.stops()) == ("high", "warn", [])
    assert all(after[name] == before[name] for name in ("balance", "positions", "equity"))


def test_alert_says_both_when_a_fill_comes_again_otherwise() -> None:
    desk = filled()

    desk.fill("buy", "9.50", 100, fill_id="one", fee="2", fee_currency="EUR")

    (alert,) = desk.alerts("fill_conflict")
    assert alert["message"] == (
        "fill one was sent again as 9.5 at 100, fee 2 EUR; it stays booked as 10 at 100, fee 1"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"fee": "1"},
        {"fee": "1.00", "fee_currency": "USD"},
        {"fee": "1", "executed_at_ms": 1},
        {"fee": "1", "order_id": "other"},
    ],
)
def test_fill_is_silent_when_it_comes_again_the_same(fields: dict[str, str]) -> None:
    desk = filled()
    outputs = len(desk.out)
    rows = len(desk.sent("account_states"))

    desk.fill("buy", "10.0", "1e2", fill_id="one", **fields)

    assert len(desk.out) - outputs == len(desk.sent("account_states")) - rows
    assert desk.position()["quantity"] == "10"


@pytest.mark.parametrize(("side", "symbol"), [("sell", "X"), ("buy", "Y")])
def test_fill_is_another_one_when_side_or_symbol_differ(side: str, symbol: str) -> None:
    desk = filled()
    desk.instrument("Y")

    desk.fill(side, 4, 100, fill_id="one", symbol=symbol)

    assert desk.alerts("fill_conflict") == []
    assert desk.position(symbol)["quantity"] == ("6" if symbol == "X" else "4")


def test_fill_is_told_again_when_days_passed_and_others_came() -> None:
    desk = filled()
    for _ in range(40):
        desk.fill("buy", 1, 100)
    desk.wait(6 * DAY)

    desk.fill("buy", 11, 100, fill_id="one", fee="1")

    assert len(desk.alerts("fill_conflict")) == 1


def test_bust_is_told_when_it_comes_again_otherwise() -> None:
    desk = filled()
    desk.fill("buy", 10, 100, fill_id="one", fee="1", kind="bust")

    desk.fill("buy", 5, 100, fill_id="one", fee="1", kind="bust")

    assert len(desk.alerts("fill_conflict")) == 1
    assert desk.position()["quantity"] == "0"


@pytest.mark.parametrize(("later_ms", "booked"), [(0, "10"), (1, "0")])
def test_fill_is_refused_when_older_than_all_kept_ids(later_ms: int, booked: str) -> None:
    desk = open_desk(only())
    executed_ms = desk.now_ms - HOUR
    desk.fill("buy", 1, 100)
    desk.fill("sell", 1, 100)
    desk.wait(7 * DAY - HOUR + later_ms)

    desk.fill("buy", 10, 100, executed_at_ms=executed_ms)

    assert desk.position()["quantity"] == booked
    assert desk.stops() == ([("fill_refused", "triggered")] if later_ms else [])


@pytest.mark.parametrize("kind", ["new", "bust"])
def test_fill_is_refused_when_its_time_is_in_seconds(kind: str) -> None:
    desk = open_desk(only())

    desk.fill("buy", 10, 100, fill_id="one", kind=kind, executed_at_ms=desk.now_ms // 1000)

    (alert,) = desk.alerts("fill_refused")
    assert (alert["level"], alert["action"]) == ("critical", "reduce")
    assert (desk.stops(), desk.state()["positions"]) == ([("fill_refused", "triggered")], [])


def test_fill_is_booked_when_it_comes_again_with_its_time_mended() -> None:
    desk = open_desk(only())
    desk.fill("buy", 10, 100, fill_id="one", executed_at_ms=desk.now_ms // 1000)

    desk.fill("buy", 10, 100, fill_id="one")

    assert desk.position()["quantity"] == "10"
    assert desk.alerts("fill_conflict") == []
