"""What acts after every event: loss limits, stops, exits, the peak."""

from typing import Any

from tests.oracle.model.account import Account, MetStop, Reservation, Stop
from tests.oracle.model.decision import order_price
from tests.oracle.model.exact import Number, ceil_to, floor_to, measure, number, quantity_text, text
from tests.oracle.model.exposure import position_notional
from tests.oracle.model.gate import RULES, at_risk, weighed_worst
from tests.oracle.model.loss import Loss, has_no_base, loss_of
from tests.oracle.model.violations import ended, excess, note, unmatched

__all__ = ["Output", "after_event", "by_rule", "lift", "open_stop"]

ZERO = Number(0)
Json = dict[str, Any]
Output = tuple[str, Json]  # Its kind: decision, stop or exit; and its fields.
STRENGTH = {"warn": 0, "reduce": 1, "halt": 2, "flatten": 3}
ACTIONS = {"reduce": [], "halt": ["cancel_all"], "flatten": ["cancel_all", "flatten"]}
# In the order of the gate's table.
LOSS_RULES = ("balance_floor", "daily_loss", "weekly_loss", "drawdown")


def _row(account: Account, stop: Stop, status: str, author: str | None = None) -> Output:
    row: Json = {
        "stop_id": stop.id,
        "status": status,
        "rule": stop.rule,
        "measured": text(stop.measured),
        "limit": text(stop.limit),
        "actions": ACTIONS[stop.level] if status == "triggered" else [],
        "positions": [
            {"symbol": name, "quantity": quantity_text(account.quantity(name))}
            for name in account.held()
        ],
        "author": author,
        "equity": text(account.equity()),
    }
    return "stop", row


def open_stop(
    account: Account,
    stop: Stop,
    author: str | None = None,
) -> list[Output]:
    """Open an emergency stop."""
    stop.opened_event = account.event
    account.stops.append(stop)
    return [_row(account, stop, "triggered", author)]


def lift(account: Account, stop: Stop, author: str | None) -> Output:
    """Lift an emergency stop."""
    account.stops.remove(stop)
    return _row(account, stop, "resumed", author)


def by_rule(account: Account, rule: str, level: str, numbers: Loss) -> list[Output]:
    """Open a rule's stop, unless one as strict is open."""
    if STRENGTH[level] == 0:
        return []
    if any(STRENGTH[stop.level] >= STRENGTH[level] for stop in account.stops):
        return []
    return open_stop(account, Stop(f"?{account.event}:{rule}", rule, level, *numbers))


# The peak


def raise_peak(account: Account) -> None:
    """Raise the peak to equity at the most cautious of the confirming marks."""
    if account.currency is None or account.equity() is None:
        return
    cautious = account.equity_at(min)
    assert cautious is not None
    account.peak = max(account.peak, cautious)
    if account.peak_baseline is not None:
        account.peak_baseline = max(account.peak_baseline, cautious)
        if account.peak_baseline >= account.peak:
            account.peak_baseline = None


# Loss limits


def _is_breached(account: Account, rule: str, numbers: Loss) -> bool:
    measured, limit = numbers
    if measured is None or limit is None:
        return False
    if has_no_base(account, rule):
        return False
    if rule == "balance_floor":
        return limit > 0 and measured < limit
    return measured > limit


Breach = tuple[str, str, Loss]  # Rule, what it does, its numbers.


def _losses(account: Account) -> list[Breach]:
    """Return the loss limits that are breached at the confirming marks too."""
    plain, kind = account.known_equity(), account.equity_at(max)
    found: list[Breach] = []
    unconfirmed = False
    for rule in LOSS_RULES:
        if not account.limits.enabled(rule):
            continue
        now = loss_of(account, rule, plain)
        if not _is_breached(account, rule, now):
            if plain is not None:
                ended(account, rule)
            continue
        if _is_breached(account, rule, loss_of(account, rule, kind)):
            found.append((rule, account.limits.value(rule, "on_breach"), now))
            note(account, rule, found[-1][1])
        else:
            unconfirmed = True
    account.confirming_breach = unconfirmed
    return found


