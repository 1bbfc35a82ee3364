"""One signal decided: its terms, its checks, the largest quantity that passes, the verdict."""

from dataclasses import dataclass, replace
from typing import Any

from tests.oracle.model.account import Account, Reservation
from tests.oracle.model.exact import (
    Number,
    ceil_to,
    floor_to,
    measure,
    number,
    quantity_text,
    text,
)
from tests.oracle.model.exposure import worst
from tests.oracle.model.gate import (
    ENTRY_RULES,
    RULES,
    SIZE_RULES,
    Check,
    Order,
    below_minimum,
    rate_of,
    repetition,
    risk_of_unit,
)
from tests.oracle.model.loss import drawdown_ratio, window_pnl

__all__ = ["decide", "order_price", "stop_of"]

ZERO = Number(0)
Json = dict[str, Any]
CONFIDENCE_STEPS = [("0.9", "1"), ("0.8", "0.8"), ("0.7", "0.6"), ("0.6", "0.4"), ("0", "0.2")]


@dataclass
class Judged:
    """What the gate found."""

    checks: dict[str, Check]
    reasons: list[str]
    approved: Number
    binding: str | None
    score: Number | None
    left: Number = ZERO  # What all rules but risk_score leave, minimums apart.
    owned: bool = True  # Each of the reasons is at fault itself.


def order_price(account: Account, symbol: str, side: str, *, stale: bool = False) -> Number | None:
    """Return the price of a market order: its reference with the collar."""
    reference = account.reference(symbol, side)
    if reference is None or not (stale or account.is_fresh(symbol)):
        return None
    collar = ZERO
    if account.limits.enabled("price_collar"):
        collar = account.limits.needed("price_collar", "collar_ratio")
    return reference * (1 + collar if side == "buy" else 1 - collar)


def _lot(account: Account, symbol: str) -> Number:
    found = account.instruments.get(symbol)
    return Number(1) if found is None else number(found["lot_size"]) or Number(1)


def is_exit(account: Account, symbol: str, side: str, quantity: Number) -> bool:
    """Tell whether an order can only reduce."""
    return side == account.exit_side(symbol) and ZERO < quantity <= account.proven(symbol)


def _terms(account: Account, signal: Json) -> Order:
    symbol, side = signal["symbol"], signal["side"]
    limit, asked = number(signal.get("limit_price")), number(signal.get("quantity"))
    fresh = account.is_fresh(symbol) and symbol in account.instruments
    reference = account.reference(symbol, side) if fresh else None
    price = limit if limit is not None else order_price(account, symbol, side)
    entry = limit if limit is not None else reference
    if limit is not None and reference is not None:
        entry = min(limit, reference) if side == "buy" else max(limit, reference)
    known = [p for p in (price, reference) if p is not None]
    at = price
    if side == "sell" and price is not None:
        at = max(known)
    lot = _lot(account, symbol)
    order = Order(
        signal, side, None, asked, reference, price, entry, at, None, is_exit=False, lot=lot
    )
    contract = account.contract(symbol)
    if contract is not None and contract.inverse and at is not None:
        order = replace(order, notional_price=min(known))
    order = replace(order, stop=stop_of(account, order))
    if asked is None:
        asked = _sized(account, order)
    if asked is None:
        return order
    if symbol not in account.instruments:  # Then the lot is unknown, too.
        return at_quantity(account, replace(order, asked=asked), asked)
    return at_quantity(account, replace(order, asked=asked), floor_to(asked, lot))


def at_quantity(account: Account, order: Order, quantity: Number) -> Order:
    """Return the order in another size; a proven exit is worth its order price."""
    leaves = is_exit(account, order.symbol, order.side, quantity)
    found = replace(order, quantity=quantity, is_exit=leaves)
    return replace(found, notional_price=order.price) if leaves else found


