"""The gate: what every rule answers to an order, and the largest quantity that passes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isqrt
from statistics import NormalDist
from typing import Any

from tests.oracle.model.account import Account
from tests.oracle.model.exact import Number, floor_to, measure, number
from tests.oracle.model.exposure import (
    Extra,
    net_of_orders,
    opening,
    opening_quantity,
    worst,
    worst_quantity,
)
from tests.oracle.model.loss import has_no_base, loss_of

__all__ = ["ENTRY_RULES", "RULES", "SIZE_RULES", "Check", "Order", "at_risk", "weighed_worst"]

ZERO = Number(0)
ONE = Number(1)
PASS, BREACH = False, True
Json = dict[str, Any]


@dataclass(frozen=True)
class Order:
    """A signal with what is known of its market."""

    signal: Json
    side: str
    quantity: Number | None  # Floored, or as sized; None: no size.
    asked: Number | None
    reference: Number | None  # Fresh, else None.
    price: Number | None  # The order price.
    entry_price: Number | None
    notional_price: Number | None
    stop: Number | None
    is_exit: bool
    lot: Number = ONE

    @property
    def symbol(self) -> str:
        return str(self.signal["symbol"])

    @property
    def limit_price(self) -> Number | None:
        return number(self.signal.get("limit_price"))

    @property
    def extra(self) -> Extra | None:
        if self.quantity is None or self.price is None:
            return None
        return Extra(self.symbol, self.side, self.quantity, self.price)


@dataclass(frozen=True)
class Check:
    """One rule's answer before exemption: breach, numbers, and whether the rule is at fault."""

    breach: bool
    measured: Number | None = None
    limit: Number | None = None
    unit: str | None = None
    at_fault: bool = True  # False: the rule only lacks what another rule owns.
    minimum: bool = False
    exempt: bool = False
    headroom: bool = True


def cap(measured: Number | None, limit: Number | None, unit: str) -> Check:
    """Answer of a rule with a maximum; unknown is a breach that is not its own."""
    if measured is None or limit is None:
        return Check(BREACH, measured, limit, unit, at_fault=False)
    return Check(measured > limit, measured, limit, unit)


# The rules without money


def _trading_state(account: Account, order: Order) -> Check:
    state = account.state()
    if state == "active":
        return Check(PASS)
    halted_exits = account.limits.value("trading_state", "halt_exits")
    if order.is_exit and (state == "reducing" or halted_exits):
        return Check(PASS)
    return Check(BREACH)


def _unknown_account(account: Account, order: Order) -> Check:
    return Check(account.currency is None)


def _unknown_instrument(account: Account, order: Order) -> Check:
    return Check(order.symbol not in account.instruments)


def _heartbeat(account: Account, order: Order) -> Check:
    limit = account.limits.number("heartbeat", "heartbeat_age_ms_max")
    if account.heartbeat_ms is None:
        return Check(BREACH, None, limit, "ms")
    return cap(Number(max(account.now_ms - account.heartbeat_ms, 0)), limit, "ms")


def _signal_age(account: Account, order: Order) -> Check:
    age = Number(account.now_ms - order.signal["created_at_ms"])
    limit = account.limits.needed("signal_age", "signal_age_ms_max")
    skew = account.limits.needed("prices", "clock_skew_ms_max")
    expires = order.signal.get("expires_at_ms")
    over = expires is not None and account.now_ms >= expires
    return Check(age > limit or age < -skew or over, age, limit, "ms")


def _instrument(account: Account, order: Order) -> Check:
    found = account.instruments.get(order.symbol)
    if found is None:
        return Check(BREACH, at_fault=False)
    tick = number(found["tick_size"]) or ZERO
    price, stop = order.limit_price, number(order.signal.get("stop_price"))
    for value in (price, stop):
        if value is not None and value <= 0:
            return Check(BREACH, value, ZERO, "price", headroom=False)
    if price is not None and price % tick:
        return Check(BREACH, price, tick, "price", headroom=False)
    most, quantity = number(found.get("max_quantity")), order.quantity
    if quantity is None:
        priced = order.notional_price is None and found.get("min_notional") is not None
        return Check(BREACH, unit="money" if priced else "quantity", at_fault=False)
    small = _too_small(account, order, quantity)
    return small or Check(most is not None and quantity > most, quantity, most, "quantity")