def _value_at_risk(account: Account) -> list[Breach]:
    """Return value at risk, at the newest marks."""
    rule, equity, weighed = "value_at_risk", account.known_equity(), weighed_worst(account)
    if equity is None or not account.limits.enabled(rule):
        return []
    measured = None if weighed is None else measure(at_risk(account, weighed))
    limit = equity * account.limits.needed(rule, "var_ratio_max")
    if measured is None or measured <= measure(limit):
        ended(account, rule)
        return []
    level = account.limits.value(rule, "on_breach")
    note(account, rule, level)
    return [(rule, level, (measured, limit))]


def _exposures(account: Account) -> list[Breach]:
    """Return positions that marks pushed past their caps; only positions count, no orders."""
    equity = account.known_equity()
    if equity is None:
        return []
    return _of_positions(account, equity) + _of_all(account, equity)


def _of_positions(account: Account, equity: Number) -> list[Breach]:
    rule, found = "position_ratio", list[Breach]()
    if not account.limits.enabled(rule):
        return found
    level = account.limits.value(rule, "on_breach")
    for name in account.known:
        limit = account.limits.named(rule, "position_ratio_max", name)
        worth, key = position_notional(account, name) or ZERO, f"{rule}:{name}"
        if limit is None or not worth or not _is_past(worth, equity, limit):
            ended(account, key)
            continue
        note(account, key, level)
        found.append((rule, level, _past(worth, equity, limit)))
    return found


def _of_all(account: Account, equity: Number) -> list[Breach]:
    rule = "gross_exposure"
    if not account.limits.enabled(rule):
        return []
    total = sum((position_notional(account, name) or ZERO for name in account.held()), ZERO)
    ratio = account.limits.needed(rule, "gross_exposure_ratio_max")
    money = account.limits.number(rule, "gross_exposure_max")
    if money is not None and money < ratio * max(equity, ZERO):
        numbers: Loss | None = (total, money) if total > money else None
    else:
        past = bool(total) and _is_past(total, equity, ratio)
        numbers = _past(total, equity, ratio) if past else None
    if numbers is None:
        ended(account, rule)
        return []
    level = account.limits.value(rule, "on_breach")
    note(account, rule, level)
    return [(rule, level, numbers)]


def _is_past(worth: Number, equity: Number, limit: Number) -> bool:
    if equity <= 0:
        return worth > limit * equity
    return measure(worth / equity) > limit


def _past(worth: Number, equity: Number, limit: Number) -> Loss:
    return (measure(worth / equity) if equity > 0 else None), limit


def _stale_data(account: Account) -> list[Breach]:
    """Return stale data of a held symbol."""
    limit = account.limits.needed("stale_data", "stale_ms")
    ages = [account.age_ms(name) for name in account.held() if not account.is_left_out(name)]
    old = [age for age in ages if age is not None and age > limit]
    if not old or not account.limits.enabled("stale_data"):
        ended(account, "stale_data")
        return []
    level = account.limits.value("stale_data", "on_breach")
    note(account, "stale_data", level)
    return [("stale_data", level, (Number(max(old)), limit))]


def _overfill(account: Account) -> list[Breach]:
    """Return a fill beyond its order that is one too many."""
    if not account.limits.enabled("overfill"):
        return []
    since = account.now_ms - account.limits.needed("overfill", "window_ms")
    account.overfills = [(at, event) for at, event in account.overfills if at > since]
    limit = account.limits.needed("overfill", "overfills_max")
    count = Number(len(account.overfills))
    if not account.overfills or account.overfills[-1][1] != account.event:
        return []
    if count < limit:
        ended(account, "overfill")
        return []
    level = account.limits.value("overfill", "on_breach")
    note(account, "overfill", level)
    return [("overfill", level, (count, limit))]


def _act(account: Account) -> list[Output]:
    """Open one stop: of the strictest breach, the first in the gate's table."""
    found = sorted([*_exposures(account), *_value_at_risk(account), *_losses(account)], key=_place)
    stale = _stale_data(account)
    lifted = []
    if not stale:
        own = [stop for stop in account.stops if stop.rule == "stale_data"]
        lifted = [lift(account, stop, None) for stop in own]
    _note_position_stops(account)
    found += stale + _overfill(account)
    nobodys = unmatched(account)
    if nobodys is not None:
        found.append(("unmatched_fill", *nobodys))
    opened: list[Output] = []
    if found:
        strictest = max(STRENGTH[level] for _, level, _ in found)
        rule, level, numbers = next(f for f in found if STRENGTH[f[1]] == strictest)
        opened = by_rule(account, rule, level, numbers)
    return lifted + opened + _violation_rate(account)


