"""The oracle: events of the log in, what the program must answer and show out."""

from typing import Any

from tests.oracle.model.account import Account, Quote, Reservation, Stop, Window
from tests.oracle.model.book import NotJudgedError, Position, Trade
from tests.oracle.model.calendar import Clock
from tests.oracle.model.decision import decide, worked_out
from tests.oracle.model.exact import Number, booked, number
from tests.oracle.model.parameters import Limits
from tests.oracle.model.rows import account_row
from tests.oracle.model.violations import ended, is_unmatched_unusual
from tests.oracle.model.watches import Output, after_event, by_rule, lift, open_stop

__all__ = ["Answer", "Oracle"]

ZERO = Number(0)
Json = dict[str, Any]
Answer = tuple[list[Output], Json | None]
LEVELS = {"halt": "halt", "reduce": "reduce", "flatten": "flatten"}
LOSS_STOPS = {"daily_loss", "weekly_loss", "drawdown", "balance_floor"}


class Oracle:
    """Every account of the log, and what concerns them all."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.shared: Json = {}
        self.shared_version = 0
        self.heartbeat_ms: int | None = None  # None: one comes with every event.
        self.everyone: list[tuple[Json, int]] = []  # Controls of `*` with their append time.

    def apply(self, event: Json, at_ms: int) -> Answer:
        """Apply one event of the log at its append time."""
        name = event["account_id"]
        if name == "*":
            self._apply_to_everyone(event, at_ms)
            return [], None
        account = self.accounts.setdefault(name, Account(name))
        account.event += 1
        account.now_ms = max(account.now_ms, at_ms)
        account.filled = account.violated = False
        account.sessions = event.get("sessions", [])
        account.heartbeat_ms = at_ms if self.heartbeat_ms is None else self.heartbeat_ms
        account.limits = Limits(self.shared, account.own)
        _roll(account)
        found = self._catch_up(account)
        found += _expire(account)
        _take_market(account, event)
        found += self._apply_body(account, event)
        found += after_event(account)
        return found, self.row(account)

    def row(self, account: Account) -> Json:
        """Return what account_states shows."""
        return account_row(account, f"{self.shared_version}.{account.own_version}")

    def rename(self, account_id: str, old: str, new: str) -> None:
        """Give a stop or an exit the id that the program derived for it."""
        account = self.accounts[account_id]
        for stop in account.stops:
            stop.id = new if stop.id == old else stop.id
        for order in account.reservations:
            order.id = new if order.id == old else order.id

    def _apply_to_everyone(self, event: Json, at_ms: int) -> None:
        body = event["body"]
        if event["type"] == "limits" and body["version"] > self.shared_version:
            self.shared, self.shared_version = body["rules"], body["version"]
        elif event["type"] == "controls":
            self.everyone.append((body, at_ms))

    def _catch_up(self, account: Account) -> list[Output]:
        found: list[Output] = []
        for control, at_ms in self.everyone[account.everyone_seen :]:
            found += _control(account, control, at_ms)
        account.everyone_seen = len(self.everyone)
        return found

    def _apply_body(self, account: Account, event: Json) -> list[Output]:
        body, kind = event["body"], event["type"]
        if kind == "signals":
            return [("decision", decide(account, body))]
        if kind == "fills":
            _fill(account, body)
        elif kind == "orders":
            return _order(account, body)
        elif kind == "accounts":
            _flow(account, body)
        elif kind == "controls":
            return _control(account, body, account.now_ms)
        elif kind == "limits" and body["version"] > account.own_version:
            account.own, account.own_version = body["rules"], body["version"]
            account.limits = Limits(self.shared, account.own)
        return []


# Time


def _clock(account: Account) -> Clock:
    return Clock(
        account.limits.value("account", "zone"), account.limits.value("account", "day_roll")
    )


def _day(account: Account, at_ms: int, equity: Number | None) -> Window:
    clock = _clock(account)
    return Window(
        clock.start_ms(clock.day(at_ms)),
        clock.next_day_ms(at_ms),
        clock.day_name(at_ms),
        equity,
        account.realized(),
        marks=_marks(account),
    )


def _week(account: Account, at_ms: int, equity: Number | None) -> Window:
    clock = _clock(account)
    return Window(
        clock.start_ms(clock.monday(at_ms)),
        clock.next_week_ms(at_ms),
        clock.week_name(at_ms),
        equity,
        account.realized(),
        marks=_marks(account),
    )


def _marks(account: Account) -> dict[str, Number]:
    found = {name: account.mark(name) for name in account.held()}
    return {name: mark for name, mark in found.items() if mark is not None}


def _roll(account: Account) -> None:
    """Open the day and the week of the account's clock, with the marks that it has."""
    if account.day is None or account.week is None:
        return
    equity = account.known_equity()
    if account.now_ms >= account.day.end_ms:
        account.day = _day(account, account.now_ms, equity)
    if account.now_ms >= account.week.end_ms:
        account.week = _week(account, account.now_ms, equity)