def _sized(account: Account, order: Order) -> Number | None:
    signal, lot = order.signal, order.lot
    if signal.get("reduce_only"):
        whole = account.proven(order.symbol) if is_other_side(account, order) else ZERO
        return floor_to(whole, lot) if whole else None
    equity, rate = account.equity(), rate_of(account, order.symbol)
    contract, price = account.contract(order.symbol), order.notional_price
    if equity is None or equity <= 0 or rate is None or contract is None or price is None:
        return None
    given = number(signal.get("confidence"))
    sure = Number(1) if given is None else given
    step = next(Number(s) for least, s in CONFIDENCE_STEPS if sure >= Number(least))
    ratio = account.limits.named("position_ratio", "position_ratio_max", order.symbol)
    if ratio is None:
        return None
    size = equity * ratio * step / (contract.value(Number(1), price) * rate)
    unit = risk_of_unit(account, order)
    if account.limits.enabled("risk_per_trade"):
        if unit is None:
            return None
        most = equity * account.limits.needed("risk_per_trade", "risk_per_trade_ratio")
        size = min(size, most / unit) if unit else size
    return floor_to(size, lot)


def is_other_side(account: Account, order: Order) -> bool:
    """Tell whether an order is on the side that reduces the position."""
    return order.side == account.exit_side(order.symbol)


def stop_of(account: Account, order: Order) -> Number | None:
    """Return the stop price of an entry, its own or worked out."""
    named = number(order.signal.get("stop_price"))
    entry, symbol = order.entry_price, order.symbol
    if entry is None:
        return named
    if symbol not in account.instruments:
        away = account.limits.needed("stop", "stop_ratio") * entry
        return named or (entry - away if order.side == "buy" else entry + away)
    if named is not None:
        return _named_stop(account, order, named, entry)
    return worked_out(account, symbol, order.side, entry)


def _named_stop(account: Account, order: Order, named: Number, entry: Number) -> Number:
    """Return a named stop on its tick, rounded towards the entry but not onto it."""
    tick = number(account.instruments[order.symbol]["tick_size"]) or ZERO
    if order.side == "buy":
        if named >= entry:
            return named
        rounded = ceil_to(named, tick)
        return rounded if rounded < entry else ceil_to(entry, tick) - tick
    if named <= entry:
        return named
    rounded = floor_to(named, tick)
    return rounded if rounded > entry else floor_to(entry, tick) + tick


def worked_out(account: Account, symbol: str, side: str, entry: Number) -> Number:
    """Return a stop worked out from an entry price, rounded to the tick towards it."""
    tick = number(account.instruments[symbol]["tick_size"]) or ZERO
    quote = account.quote(symbol)
    if quote is not None and quote.atr:
        away = account.limits.needed("stop", "atr_multiple") * quote.atr
    else:
        away = account.limits.needed("stop", "stop_ratio") * abs(entry)
    if side == "buy":
        return min(ceil_to(entry - away, tick), floor_to(entry - tick, tick))
    return max(floor_to(entry + away, tick), ceil_to(entry + tick, tick))


def _breaches(account: Account, order: Order, rule: str) -> bool:
    """Tell whether a rule forbids the order as it is."""
    if rule in ENTRY_RULES and order.is_exit:
        return False
    check = RULES[rule](account, order)
    return check.breach and not check.exempt


def _rules(account: Account) -> list[str]:
    return [rule for rule in RULES if account.limits.enabled(rule)]


def _passes(account: Account, order: Order) -> bool:
    return not any(_breaches(account, order, rule) for rule in _rules(account))


def _largest(account: Account, order: Order) -> Number:
    """Return the largest quantity that passes every rule; 0 for none."""
    assert order.quantity is not None
    if _passes(account, order):
        return order.quantity
    reduces = is_other_side(account, order)
    floor = floor_to(account.proven(order.symbol), order.lot) if reduces else ZERO
    low, high = 0, int((order.quantity - floor) / order.lot)
    while low < high:  # Above the proven exit the measures only rise with the size.
        middle = (low + high + 1) // 2
        if _fits(account, at_quantity(account, order, floor + middle * order.lot)):
            low = middle
        else:
            high = middle - 1
    if low > 0:
        return floor + low * order.lot
    return _largest_exit(account, order, min(floor, order.quantity))


def _fits(account: Account, order: Order) -> bool:
    """Tell whether every rule passes, minimums apart."""
    for rule in _rules(account):
        if rule == "instrument":
            most = number(account.instruments[order.symbol].get("max_quantity"))
            if most is not None and order.quantity is not None and order.quantity > most:
                return False
        elif _breaches(account, order, rule):
            return False
    return True