def _violation_rate(account: Account) -> list[Output]:
    """Return the stop of too many violations; they are counted only now."""
    rule = "violation_rate"
    if not account.violated or not account.limits.enabled(rule):
        return []
    numbers = excess(account)
    if numbers is None:
        ended(account, rule)
        return []
    note(account, rule, account.limits.value(rule, "on_breach"))
    return by_rule(account, rule, account.limits.value(rule, "on_breach"), numbers)


def _note_position_stops(account: Account) -> None:
    """Count the stops of positions that are met; they close a position, not the account."""
    for symbol in account.held():
        for rule in EXIT_RULES:
            if not account.limits.enabled(rule):
                continue
            key, opening = f"{rule}:{symbol}", account.positions[symbol].opening
            if opening is not None and opening.event == account.event:
                ended(account, key)  # Of the position before.
            if _meets(account, symbol, rule):
                note(account, key, "reduce")
            else:
                ended(account, key)


def _place(breach: Breach) -> int:
    return list(RULES).index(breach[0])


# Exits


def stop_price(account: Account, symbol: str) -> Number | None:
    """Return the stop of the newest filled entry."""
    position = account.positions[symbol]
    if not position.entries:
        return None
    newest = position.entries[-1]
    if newest.distance is None:
        return newest.stop
    fills = [t for t in account.trades[symbol] if t.order == newest.order]
    total = sum((abs(t.filled) for t in fills), ZERO)
    contract = account.contract(symbol)
    if contract is not None and contract.inverse:
        average = total / sum((abs(t.filled) / t.price for t in fills), ZERO)
    else:
        average = sum((abs(t.filled) * t.price for t in fills), ZERO) / total
    away, tick = newest.distance, number(account.instruments[symbol]["tick_size"]) or ZERO
    if position.quantity > 0:
        return ceil_to(average - away, tick)
    return floor_to(average + away, tick)


def _best(account: Account, symbol: str) -> Number:
    opening = account.positions[symbol].opening
    assert opening is not None
    quotes = account.quotes.get(symbol, [])
    since = [q for q in quotes if q.event <= opening.event][-1:]
    since += [q for q in quotes if q.event > opening.event]
    long = account.quantity(symbol) > 0
    marks = [p for q in since if (p := q.side("bid" if long else "ask")) is not None]
    return (max if long else min)([opening.price, *marks])


def _meets(account: Account, symbol: str, rule: str) -> bool:
    mark, long = account.mark(symbol), account.quantity(symbol) > 0
    if rule == "time_stop":
        opening = account.positions[symbol].opening
        hold = account.limits.named(rule, "hold_ms_max", symbol)
        return hold is not None and opening is not None and account.now_ms - opening.at_ms > hold
    if mark is None:
        return False
    if rule == "stop_loss":
        stop = stop_price(account, symbol)
        return stop is not None and (mark <= stop if long else mark >= stop)
    if rule == "trailing_stop":
        ratio, best = account.limits.named(rule, "trailing_ratio", symbol), _best(account, symbol)
        if ratio is None:
            return False
        return measure((best - mark if long else mark - best) / best) > ratio
    return _volatility_stop(account, symbol, mark)


def _volatility_stop(account: Account, symbol: str, mark: Number) -> bool:
    multiple = account.limits.number("volatility_stop", "volatility_multiple")
    quote, contract = account.quote(symbol), account.contract(symbol)
    if multiple is None or quote is None or quote.atr is None or contract is None:
        return False
    position = account.positions[symbol]
    average = position.average(contract)
    against = average - mark if position.quantity > 0 else mark - average
    return measure(against) > multiple * quote.atr


EXIT_RULES = ("stop_loss", "trailing_stop", "time_stop", "volatility_stop")