def _expire(account: Account) -> list[Output]:
    """Release what no engine answered for, and fills that were reported and did not come."""
    found: list[Output] = []
    for order in account.reservations:
        if not order.left:
            continue
        silent = order.status == "pending" and account.now_ms >= order.at_ms + order.ttl_ms
        until_ms = order.awaiting_since_ms + order.awaiting_ttl_ms
        missing = order.status == "awaiting" and account.now_ms >= until_ms
        if silent or missing:
            order.status, order.left = "expired", ZERO
        if missing:
            found += by_rule(account, "reservation", "reduce", (None, None))
    return found


# The market


def _take_market(account: Account, event: Json) -> None:
    markets = event["body"].get("markets", []) if event["type"] == "revaluation" else [event]
    for rate in event.get("rates", []):
        if rate["quote"] == account.currency:
            account.rates[rate["base"]] = (Number(rate["rate"]), rate["as_of_ms"])
    for market in markets:
        named = market.get("symbol") or (market.get("body") or {}).get("symbol")
        if named is not None:
            account.known.setdefault(named)
        if market.get("instrument") is not None:
            account.instruments[market["instrument"]["symbol"]] = market["instrument"]
        if market.get("quote") is not None:
            _take_quote(account, market["quote"])


def _take_quote(account: Account, quote: Json) -> None:
    taken = account.quotes.setdefault(quote["symbol"], [])
    if taken and quote["offset"] <= taken[-1].offset:
        return
    prices = {name: number(quote.get(name)) for name in ("bid", "ask", "mark", "last")}
    statistics = {name: number(quote.get(name)) for name in ("atr", "ewma", "long_run")}
    found = Quote(
        **prices,
        **statistics,
        as_of_ms=quote["as_of_ms"],
        offset=quote["offset"],
        taken_ms=account.now_ms,
        event=account.event,
    )
    taken.append(found)


# Inputs


def _fill(account: Account, body: Json) -> None:
    key = (body["symbol"], body["side"], body["fill_id"])
    if key in account.fill_ids:
        return
    account.fill_ids[key] = body
    symbol, before = body["symbol"], account.realized()
    order = _release(account, body)
    trade = _trade(account, body, order)
    held = account.positions.get(symbol, Position())
    quantity, cost, closes = held.quantity, held.cost, len(held.closes)
    account.trades.setdefault(symbol, []).append(trade)
    account.refold(symbol)
    account.filled = True
    _to_breaker(account, symbol, quantity, closes)
    change = account.positions[symbol].quantity - quantity, account.positions[symbol].cost - cost
    _late(account, trade, symbol, (account.realized() - before, *change))


def _to_breaker(account: Account, symbol: str, before: Number, closes: int) -> None:
    """Tell the circuit breaker which positions a fill closed and opened."""
    if not account.limits.enabled("circuit_breaker"):
        return
    position = account.positions[symbol]
    for _, result, _ in position.closes[closes:]:
        counted = ZERO if account.currency is None else result  # Before the opening: neither.
        account.breaker.close_of(counted, account.limits, account.now_ms)
    if position.quantity and before * position.quantity <= 0:
        account.breaker.entry(account.limits, account.now_ms)


def _late(
    account: Account, trade: Trade, symbol: str, change: tuple[Number, Number, Number]
) -> None:
    """Give a fill that was executed before a window opened to the windows before it."""
    contract = account.contract(symbol)
    assert contract is not None
    realized, quantity, cost = change
    for window in (account.day, account.week):
        if window is None or trade.executed_ms >= window.start_ms:
            continue
        mark = window.marks.get(symbol, trade.price)
        rate = account.rate(contract.settlement)
        if rate is None:
            continue
        effect = realized + contract.pnl(quantity, cost, mark) * rate
        window.realized_before += realized
        if window.start_equity is not None:
            window.start_equity += effect
        if window.baseline is not None:
            window.baseline += effect