def _too_small(account: Account, order: Order, quantity: Number) -> Check | None:
    """Answer of `instrument` to an order below the minimums; the whole rest may leave."""
    found = account.instruments[order.symbol]
    if order.is_exit and quantity == floor_to(account.proven(order.symbol), order.lot):
        return None
    least = max(number(found["min_quantity"]) or ZERO, ZERO)
    if quantity < least or quantity <= 0:
        return Check(BREACH, quantity, least, "quantity", minimum=True)
    money, contract = number(found.get("min_notional")), account.contract(order.symbol)
    if money is None or contract is None:
        return None
    if order.notional_price is None:
        return Check(BREACH, None, None, "money", at_fault=False)
    worth = contract.value(quantity, order.notional_price)
    return Check(BREACH, worth, money, "money", minimum=True) if worth < money else None


def below_minimum(account: Account, order: Order, quantity: Number) -> bool:
    """Tell whether an order of this size is below the instrument's minimums."""
    return _too_small(account, order, quantity) is not None


def _instrument_status(account: Account, order: Order) -> Check:
    found = account.instruments.get(order.symbol, {})
    return Check(found.get("status", "trading") != "trading")


def _restricted(account: Account, order: Order) -> Check:
    denied = account.limits.value("restricted_symbols", "denied") or []
    allowed = account.limits.value("restricted_symbols", "allowed")
    return Check(order.symbol in denied or (allowed is not None and order.symbol not in allowed))


def _trading_hours(account: Account, order: Order) -> Check:
    found = account.instruments.get(order.symbol)
    if found is None:
        return Check(BREACH, unit="ms", at_fault=False)
    if found.get("session") is None:
        return Check(PASS)
    close_ms = next((s["close_ms"] for s in account.sessions if _is_open(s, account.now_ms)), None)
    minutes = account.limits.number("trading_hours", "minutes_before_close")
    if close_ms is None or not minutes:
        return Check(close_ms is None)
    left, limit = Number(close_ms - account.now_ms), minutes * 60_000
    return Check(left < limit, left, limit, "ms", minimum=True)


def _is_open(session: Json, now_ms: int) -> bool:
    if not session["open_ms"] <= now_ms < session["close_ms"]:
        return False
    if session.get("break_start_ms") is None:
        return True
    return not session["break_start_ms"] <= now_ms < session["break_end_ms"]


def _stale_mark(account: Account, order: Order) -> Check:
    limit = account.limits.needed("prices", "mark_age_ms_max")
    names = {order.symbol} | {n for n in account.held() if not account.is_left_out(n)}
    ages = [account.age_ms(name) for name in names]
    known = [age for age in ages if age is not None]
    if len(known) < len(ages):
        return Check(BREACH, None, limit, "ms")
    oldest = Number(max(known))
    return Check(oldest > limit, oldest, limit, "ms")


def _unknown_rate(account: Account, order: Order) -> Check:
    limit = account.limits.needed("prices", "mark_age_ms_max")
    needed = set()
    for name in {order.symbol, *account.held()}:
        contract = account.contract(name)
        if contract is not None and account.currency not in (None, contract.settlement):
            needed.add(contract.settlement)
    if not needed:
        return Check(PASS, None, limit, "ms")
    if any(currency not in account.rates for currency in needed):
        return Check(BREACH, None, limit, "ms")
    oldest = Number(max(account.now_ms - account.rates[currency][1] for currency in needed))
    return Check(oldest > limit, oldest, limit, "ms")


