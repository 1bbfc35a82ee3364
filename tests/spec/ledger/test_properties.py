"""Histories drawn at random, judged by sums worked out apart from the core."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.spec.desk import Desk, Row, open_desk
from tests.spec.rulebook import only

few = settings(max_examples=40, deadline=None)
LOT = Decimal("0.1")

_cents = st.integers(1, 20_000).map(lambda cents: Decimal(cents) / 100)
_lots = st.integers(1, 500).map(lambda lots: Decimal(lots) / 10)
_fees = st.integers(-200, 500).map(lambda cents: Decimal(cents) / 100)
_fills = st.lists(
    st.tuples(st.sampled_from(["buy", "sell"]), _lots, _cents, _fees), min_size=1, max_size=25
)


@given(fills=_fills, mark=_cents)
@few
def test_pnl_is_cash_flows_plus_value_less_fees_after_any_fills(
    fills: list[tuple[str, Decimal, Decimal, Decimal]], mark: Decimal
) -> None:
    desk = open_desk(only(), mark=mark)
    cash = quantity = fees = Decimal(0)

    for side, lots, price, fee in fills:
        desk.fill(side, lots, price, fee=fee)
        sign = 1 if side == "buy" else -1
        quantity, cash, fees = quantity + sign * lots, cash - sign * lots * price, fees + fee

    row, state = desk.position(), desk.state()
    pnl = Decimal(row["realized_pnl"]) + Decimal(row["unrealized_pnl"])
    expected = cash + quantity * mark - fees
    assert Decimal(row["quantity"]) == quantity
    assert abs(pnl - expected) < Decimal("1e-20")
    assert abs(Decimal(state["equity"]) - 10_000 - expected) < Decimal("1e-20")


@st.composite
def limits_and_orders(draw: st.DrawFn) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    """Draw limits on size and a list of orders."""
    ratio = st.integers(1, 900).map(lambda n: str(Decimal(n) / 1000))
    rules: dict[str, dict[str, object]] = {
        "order_notional": {"order_notional_max": str(draw(st.integers(50, 20_000)))},
        "order_ratio": {"order_ratio_max": draw(ratio)},
        "position_ratio": {"position_ratio_max": draw(ratio)},
        "gross_exposure": {"gross_exposure_ratio_max": draw(ratio)},
        "cash": {"fee_ratio": str(Decimal(draw(st.integers(0, 20))) / 1000)},
        "position_quantity": {"position_quantity_max": {"X": str(draw(st.integers(1, 200)))}},
        "net_exposure": {"net_exposure_ratio_max": draw(ratio)},
        "group_exposure": {"group_exposure_ratio_max": {"coins": draw(ratio), "*": draw(ratio)}},
        "risk_per_trade": {"fee_ratio": str(Decimal(draw(st.integers(0, 20))) / 1000)},
        "margin": {"leverage": draw(ratio), "enabled": draw(st.booleans())},
    }
    order = st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 5000).map(lambda lots: str(Decimal(lots) / 10)),
        st.integers(8000, 12_000).map(lambda cents: str(Decimal(cents) / 100)),
    )
    return rules, draw(st.lists(order, min_size=1, max_size=6))


def is_approved(desk: Desk, side: str, quantity: Decimal, price: str) -> bool:
    """Ask whether an order would pass whole, and take it back."""
    decision = desk.signal(side, quantity, limit_price=price)
    desk.order(decision["signal_id"], "rejected")
    return bool(decision["verdict"] == "approved")


@given(drawn=limits_and_orders())
@few
def test_approved_passes_whole_and_one_lot_more_does_not(
    drawn: tuple[dict[str, Any], list[tuple[str, str, str]]],
) -> None:
    rules, orders = drawn
    desk = open_desk(only(**rules))
    desk.instrument(lot_size="0.1", min_quantity="0.1", groups=["coins", "big"])

    for side, quantity, price in orders:
        decision = desk.signal(side, quantity, limit_price=price)
        approved = Decimal(decision["approved_quantity"])
        desk.order(decision["signal_id"], "rejected")

        assert approved <= Decimal(quantity)
        assert (decision["verdict"] == "approved") == (approved == Decimal(quantity))
        assert not approved or is_approved(desk, side, approved, price)
        if approved < Decimal(quantity):
            assert not is_approved(desk, side, approved + LOT, price)
        trade(desk, side, approved, price)


def trade(desk: Desk, side: str, approved: Decimal, price: str) -> None:
    """Have half of what was approved filled and half of it working."""
    half = (approved / 2).quantize(LOT, "ROUND_DOWN")
    if half:
        decision = desk.signal(side, half * 2, limit_price=price)
        desk.fill(side, half, price, signal_id=decision["signal_id"])


@given(
    held=st.integers(-60, 60).filter(bool),
    asked=st.lists(st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 40)), max_size=8),
    fill_first=st.booleans(),
)
@few
def test_reducing_orders_never_make_a_position_larger_or_turn_it(
    held: int, asked: list[tuple[str, int]], *, fill_first: bool
) -> None:
    desk = open_desk(only())
    desk.fill("buy" if held > 0 else "sell", abs(held), 100)
    approved = []

    for side, quantity in asked:
        decision = desk.signal(side, quantity, limit_price="100", reduce_only=True)
        approved.append(decision)
        if fill_first and decision["approved_quantity"] != "0":
            fill_of(desk, decision)
    if not fill_first:
        for decision in approved:
            fill_of(desk, decision)

    left = Decimal(desk.position()["quantity"])
    assert left * held >= 0
    assert abs(left) == abs(held) - sum(Decimal(each["approved_quantity"]) for each in approved)


def fill_of(desk: Desk, decision: Row) -> None:
    """Fill an approved order whole."""
    if decision["approved_quantity"] != "0":
        quantity = decision["approved_quantity"]
        desk.fill(decision["side"], quantity, 100, signal_id=decision["signal_id"])


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("signal"), st.sampled_from(["buy", "sell"]), st.integers(1, 60)),
        st.tuples(st.just("fill"), st.integers(0, 5), st.integers(1, 60)),
        st.tuples(
            st.just("word"),
            st.integers(0, 5),
            st.sampled_from(["accepted", "cancelled", "filled", "rejected", "expired"]),
        ),
        st.tuples(st.just("price"), st.integers(50, 150), st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from([1, 400, 1500, 61_000]), st.just(0)),
        st.tuples(
            st.just("control"), st.sampled_from(["halt", "reduce", "flatten", "resume"]), st.just(0)
        ),
    ),
    min_size=5,
    max_size=40,
)


def take(desk: Desk, step: tuple[str, Any, Any]) -> None:
    """Do one step of a drawn history."""
    what, first, second = step
    orders = [row for row in desk.sent("decisions") if row["kind"] != "stop"]
    if what == "signal":
        desk.signal(first, second, limit_price="100")
    elif what == "fill" and orders:
        order = orders[-1 - first % len(orders)]
        name = order.get("exit_id") or order["signal_id"]
        desk.fill(order["side"], second, 100, signal_id=name)
    elif what == "word" and orders:
        order = orders[-1 - first % len(orders)]
        desk.order(order.get("exit_id") or order["signal_id"], second)
    elif what == "price":
        desk.price(first)
    elif what == "wait":
        desk.wait(first)
    elif what == "control":
        stops = desk.state()["stops"]
        desk.control(first, **({"stop_id": stops[0]} if first == "resume" and stops else {}))


def exits_of(rows: list[tuple[str, Row]]) -> list[Row]:
    """Return the exits and the orders that may only reduce, as approved."""
    return [row for topic, row in rows if topic == "decisions" and row["kind"] == "exit"]


@given(steps=_steps)
@few
def test_exits_never_exceed_the_position_beside_what_already_closes_it(
    steps: list[tuple[str, Any, Any]],
) -> None:
    desk = open_desk(only(drawdown={"drawdown_ratio_max": "0.05"}), balance=100_000)

    for step in steps:
        before = len(desk.out)
        take(desk, step)
        if not exits_of(desk.out[before:]):
            continue
        state = desk.state()
        held = {row["symbol"]: Decimal(row["quantity"]) for row in state["positions"]}
        closing: dict[str, Decimal] = defaultdict(Decimal)
        for row in state["reservations"]:
            if (row["side"] == "sell") == (held.get(row["symbol"], Decimal(0)) > 0):
                closing[row["symbol"]] += Decimal(row["quantity"])
        for exit_ in exits_of(desk.out[before:]):
            assert closing[exit_["symbol"]] <= abs(held[exit_["symbol"]])


def value_of(row: Row) -> Decimal:
    """Return the notional of a position at its mark."""
    return abs(Decimal(row["quantity"])) * Decimal(row["mark_price"] or 0)


def equity_of(state: Row) -> Decimal:
    """Return what was paid in, and what all positions won or lost."""
    won = (
        Decimal(row["realized_pnl"]) + Decimal(row["unrealized_pnl"]) for row in state["positions"]
    )
    return sum(won, Decimal(100_000))


@given(steps=_steps)
@few
def test_books_are_sane_after_every_step(steps: list[tuple[str, Any, Any]]) -> None:
    desk = open_desk(only(drawdown={"drawdown_ratio_max": "0.05"}), balance=100_000)

    for step in steps:
        take(desk, step)
        state = desk.state()

        assert all(Decimal(row["quantity"]) > 0 for row in state["reservations"])
        assert bool(state["stops"]) == (state["trading_state"] != "active")
        if state["equity"] is not None:
            assert Decimal(state["gross_exposure"]) == sum(map(value_of, state["positions"]))
            assert abs(Decimal(state["equity"]) - equity_of(state)) < Decimal("1e-20")
    assert desk.sent("dead_letters") == []
    assert desk.alerts("internal_error") == []


@given(steps=_steps)
@few
def test_history_repeats_itself_to_the_byte(steps: list[tuple[str, Any, Any]]) -> None:
    first = open_desk(only(drawdown={"drawdown_ratio_max": "0.05"}), balance=100_000)
    for step in steps:
        take(first, step)
    first.wait(0)

    again = Desk()
    for topic, key, at_ms, value in first.sends:
        again.driver.now_ms = at_ms
        again.driver.feed(topic, key, value)
    again.wait(first.now_ms - again.now_ms)

    assert again.driver.lines == first.driver.lines
    assert again.state() == first.state()


@given(steps=_steps, at=st.integers(0, 100))
@few
def test_outputs_of_a_prefix_are_a_prefix_of_all_outputs(
    steps: list[tuple[str, Any, Any]], at: int
) -> None:
    whole = open_desk(only(drawdown={"drawdown_ratio_max": "0.05"}), balance=100_000)
    for step in steps:
        take(whole, step)

    part = Desk()
    for topic, key, at_ms, value in whole.sends[: at % len(whole.sends)]:
        part.driver.now_ms = at_ms
        part.driver.feed(topic, key, value)

    assert part.driver.lines == whole.driver.lines[: len(part.driver.lines)]