def _largest_exit(account: Account, order: Order, quantity: Number) -> Number:
    most = number(account.instruments[order.symbol].get("max_quantity"))
    if most is not None:
        quantity = min(quantity, floor_to(most, order.lot))
    leaves = at_quantity(account, order, quantity)
    return quantity if quantity > 0 and _fits(account, leaves) else ZERO


def judge(account: Account, order: Order) -> Judged:
    """Ask every rule, and find the largest quantity."""
    checks = {rule: RULES[rule](account, order) for rule in _rules(account)}
    exempt = {rule for rule in checks if rule in ENTRY_RULES and order.is_exit}
    broken = [
        rule for rule, c in checks.items() if c.breach and rule not in exempt and not c.exempt
    ]
    reasons = [rule for rule in broken if checks[rule].at_fault]
    owned = bool(reasons) or not broken
    reasons = reasons or broken  # A rejection always says why.
    if order.quantity is None:
        return _sizeless(account, order, checks, reasons)
    hard = [r for r in broken if r not in SIZE_RULES and r not in ENTRY_RULES]
    if _is_hard(account, order, broken) or hard:
        return Judged(checks, reasons, ZERO, None, None, owned=owned)
    approved = order.quantity if not broken else _largest(account, order)
    found = Judged(checks, reasons, approved, None, None, left=approved, owned=owned)
    return _cut(account, order, found)


def _is_hard(account: Account, order: Order, broken: list[str]) -> bool:
    """Tell whether no smaller quantity could help."""
    if "trading_state" in broken and account.state() == "halted":
        return True
    if "instrument" not in broken:
        return False
    assert order.quantity is not None
    if (
        RULES["instrument"](account, order).unit == "price"
        or order.symbol not in account.instruments
    ):
        return True
    most = number(account.instruments[order.symbol].get("max_quantity"))
    if most is not None and order.quantity > most:
        return False
    rest = floor_to(account.proven(order.symbol), order.lot)
    return order.is_exit or len(broken) == 1 or not is_other_side(account, order) or not rest


def _forbids_all(checks: dict[str, Check], rule: str) -> bool:
    """Tell whether a rule of size has nothing to measure, so that it forbids every size."""
    return rule in checks and checks[rule].at_fault and checks[rule].measured is None


def _sizeless(
    account: Account, order: Order, checks: dict[str, Check], reasons: list[str]
) -> Judged:
    equity = account.equity()
    poor = equity is not None and equity <= 0  # Then each rule of equity speaks for itself.
    others = {"trading_state", "reduce_only"}
    if checks["instrument"].at_fault:
        others.add("instrument")
    others |= {r for r in ("value_at_risk", "circuit_breaker") if _forbids_all(checks, r)}
    sizes = [r for r in reasons if poor or r not in SIZE_RULES or r in others]
    if not order.signal.get("reduce_only"):
        place = next((i for i, r in enumerate(sizes) if list(RULES).index(r) > 6), len(sizes))
        sizes.insert(place, "sizing")
    elif "reduce_only" not in sizes:
        sizes.append("reduce_only")
    return Judged(checks, sizes, ZERO, None, None)


def _binds(account: Account, order: Order, rule: str) -> bool:
    """Tell whether a rule forbids this size; minimums never bind."""
    if rule != "instrument":
        return _breaches(account, order, rule)
    most = number(account.instruments[order.symbol].get("max_quantity"))
    return most is not None and order.quantity is not None and order.quantity > most


def _cut(account: Account, order: Order, judged: Judged) -> Judged:
    assert order.quantity is not None
    assert order.asked is not None
    left = judged.approved
    exits = left > 0 and is_exit(account, order.symbol, order.side, left)
    if left == order.quantity:
        judged.binding = None if left == order.asked else "instrument"
        return judged
    if exits and not order.is_exit:
        whole = at_quantity(account, order, floor_to(account.proven(order.symbol), order.lot))
        if not RULES["instrument"](account, whole).breach:
            judged.reasons = [rule for rule in judged.reasons if rule != "instrument"]
    _refuse_small(account, order, judged)
    more = at_quantity(account, order, left + order.lot)
    bound = [rule for rule in _rules(account) if _binds(account, more, rule)]
    judged.binding = bound[0] if bound else None
    cut = is_other_side(account, order) and account.proven(order.symbol) > 0
    if not judged.approved and not cut and any(not _sizes(judged, r) for r in judged.reasons):
        judged.binding = None
    return judged