def _price_collar(account: Account, order: Order) -> Check:
    limit = account.limits.needed("price_collar", "collar_ratio")
    price = order.limit_price
    if price is None:
        return Check(PASS, None, limit, "ratio")
    if order.reference is None:
        return Check(BREACH, None, limit, "ratio", at_fault=False, exempt=order.is_exit)
    return cap(measure(abs(price / order.reference - 1)), limit, "ratio")


def _stop_side(account: Account, order: Order) -> Check:
    stop, entry = number(order.signal.get("stop_price")), order.entry_price
    if stop is None:
        return Check(PASS)
    if entry is None:
        return Check(BREACH, None, None, "price", at_fault=False)
    wrong = stop >= entry if order.side == "buy" else stop <= entry
    return Check(wrong, stop, entry, "price", minimum=order.side == "sell")


def _confidence(account: Account, order: Order) -> Check:
    least = account.limits.needed("confidence", "confidence_min")
    given = number(order.signal.get("confidence"))
    if given is None:
        return Check(least > 0, None if least > 0 else Number(1), least, "ratio", minimum=True)
    return Check(given < least, given, least, "ratio", minimum=True)


def _reduce_only(account: Account, order: Order) -> Check:
    return Check(bool(order.signal.get("reduce_only")) and not order.is_exit)


# The rules with money


def rate_of(account: Account, symbol: str) -> Number | None:
    """Return the fresh rate of a symbol's settlement currency."""
    contract = account.contract(symbol)
    return None if contract is None else account.rate(contract.settlement)


def notional(account: Account, order: Order) -> Number | None:
    """Return the notional of the order."""
    contract, rate = account.contract(order.symbol), rate_of(account, order.symbol)
    if contract is None or rate is None or order.quantity is None:
        return None
    if order.notional_price is None:
        return None
    return contract.value(order.quantity, order.notional_price) * rate


def of_equity(account: Account, value: Number | None, limit: Number | None) -> Check:
    """Answer of a rule that measures a part of equity."""
    equity = account.equity()
    if equity is None or value is None:
        return Check(BREACH, None, limit, "ratio", at_fault=equity is not None and equity <= 0)
    if equity <= 0:
        return Check(BREACH, None, limit, "ratio")
    return cap(measure(value / equity), limit, "ratio")


def _order_notional(account: Account, order: Order) -> Check:
    limit = account.limits.named("order_notional", "order_notional_max", order.symbol)
    if limit is None:
        return Check(PASS, notional(account, order), None, "money")
    return cap(notional(account, order), limit, "money")


def _order_ratio(account: Account, order: Order) -> Check:
    limit = account.limits.number("order_ratio", "order_ratio_max")
    return of_equity(account, notional(account, order), limit)


def own_worst(account: Account, order: Order) -> Number | None:
    """Return the worst case notional of the order's symbol with it."""
    if order.extra is None:
        return None
    return worst(account, order.symbol, order.side, order.extra)


def _position_ratio(account: Account, order: Order) -> Check:
    limit = account.limits.named("position_ratio", "position_ratio_max", order.symbol)
    return of_equity(account, own_worst(account, order), limit)


def _position_quantity(account: Account, order: Order) -> Check:
    limit = account.limits.named("position_quantity", "position_quantity_max", order.symbol)
    if order.quantity is None:
        return Check(BREACH, None, limit, "quantity", at_fault=False)
    extra = Extra(order.symbol, order.side, order.quantity, ZERO)
    return cap(worst_quantity(account, order.symbol, order.side, extra), limit, "quantity")


def others_worst(account: Account, order: Order) -> dict[str, Number | None]:
    """Return the larger worst case of every other symbol."""
    names = set(account.held()) | {r.symbol for r in account.open_reservations()}
    found: dict[str, Number | None] = {}
    for name in names - {order.symbol}:
        buy, sell = worst(account, name, "buy"), worst(account, name, "sell")
        found[name] = None if buy is None or sell is None else max(buy, sell)
    return found


def total_worst(account: Account, order: Order, within: set[str] | None = None) -> Number | None:
    """Return worst case notional over all symbols, or those within a group."""
    total = own_worst(account, order)
    for name, value in others_worst(account, order).items():
        if within is not None and name not in within:
            continue
        if total is None or value is None:
            return None
        total += value
    return total