def _matched(account: Account, body: Json) -> Reservation | None:
    """Find the order that may still fill: by signal_id, else by the order_id of a status."""
    live = [r for r in account.reservations if r.status != "ended" and r.symbol == body["symbol"]]
    found = [r for r in live if r.id == body.get("signal_id")]
    found = found or [r for r in live if r.order_id == body["order_id"]]
    return found[0] if found and found[0].side == body["side"] else None


def _names_a_decision(account: Account, body: Json) -> bool:
    """Tell whether a fill names an order that ended, or a decision that has none."""
    name = body.get("signal_id")
    ended = [r for r in account.reservations if r.id == name or r.order_id == body["order_id"]]
    if ended:
        return any(r.symbol == body["symbol"] and r.side == body["side"] for r in ended)
    return name in account.signal_ids


def _may_fill(order: Reservation) -> Number:
    """Return how much of an order was still to come, an expired one included."""
    if order.status != "expired":
        return order.left
    reserved = order.quantity if order.reported is None else order.reported
    return max(reserved - order.seen, ZERO)


def _release(account: Account, body: Json) -> Reservation | None:
    order = _matched(account, body)
    filled = Number(body["quantity"])
    if order is None:
        if _names_a_decision(account, body):
            account.overfills.append((account.now_ms, account.event))
        elif is_unmatched_unusual(account):
            account.unmatched, account.unmatched_event = account.unmatched + 1, account.event
        return None
    may_fill = _may_fill(order)  # An exit that expired and fills after all has filled, too.
    if filled > may_fill:
        account.overfills.append((account.now_ms, account.event))
    if order.exit_reason is not None:
        _fill_exit(account, order, min(filled, may_fill))
    order.seen += filled
    if order.status == "expired":
        order.left = _may_fill(order)
        order.status = "working" if order.reported is None else "awaiting"
        _await(account, order)
    else:
        order.left = max(order.left - filled, ZERO)
        order.status = "working" if order.status == "pending" else order.status
    if not order.left:
        order.status = "ended"
    return order


def _fill_exit(account: Account, order: Reservation, filled: Number) -> None:
    """Note a fill of an exit of ours: a stop-out, and what is left of the stop it was sent for."""
    symbol, guards = order.symbol, account.limits.enabled("stopout_guard")
    if guards and not order.seen and order.exit_reason != "deleverage":
        account.stopouts.note(symbol, account.limits, account.now_ms)
    met = account.met_stops.get(symbol)
    if met is None or met.unfilled is None or met.rule != order.exit_reason:
        return
    if order.side == account.exit_side(symbol):
        met.unfilled -= filled
        if met.unfilled <= 0:
            del account.met_stops[symbol]


def _trade(account: Account, body: Json, order: Reservation | None) -> Trade:
    sign = 1 if body["side"] == "buy" else -1
    quantity, price = Number(body["quantity"]), Number(body["price"])
    contract = account.contract(body["symbol"])
    if contract is None:
        raise NotJudgedError(f"a fill of {body['symbol']} without its instrument")
    stop, distance = None, None
    if order is not None and order.is_entry and order.stop is not None:
        stop = order.stop
        if not order.stop_is_named and order.entry_price is not None:
            distance = abs(order.entry_price - order.stop)
    else:
        stop = worked_out(account, body["symbol"], body["side"], price)
    return Trade(
        side=body["side"],
        fill_id=body["fill_id"],
        order=None if order is None else order.id,
        filled=sign * quantity,
        quantity=sign * quantity,
        price=price,
        fee=Number(body.get("fee", "0")),
        fee_currency=body.get("fee_currency") or contract.settlement,
        rate=account.rate(contract.settlement) or ZERO,
        fee_rate=account.rate(body.get("fee_currency") or contract.settlement) or ZERO,
        executed_ms=body["executed_at_ms"],
        at_ms=account.now_ms,
        event=account.event,
        stop=stop,
        distance=distance,
    )


