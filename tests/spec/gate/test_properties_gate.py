"""Every rule on at limits drawn at random, over three kinds of contract: cuts are the largest."""

from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.streams.settings import Settings
from tests.spec.desk import MINUTE, SECOND, Desk, Row, open_desk
from tests.spec.rulebook import Rules, only

few = settings(max_examples=40, deadline=None)
LOTS = {"L": Decimal("0.1"), "E": Decimal(3), "I": Decimal(1)}
SHORT = Settings.model_construct(long_run_bars=3, atr_periods=2)

_ratio = st.integers(1, 3000).map(lambda n: str(Decimal(n) / 1000))
_fee = st.integers(0, 20).map(lambda n: str(Decimal(n) / 1000))
_money = st.integers(50, 30_000).map(str)
_of_two = {"a": _ratio, "b": _ratio}


def _rule(**parameters: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(parameters)


def _maybe(**parameters: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(st.just({}), st.fixed_dictionaries(parameters))


_warn = st.just("warn")
_rules: st.SearchStrategy[Rules] = st.fixed_dictionaries(
    {
        "order_notional": _maybe(order_notional_max=_rule(**{"L": _money, "*": _money})),
        "order_ratio": _maybe(order_ratio_max=_ratio),
        "position_ratio": _rule(position_ratio_max=_ratio),
        "position_quantity": _maybe(position_quantity_max=st.integers(1, 300)),
        "gross_exposure": _rule(gross_exposure_ratio_max=_ratio),
        "net_exposure": _maybe(net_exposure_ratio_max=_ratio),
        "group_exposure": _rule(group_exposure_ratio_max=_rule(**_of_two)),
        "cash": _rule(fee_ratio=_fee),
        "margin": st.one_of(_maybe(leverage=_ratio), _rule(initial_margin_ratio=_ratio)),
        "risk_per_trade": _rule(fee_ratio=_fee, risk_per_trade_ratio=_fee),
        "value_at_risk": _rule(var_ratio_max=_ratio, horizon_bars=st.just(2), on_breach=_warn),
        "price_collar": _rule(collar_ratio=st.sampled_from(["0", "0.05", "0.2"])),
        "restricted_symbols": _rule(denied=st.sampled_from([[], [], [], ["L"]])),
        "open_positions": _rule(open_positions_max=st.integers(1, 3)),
        "daily_loss": _rule(on_breach=_warn, daily_loss_ratio_max=st.just("0.5")),
        "drawdown": _rule(on_breach=_warn, drawdown_ratio_max=st.just("0.5")),
        "stale_mark": st.just({}),
        "stop_side": st.just({}),
        "confidence": st.just({}),
    }
)


class Order(NamedTuple):
    symbol: str
    side: str
    lots: int
    price: str | None
    then: str  # What becomes of it: ended, working, or half of it filled.
    mark: str | None  # The market after it.

    def ask(self, desk: Desk, quantity: Decimal) -> Row:
        """Ask for this order at a quantity."""
        return desk.signal(self.side, quantity, symbol=self.symbol, limit_price=self.price)

    def try_out(self, desk: Desk, quantity: Decimal) -> Row:
        """Ask for it and take it back."""
        decision = self.ask(desk, quantity)
        desk.order(decision["signal_id"], "rejected", symbol=self.symbol)
        return decision


_orders = st.builds(
    Order,
    st.sampled_from(sorted(LOTS)),
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 3000),
    st.one_of(st.none(), st.integers(9000, 11_000).map(lambda n: str(Decimal(n) / 1000))),
    st.sampled_from(["ended", "working", "filled"]),
    st.sampled_from([None, None, "9", "9.7", "10.4"]),
)


def market(desk: Desk, price: str) -> None:
    """Quote everything about a price."""
    for symbol in LOTS:
        bid, ask = Decimal(price) - Decimal("0.01"), Decimal(price) + Decimal("0.02")
        desk.price(None, symbol, bid=bid, ask=ask)
    desk.price("1.13", "EURUSD")
    desk.price("9.7", "BTCUSD")


def desk_with(rules: Rules, most: str | None, least: str | None) -> Desk:
    """Return a desk with three closed bars, in dollars, euros and coins of an inverse contract."""
    desk = open_desk(only(**rules), mark=None, settings=SHORT)
    bounds = {"max_quantity": most, "min_notional": least, "tick_size": "0.0001"}
    desk.instrument("L", lot_size="0.1", min_quantity="0.3", groups=["a", "b"], **bounds)
    euro = {"settlement_currency": "EUR", "multiplier": "0.7", **bounds}
    desk.instrument("E", lot_size="3", min_quantity="6", groups=["b"], **euro)
    coin = {"base_currency": "BTC", "settlement_currency": "BTC", "multiplier": "100", **bounds}
    desk.instrument("I", kind="inverse", groups=["a"], **coin)
    desk.instrument("EURUSD", base_currency="EUR", settlement_currency="USD")
    desk.instrument("BTCUSD", base_currency="BTC", settlement_currency="USD")
    for price in ("10", "10.3", "9.9"):
        market(desk, price)
        desk.wait(MINUTE)
    market(desk, "10")
    return desk


def breached(decision: Row) -> list[str]:
    """Name the rules whose checks breach."""
    return [check["rule"] for check in decision["checks"] if check["verdict"] == "breach"]


def go_on(desk: Desk, order: Order, approved: Decimal) -> None:
    """Leave what was approved working, or half of it filled; let the market move."""
    if approved and order.then != "ended":
        decision = order.ask(desk, approved)
        lot = LOTS[order.symbol]
        half = approved // (2 * lot) * lot
        if half and order.then == "filled":
            named = {"symbol": order.symbol, "signal_id": decision["signal_id"]}
            desk.fill(order.side, half, order.price or "10", **named)
    if order.mark is not None:
        desk.wait(SECOND)
        market(desk, order.mark)


@given(
    rules=_rules,
    orders=st.lists(_orders, min_size=1, max_size=6),
    most=st.sampled_from([None, "40", "100"]),
    least=st.sampled_from([None, "60"]),
)
@few
def test_approved_quantity_passes_and_one_lot_more_breaches(
    rules: Rules, orders: list[Order], most: str | None, least: str | None
) -> None:
    desk = desk_with(rules, most, least)

    for order in orders:
        lot = LOTS[order.symbol]
        asked = order.lots * lot
        decision = order.try_out(desk, asked)
        approved = Decimal(decision["approved_quantity"])

        assert (decision["verdict"] == "approved") == (approved == asked)
        assert (not breached(decision)) == (approved == asked)
        assert not approved or order.try_out(desk, approved)["verdict"] == "approved"
        if approved < asked:
            more = breached(order.try_out(desk, approved + lot))
            assert more
            assert decision["verdict"] == "rejected" or decision["binding_rule"] == more[0]
        go_on(desk, order, approved)
    assert desk.alerts("internal_error") == []