def _gross(account: Account, order: Order) -> Check:
    total, equity = total_worst(account, order), account.equity()
    ratio = account.limits.number("gross_exposure", "gross_exposure_ratio_max")
    money = account.limits.number("gross_exposure", "gross_exposure_max")
    known = total is not None and equity is not None and equity > 0
    if known and money is not None and money <= (ratio or ZERO) * (equity or ZERO):
        return cap(total, money, "money")  # The smaller limit counts.
    return of_equity(account, total, ratio)


def _net(account: Account, order: Order) -> Check:
    limit = account.limits.number("net_exposure", "net_exposure_ratio_max")
    net = None if order.extra is None else net_of_orders(account, order.side, order.extra)
    return of_equity(account, net, limit)


def _group(account: Account, order: Order) -> Check:
    groups = account.instruments.get(order.symbol, {}).get("groups", [])
    found = []
    for group in groups:
        limit = account.limits.named("group_exposure", "group_exposure_ratio_max", group)
        if limit is None:
            continue
        members = {n for n, i in account.instruments.items() if group in i.get("groups", [])}
        found.append(of_equity(account, total_worst(account, order, members), limit))
    if not found:
        return Check(PASS, None, None, "ratio")
    return min(found, key=lambda c: (c.limit or ZERO) - (c.measured or ZERO))


def _open_positions(account: Account, order: Order) -> Check:
    limit = account.limits.number("open_positions", "open_positions_max")
    names = {n for n in account.held() if not account.is_left_out(n)}
    names |= {r.symbol for r in account.open_reservations()} | {order.symbol}
    return cap(Number(len(names)), limit, "count")


def free_cash(account: Account) -> Number | None:
    """Return balance less the cost of positions and what orders would open."""
    fee = 1 + account.limits.needed("cash", "fee_ratio")
    free = account.balance()
    for name in account.held():
        rate = rate_of(account, name)
        if rate is None:
            return None
        free -= abs(account.positions[name].cost) * rate
    for name in {r.symbol for r in account.open_reservations()}:
        for side in ("buy", "sell"):
            opens = opening(account, name, side)
            if opens is None:
                return None
            free -= opens * fee
    return free


def _cash(account: Account, order: Order) -> Check:
    if account.currency is None:
        return cap(None, None, "money")
    fee = 1 + account.limits.needed("cash", "fee_ratio")
    limit = free_cash(account)
    worth = notional(account, order)
    if worth is None or not order.quantity:
        return cap(worth, limit, "money")
    before = opening_quantity(account, order.symbol, order.side)
    extra = Extra(order.symbol, order.side, order.quantity, ZERO)
    after = opening_quantity(account, order.symbol, order.side, extra)
    return cap(measure(worth * (after - before) / order.quantity * fee), limit, "money")


def _margin(account: Account, order: Order) -> Check:
    ratio = account.limits.number("margin", "initial_margin_ratio")
    leverage = account.limits.number("margin", "leverage")
    share = (Number(1) if ratio is None else ratio) / (Number(1) if leverage is None else leverage)
    own, all_of_it = own_worst(account, order), total_worst(account, order)
    equity = account.equity()
    if equity is not None and equity <= 0:
        return Check(BREACH, unit="money")
    if own is None or all_of_it is None or equity is None:
        return cap(None, None, "money")
    return cap(measure(own * share), measure(equity - (all_of_it - own) * share), "money")


def risk_of_unit(account: Account, order: Order) -> Number | None:
    """Return what one unit loses at its stop, fees included."""
    contract, rate = account.contract(order.symbol), rate_of(account, order.symbol)
    entry, stop = order.entry_price, order.stop
    if contract is None or rate is None or entry is None or stop is None:
        return None
    fee = account.limits.needed("risk_per_trade", "fee_ratio")
    if contract.inverse:
        one, other = contract.value(Number(1), entry), contract.value(Number(1), stop)
        return (abs(one - other) + fee * (one + other)) * rate
    return (abs(entry - stop) + fee * (entry + stop)) * contract.multiplier * rate