def _order(account: Account, body: Json) -> list[Output]:
    order = next((r for r in account.reservations if r.id == body["signal_id"]), None)
    if order is None or order.symbol != body["symbol"] or order.answered:
        return []
    order.order_id = body["order_id"]
    if body["status"] == "accepted":
        if order.status == "expired":
            order.left = order.quantity - order.seen
        order.status = "working"
        return []
    order.answered = True
    reported = number(body.get("filled_quantity"))
    if reported is None:
        reported = order.quantity if body["status"] == "filled" else order.seen
    order.reported = reported
    order.left = max(min(reported, order.quantity) - order.seen, ZERO)
    order.status = "awaiting" if order.left else "ended"
    _await(account, order)
    return []


def _await(account: Account, order: Reservation) -> None:
    order.awaiting_since_ms = account.now_ms
    order.awaiting_ttl_ms = int(account.limits.needed("reservation", "reservation_ttl_ms"))


def _flow(account: Account, body: Json) -> None:
    if body["flow_id"] in account.flow_ids:
        return
    account.flow_ids.add(body["flow_id"])
    amount = booked(Number(body["amount"]))
    if account.currency is None:
        if body["kind"] in {"opening", "snapshot"}:
            _open(account, body, amount)
        return
    if body["kind"] == "funding":
        account.funding += amount
    elif body["kind"] in {"deposit", "withdrawal"}:
        _move(account, amount if body["kind"] == "deposit" else -amount)


def _open(account: Account, body: Json, amount: Number) -> None:
    account.currency, account.opening = body["currency"], amount
    account.opening_ms = body["as_of_ms"]
    for symbol in account.trades:
        account.refold(symbol)  # What the opening balance includes already is no gain of ours.
    account.peak = amount
    account.day = _day(account, account.now_ms, amount)
    account.week = _week(account, account.now_ms, amount)


def _unitised(peak: Number, flow: Number, equity: Number | None) -> Number:
    if equity is None or equity <= 0 or equity + flow <= 0:
        return max(peak + flow, ZERO if equity is None else equity + flow, ZERO)
    return peak * (equity + flow) / equity


def _move(account: Account, flow: Number) -> None:
    equity = account.known_equity()
    account.peak = _unitised(account.peak, flow, equity)
    if account.peak_baseline is not None:
        account.peak_baseline = _unitised(account.peak_baseline, flow, equity)
    account.flows += flow
    for window in (account.day, account.week):
        assert window is not None
        window.flows += flow
        window.deposits += max(flow, ZERO)
        window.baseline_flows += flow
        window.baseline_deposits += max(flow, ZERO)


def _control(account: Account, body: Json, at_ms: int) -> list[Output]:
    if body["control_id"] in account.control_ids:
        return []
    expires = body.get("expires_at_ms")
    if expires is not None and at_ms >= expires:
        return []
    if body["command"] == "resume":
        return _resume(account, body)
    account.control_ids.add(body["control_id"])
    account.tightened_ms = min(body["issued_at_ms"], at_ms)
    name = body["control_id"] if body["account_id"] == "*" else f"?{account.event}:control"
    everyones = body["account_id"] == "*"
    if everyones:
        account.everyone_tightened_ms = account.tightened_ms
    stop = Stop(name, "control", LEVELS[body["command"]], is_everyones=everyones)
    return open_stop(account, stop, body["author"])


def _resume(account: Account, body: Json) -> list[Output]:
    stop = next((s for s in account.stops if s.id == body.get("stop_id")), None)
    everyones = body["account_id"] == "*"
    tightened_ms = account.everyone_tightened_ms if everyones else account.tightened_ms
    if stop is None or body["issued_at_ms"] < tightened_ms:
        return []
    if everyones and not stop.is_everyones:
        return []
    if stop.rule in LOSS_STOPS:
        equity, day = account.equity(), account.day
        if equity is None or day is None:
            return []
        if day.resumes >= account.limits.needed("stops", "resumes_per_day_max"):
            return []
        day.resumes += 1
        account.breaker.clear()
        _rebase(account, stop.rule, equity)
    if stop.rule == "overfill":
        account.overfills.clear()
        ended(account, stop.rule)
    account.control_ids.add(body["control_id"])
    return [lift(account, stop, body["author"])]


def _rebase(account: Account, rule: str, equity: Number) -> None:
    if rule == "drawdown":
        account.peak_baseline = equity
        return
    window = {"daily_loss": account.day, "weekly_loss": account.week}.get(rule)
    if window is not None:
        window.baseline = equity
        window.baseline_flows, window.baseline_deposits = ZERO, ZERO