def _request_exits(account: Account) -> None:
    """Note which positions a stop of theirs wants to close."""
    for symbol, met in list(account.met_stops.items()):
        opening = account.positions[symbol].opening
        if opening is None or opening.event != met.opening or not account.limits.enabled(met.rule):
            del account.met_stops[symbol]
    for symbol in account.held():
        opening = account.positions[symbol].opening
        assert opening is not None
        if symbol in account.met_stops:
            continue
        for rule in EXIT_RULES:
            if account.limits.enabled(rule) and _meets(account, symbol, rule):
                account.met_stops[symbol] = MetStop(rule, opening.event)
                break


def _exits(account: Account) -> list[Output]:
    _request_exits(account)
    if any(stop.level == "flatten" for stop in account.stops):
        return [
            sent
            for symbol in _by_opening(account)
            for sent in _send(account, symbol, "emergency_stop")
        ]
    barred = not account.limits.value("trading_state", "halt_exits")
    if barred and account.state() == "halted":
        return []
    found: list[Output] = []
    for symbol in _by_opening(account):
        met = account.met_stops.get(symbol)
        if met is None:
            continue
        sent = _send(account, symbol, met.rule)
        if sent:
            met.unfilled = sum((Number(fields["quantity"]) for _, fields in sent), ZERO)
        found += sent
    return found


def _by_opening(account: Account) -> list[str]:
    """Return the held symbols in the order in which their positions opened."""

    def opened(symbol: str) -> tuple[int, str]:
        opening = account.positions[symbol].opening
        assert opening is not None
        return opening.at_ms, symbol

    return sorted(account.held(), key=opened)


def _send(account: Account, symbol: str, reason: str) -> list[Output]:
    side = account.exit_side(symbol)
    assert side is not None
    lot = number(account.instruments[symbol]["lot_size"]) or Number(1)
    quantity = floor_to(account.proven(symbol), lot)
    working = [r for r in account.reserved(symbol, side) if r.exit_reason is not None]
    last = account.exits_sent.get(symbol)
    retry = account.limits.needed("exits", "exit_retry_ms")
    if quantity < account.minimum(symbol) or quantity <= 0 or working:
        return []
    if last is not None and account.now_ms - last < retry:
        return []
    account.exits_sent[symbol] = account.now_ms
    most = number(account.instruments[symbol].get("max_quantity"))
    piece = quantity if most is None else min(quantity, floor_to(most, lot))
    found = []
    while quantity >= account.minimum(symbol) and quantity > 0:
        found.append(_exit(account, symbol, side, min(piece, quantity), reason))
        quantity -= min(piece, quantity)
    return found


def _exit(account: Account, symbol: str, side: str, quantity: Number, reason: str) -> Output:
    name = f"?{account.event}:{symbol}:{len(account.reservations)}"
    price = order_price(account, symbol, side, stale=True) or ZERO
    ttl = int(account.limits.needed("reservation", "reservation_ttl_ms"))
    account.reservations.append(
        Reservation(
            name, symbol, side, quantity, quantity, price, account.now_ms, ttl, exit_reason=reason
        )
    )
    shown = {
        "exit_id": name,
        "symbol": symbol,
        "side": side,
        "quantity": quantity_text(quantity),
        "reason": reason,
    }
    return "exit", shown


def _can_close(account: Account, symbol: str) -> bool:
    lot = number(account.instruments[symbol]["lot_size"]) or Number(1)
    return floor_to(abs(account.quantity(symbol)), lot) >= max(account.minimum(symbol), lot)


def _progress(account: Account, *, moved: bool) -> list[Output]:
    """Report how far each flattening stop is."""
    flat = not account.open_reservations()
    flat = flat and not any(_can_close(account, name) for name in account.held())
    rows = []
    for stop in account.stops:
        if stop.level != "flatten":
            continue
        if not stop.flattened and (moved or (account.filled and stop.opened_event < account.event)):
            stop.flattened = True
            rows.append(_row(account, stop, "flattening"))
        if flat and not stop.flat:
            rows.append(_row(account, stop, "flat"))
        stop.flat = flat
    return rows


def after_event(account: Account) -> list[Output]:
    """Do what every event is followed by."""
    raise_peak(account)
    equity = account.known_equity()
    if equity is not None and account.limits.enabled("circuit_breaker"):
        account.breaker.equity(equity, account.flows, account.limits, account.now_ms)
    found = _act(account)
    exits = _exits(account)
    moved = any(fields["reason"] == "emergency_stop" for _, fields in exits)
    return found + exits + _progress(account, moved=moved)