def _sizes(judged: Judged, rule: str) -> bool:
    """Tell whether a smaller order could pass a rule; an open circuit breaker lets none pass."""
    is_open = rule == "circuit_breaker" and judged.checks[rule].measured is None
    return rule in SIZE_RULES and not is_open


def _refuse_small(account: Account, order: Order, judged: Judged) -> None:
    """Approve nothing where too little of the order is left."""
    left, asked = judged.approved, order.asked or ZERO
    exits = left > 0 and is_exit(account, order.symbol, order.side, left)
    least = account.limits.needed("sizing", "modify_ratio_min") * asked
    small = left <= 0 or below_minimum(account, at_quantity(account, order, left), left)
    if small or (not exits and left < least):
        judged.approved = ZERO


# risk_score


def score_of(account: Account, order: Order) -> Number | None:
    """Return the score of an order in its size."""
    given = number(order.signal.get("confidence"))
    doubt = 1 - (Number(1) if given is None else given)
    equity = account.equity()
    own = None if order.extra is None else worst(account, order.symbol, order.side, order.extra)
    if equity is None or own is None:
        return None
    return (
        Number("0.3") * doubt
        + Number("0.25") * _share(own, _limit_of(account, "position_ratio", order) * equity)
        + Number("0.25")
        * _share(drawdown_ratio(account.peak, equity), _limit_of(account, "drawdown", order))
        + Number("0.2") * _volatility(account, order)
    )


def _limit_of(account: Account, rule: str, order: Order) -> Number:
    if not account.limits.enabled(rule):
        return Number("0.10") if rule == "position_ratio" else Number("0.05")
    name = "position_ratio_max" if rule == "position_ratio" else "drawdown_ratio_max"
    found = account.limits.named(rule, name, order.symbol)
    return Number(1) if found is None else found


def _share(value: Number | None, whole: Number) -> Number:
    if value is None:
        return ZERO
    if whole <= 0:
        return Number(1)
    return min(max(value / whole, ZERO), Number(1))


def _volatility(account: Account, order: Order) -> Number:
    quote = account.quote(order.symbol)
    if quote is None or quote.ewma is None or quote.long_run is None:
        return ZERO
    ratio = account.limits.needed("volatility_halt", "volatility_ratio_max")
    if not account.limits.enabled("volatility_halt"):
        ratio = Number(3)
    return _share(quote.ewma, ratio * quote.long_run)


def _scored(account: Account, order: Order, judged: Judged) -> Judged:
    """Add the rule risk_score: at the size that the other rules leave."""
    if not account.limits.enabled("risk_score"):
        return judged
    size = order if order.quantity is None else at_quantity(account, order, _left(order, judged))
    equity, score = account.equity(), score_of(account, size)
    is_poor = equity is not None and equity <= 0
    judged.score = None if score is None or is_poor else measure(score)
    far = judged.score is not None and judged.score > Number("0.8")
    over = judged.score is None or judged.score > Number("0.6")
    judged.checks["risk_score"] = Check(
        over, judged.score, Number("0.8" if far else "0.6"), "ratio",
        at_fault=is_poor or judged.score is not None, exempt=size.is_exit,
    )  # fmt: skip
    if not over or size.is_exit:
        return judged
    if judged.checks["risk_score"].at_fault:
        judged.reasons = [*(r for r in judged.reasons if judged.owned), "risk_score"]
        judged.owned = True
    if judged.left:
        _halve(account, order, judged, far=far or is_poor)
    return judged


def _left(order: Order, judged: Judged) -> Number:
    """Return the size that the other rules leave; all of it where they leave nothing."""
    return judged.left or order.quantity or ZERO