def _risk_per_trade(account: Account, order: Order) -> Check:
    equity, unit = account.equity(), risk_of_unit(account, order)
    ratio = account.limits.needed("risk_per_trade", "risk_per_trade_ratio")
    limit = None if equity is None else equity * ratio
    if unit is None or order.quantity is None or limit is None:
        return Check(BREACH, None, limit, "money", at_fault=equity is not None and equity <= 0)
    if equity is not None and equity <= 0:
        return Check(BREACH, None, limit, "money")
    return cap(measure(order.quantity * unit), limit, "money")


def at_risk(account: Account, weighed: Number) -> Number:
    """Return the parametric value at risk of notionals times volatility."""
    confidence = account.limits.value("value_at_risk", "var_confidence")
    deviations = Number(f"{NormalDist().inv_cdf(float(confidence)):.12g}")
    bars = int(account.limits.needed("value_at_risk", "horizon_bars"))
    root = Number(isqrt(bars * 10**80), 10**40)
    return deviations * root * weighed


def weighed_worst(account: Account, without: str | None = None) -> Number | None:
    """Return the sum of worst cases times volatility; None while one is unknown."""
    total = ZERO
    for name in set(account.held()) | {r.symbol for r in account.open_reservations()}:
        buy, sell = worst(account, name, "buy"), worst(account, name, "sell")
        quote = account.quote(name)
        if name == without:
            continue
        if buy is None or sell is None or quote is None or quote.ewma is None:
            return None
        total += max(buy, sell) * quote.ewma
    return total


def _value_at_risk(account: Account, order: Order) -> Check:
    equity, ratio = account.equity(), account.limits.needed("value_at_risk", "var_ratio_max")
    limit, quote = None if equity is None else equity * ratio, account.quote(order.symbol)
    names = {order.symbol, *account.held(), *(r.symbol for r in account.open_reservations())}
    quotes = [account.quote(name) for name in names]
    own = own_worst(account, order)
    if any(found is None or found.ewma is None for found in quotes):
        return Check(BREACH, None, limit, "money")  # No other rule owns the volatility.
    others = weighed_worst(account, without=order.symbol)
    if equity is None or own is None or others is None or quote is None or quote.ewma is None:
        return Check(BREACH, None, limit, "money", at_fault=False)
    if equity <= 0:
        return Check(BREACH, None, limit, "money")
    return cap(measure(at_risk(account, others + own * quote.ewma)), limit, "money")


def _circuit_breaker(account: Account, order: Order) -> Check:
    breaker, now_ms = account.breaker, account.now_ms
    phase = breaker.phase(account.limits, now_ms)
    if phase == "closed":
        return Check(PASS)
    symbols = {r.symbol for r in account.open_reservations()}
    reserved = any(opening_quantity(account, n, side) for n in symbols for side in ("buy", "sell"))
    if phase == "open" or breaker.entered or reserved:
        return Check(BREACH)
    scale = account.limits.needed("circuit_breaker", "half_open_scale")
    limit = scale * (order.asked or ZERO)
    limit = floor_to(limit, order.lot) if order.symbol in account.instruments else limit
    return cap(order.quantity or ZERO, limit, "quantity")


def _stopout_guard(account: Account, order: Order) -> Check:
    if not account.stopouts.found:
        return Check(PASS)
    limit = account.limits.needed("stopout_guard", "stopouts_max")
    count = account.stopouts.count(order.symbol, account.limits, account.now_ms)
    return Check(count >= limit, count, limit, "count")


def _loss(rule: str) -> Callable[[Account, Order], Check]:
    def check(account: Account, order: Order) -> Check:
        measured, limit = loss_of(account, rule, account.equity())
        unit = "ratio" if rule == "drawdown" else "money"
        found = cap(measured, limit, unit)
        if rule == "balance_floor":
            below = measured is None or limit is None or measured < limit or measured <= 0
            found = replace(found, breach=below, minimum=True)
        if has_no_base(account, rule):
            return replace(found, breach=True, at_fault=measured is not None)
        return found

    return check


