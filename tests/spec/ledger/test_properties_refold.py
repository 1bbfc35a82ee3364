"""Fills, busts and corrections in any order end as if only what is left of them had come."""

from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.spec.desk import SECOND, Desk, Row, open_desk
from tests.spec.rulebook import only

few = settings(max_examples=40, deadline=None)


class Sent(NamedTuple):
    """One drawn message: a fill, what is said of one, or a price."""

    kind: str
    number: int  # Of the fill.
    quantity: int
    price: int
    fee: int


_sent = st.builds(
    Sent,
    st.sampled_from(["new", "new", "new", "bust", "correct", "price"]),
    st.integers(0, 7),
    st.integers(1, 9),
    st.integers(90, 110),
    st.integers(-2, 5),
)
_story = st.lists(_sent, min_size=3, max_size=25)
FEES: dict[str, dict[str, str]] = {
    "USD": {},
    "base": {"fee_currency": "E"},
    "third": {"fee_currency": "GBP"},
    "foreign": {},
}


def side_of(number: int) -> str:
    """Return the side of a fill id: it never changes."""
    return "buy" if number % 2 else "sell"


def market(fees: str) -> Desk:
    """Return a desk with an instrument whose fees come in a currency."""
    desk = open_desk(only(), mark=None)
    foreign = fees == "foreign"
    desk.instrument("EURUSD", base_currency="EUR")
    desk.instrument("GBPUSD", base_currency="GBP")
    desk.price("1.25", "EURUSD")
    desk.price("1.5", "GBPUSD")
    currency = "EUR" if foreign else "USD"
    desk.instrument("E", base_currency="E", settlement_currency=currency, multiplier="2")
    return desk


def send(desk: Desk, sent: Sent, fees: str, *, kind: str) -> None:
    """Send a fill, its bust or its correction, or move the prices."""
    if sent.kind == "price":
        desk.price(sent.price, "E")
        desk.price(Decimal(sent.price) / 64, "EURUSD")
        desk.price(Decimal(sent.price) / 32, "GBPUSD")
        return
    fields: dict[str, Any] = {"fee": str(sent.fee), **FEES[fees]}
    desk.fill(
        side_of(sent.number), sent.quantity, sent.price,
        symbol="E", fill_id=f"f{sent.number}", kind=kind, **fields,
    )  # fmt: skip


def left_of(story: list[Sent]) -> dict[int, Sent]:
    """Return what is left of the fills, by the step at which each came first."""
    places: dict[int, int] = {}
    said: dict[int, Sent] = {}
    busted: set[int] = set()
    for step, sent in enumerate(story):
        if sent.kind == "bust":
            busted.add(sent.number)
        elif sent.kind != "price" and (sent.number not in said or sent.kind == "correct"):
            places.setdefault(sent.number, step)
            said[sent.number] = sent
    return {places[number]: said[number] for number in said if number not in busted}


def told(desk: Desk) -> Row:
    """Return what an account has and earned, rounded where rates round."""
    state = desk.state()
    rows = [row for row in state["positions"] if row["symbol"] == "E"]
    numbers = {name: state[name] for name in ("balance", "equity", "gross_exposure")}
    numbers |= {f"daily {name}": state["daily"][name] for name in ("pnl", "realized")}
    for name in ("quantity", "average_price", "realized_pnl", "unrealized_pnl"):
        numbers[name] = rows[0][name] if rows else "0"
    return {k: v if v is None else round(Decimal(v), 12) for k, v in numbers.items()}


def age(desk: Desk) -> int | None:
    """Return when the position left zero, as time stops see it."""
    stop_levels = desk.holding("E").stop_levels
    return None if stop_levels is None else stop_levels.opened_ms


def stop(desk: Desk) -> Decimal | None:
    """Return the position's stop price."""
    stop_levels = desk.holding("E").stop_levels
    return None if stop_levels is None else stop_levels.stop


@pytest.mark.parametrize("fees", FEES)
@given(story=_story)
@few
def test_account_ends_as_if_only_the_fills_that_are_left_had_come(
    fees: str, story: list[Sent]
) -> None:
    desk, fresh, left = market(fees), market(fees), left_of(story)

    for step, sent in enumerate(story):
        for each in (desk, fresh):
            each.wait(SECOND)
        send(desk, sent, fees, kind=sent.kind)
        if sent.kind == "price":
            send(fresh, sent, fees, kind="price")
        elif step in left:
            send(fresh, left[step], fees, kind="new")

    assert told(desk) == told(fresh)
    assert age(desk) == age(fresh)
    assert stop(desk) == stop(fresh)
    if fees == "USD":
        assert_invariant(desk, list(left.values()))


def assert_invariant(desk: Desk, left: list[Sent]) -> None:
    """Check realized + unrealized = cash flows + quantity x mark x multiplier - fees."""
    told_now = told(desk)
    sign = {sent: 1 if side_of(sent.number) == "buy" else -1 for sent in left}
    flows = -sum(sign[sent] * sent.quantity * sent.price * 2 for sent in left)
    quantity = sum(sign[sent] * sent.quantity for sent in left)
    assert told_now["quantity"] == quantity
    if told_now["unrealized_pnl"] is not None:
        position = next((p for p in desk.state()["positions"] if p["symbol"] == "E"), None)
        mark = Decimal((position or {}).get("mark_price") or 0)
        value = flows + quantity * mark * 2 - sum(sent.fee for sent in left)
        assert told_now["realized_pnl"] + told_now["unrealized_pnl"] == value