def _halve(account: Account, order: Order, judged: Judged, *, far: bool) -> None:
    """Halve what the other rules leave, or keep only what surely reduces."""
    floor = floor_to(account.proven(order.symbol), order.lot)
    floor = min(floor, judged.left) if is_other_side(account, order) else ZERO
    half = ZERO if far else floor_to(judged.left / 2, order.lot)
    judged.approved = judged.left = max(half, floor)
    judged.binding = "risk_score"
    if not judged.approved:
        judged.binding = None if far else "risk_score"
        return
    _refuse_small(account, order, judged)
    if not judged.approved and far and not floor:
        judged.binding = None


# The message


def _check_json(rule: str, check: Check, order: Order) -> Json:
    write = quantity_text if check.unit == "quantity" else text
    verdict = "breach" if check.breach else "pass"
    if check.exempt or (rule in ENTRY_RULES and order.is_exit):
        verdict = "exempt"
    room = None
    if check.headroom and check.measured is not None and check.limit is not None:
        room = check.limit - check.measured
        room = -room if check.minimum else room
    return {
        "rule": rule,
        "verdict": verdict,
        "measured": write(check.measured),
        "limit": write(check.limit),
        "headroom": write(room),
        "unit": check.unit,
    }


def _ignored(account: Account, signal: Json, *, hold: bool) -> Json:
    return {
        "verdict": "ignored",
        "requested_quantity": quantity_text(number(signal.get("quantity"))),
        "approved_quantity": "0",
        "stop_price": None,
        "risk_score": None,
        "reasons": [] if hold else ["duplicate_signal"],
        "binding_rule": None,
        "checks": [],
    }


def figures(account: Account) -> Json:
    """Return the figures that a decision shows of its account."""
    equity = account.equity()
    opened = account.currency is not None
    return {
        "trading_state": account.state(),
        "equity": text(equity),
        "drawdown_ratio": text(drawdown_ratio(account.peak, equity) if opened else None),
        "daily_pnl": text(window_pnl(account.day, equity)),
        "weekly_pnl": text(window_pnl(account.week, equity)),
    }


def decide(account: Account, signal: Json) -> Json:
    """Answer a signal, and reserve what is approved."""
    seen = signal["signal_id"] in account.signal_ids
    account.signal_ids.add(signal["signal_id"])
    shown = figures(account)
    hold = signal["side"] == "hold"
    if seen or hold:
        return {**_ignored(account, signal, hold=hold), **shown, "signal": signal}
    order = _terms(account, signal)
    judged = _scored(account, order, judge(account, order))
    return {**_answer(account, order, judged), **shown, "signal": signal}


def _answer(account: Account, order: Order, judged: Judged) -> Json:
    approved = judged.approved
    verdict = "rejected" if not approved else "modified"
    if approved and approved == order.asked:
        verdict = "approved"
    leaves = order.is_exit or (
        approved > 0 and is_exit(account, order.symbol, order.side, approved)
    )
    stop = None if leaves else order.stop
    account.decided[order.signal["signal_id"]] = verdict
    answer = {
        "verdict": verdict,
        "requested_quantity": quantity_text(order.asked),
        "approved_quantity": quantity_text(approved),
        "stop_price": text(stop),
        "risk_score": text(judged.score),
        "reasons": judged.reasons,
        "binding_rule": judged.binding,
        "checks": [_check_json(rule, c, order) for rule, c in judged.checks.items()],
    }
    if approved:
        _reserve(account, order, approved, stop)
    else:
        account.violations += [(account.now_ms, "medium", rule) for rule in judged.reasons]
        account.violated = account.violated or bool(judged.reasons)
    return answer


def _reserve(account: Account, order: Order, approved: Number, stop: Number | None) -> None:
    account.approvals.append((account.now_ms, repetition(order)))
    price = order.price
    if price is None:
        price = account.reference(order.symbol, order.side) or ZERO
    account.reservations.append(
        Reservation(
            order.signal["signal_id"],
            order.symbol,
            order.side,
            approved,
            approved,
            price,
            account.now_ms,
            int(account.limits.needed("reservation", "reservation_ttl_ms")),
            entry_price=order.entry_price,
            stop=stop,
            stop_is_named=order.signal.get("stop_price") is not None,
            is_entry=stop is not None,
        )
    )