def _volatility_halt(account: Account, order: Order) -> Check:
    quote = account.quote(order.symbol)
    ratio = account.limits.needed("volatility_halt", "volatility_ratio_max")
    if quote is None or quote.ewma is None or quote.long_run is None:
        strict = bool(account.limits.value("volatility_halt", "require_history"))
        return Check(strict)
    return cap(quote.ewma, measure(ratio * quote.long_run), "ratio")


def _order_rate(account: Account, order: Order) -> Check:
    window = account.limits.needed("order_rate", "window_ms")
    recent = [at for at, _ in account.approvals if at > account.now_ms - window]
    limit = account.limits.number("order_rate", "orders_max")
    return cap(Number(len(recent) + 1), limit, "count")


def repetition(order: Order) -> tuple[Any, ...]:
    """Return what makes two orders the same."""
    return (order.symbol, order.side, order.asked, order.limit_price)


def _repeated(account: Account, order: Order) -> Check:
    window = account.limits.needed("repeated_order", "window_ms")
    limit = account.limits.number("repeated_order", "repeats_max")
    if order.asked is None:
        return Check(BREACH, None, None, "count", at_fault=False)
    same = [
        at
        for at, what in account.approvals
        if at > account.now_ms - window and what == repetition(order)
    ]
    return cap(Number(len(same) + 1), limit, "count")


def _too_many(account: Account, order: Order) -> Check:
    return Check(PASS, Number(len(account.open_reservations()) + 1), Number(1000), "count")


def _passes(account: Account, order: Order) -> Check:
    return Check(PASS)


# In the order of the gate; risk_score comes last and is measured apart.
RULES: dict[str, Callable[[Account, Order], Check]] = {
    "duplicate_signal": _passes,
    "trading_state": _trading_state,
    "unknown_account": _unknown_account,
    "unknown_instrument": _unknown_instrument,
    "heartbeat": _heartbeat,
    "signal_age": _signal_age,
    "instrument": _instrument,
    "instrument_status": _instrument_status,
    "restricted_symbols": _restricted,
    "trading_hours": _trading_hours,
    "stale_mark": _stale_mark,
    "unknown_rate": _unknown_rate,
    "price_collar": _price_collar,
    "stop_side": _stop_side,
    "confidence": _confidence,
    "reduce_only": _reduce_only,
    "order_notional": _order_notional,
    "order_ratio": _order_ratio,
    "position_ratio": _position_ratio,
    "position_quantity": _position_quantity,
    "gross_exposure": _gross,
    "net_exposure": _net,
    "group_exposure": _group,
    "open_positions": _open_positions,
    "cash": _cash,
    "margin": _margin,
    "risk_per_trade": _risk_per_trade,
    "value_at_risk": _value_at_risk,
    "balance_floor": _loss("balance_floor"),
    "daily_loss": _loss("daily_loss"),
    "weekly_loss": _loss("weekly_loss"),
    "drawdown": _loss("drawdown"),
    "circuit_breaker": _circuit_breaker,
    "stopout_guard": _stopout_guard,
    "volatility_halt": _volatility_halt,
    "order_rate": _order_rate,
    "repeated_order": _repeated,
    "too_many": _too_many,
}
NO_ENTRY_RULES = {
    "duplicate_signal", "trading_state", "unknown_instrument", "signal_age", "instrument",
    "price_collar", "reduce_only",
}  # fmt: skip
ENTRY_RULES = {*RULES, "risk_score"} - NO_ENTRY_RULES
SIZE_RULES = {
    "instrument", "trading_state", "reduce_only", "order_notional", "order_ratio",
    "position_ratio", "position_quantity", "gross_exposure", "net_exposure", "group_exposure",
    "cash", "margin", "risk_per_trade", "value_at_risk", "circuit_breaker", "risk_score",
}  # fmt: skip
