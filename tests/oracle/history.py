"""Random histories: a seed makes the same lines again, with values at and around the limits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from tests.oracle.comparison import Comparison
from tests.oracle.model.account import Account
from tests.oracle.model.exact import quantity_text
from tests.oracle.model.watches import EXIT_RULES

__all__ = ["History", "generate"]

Json = dict[str, Any]
T0_MS = 1_767_225_600_000  # 2026-01-01 00:00 UTC, a Thursday.
DAY_MS = 86_400_000
AGES_MS = [0] * 12 + [10, 4999, 5000, 5001, -1000, -1001]
STATES = ["trading", "trading", "halted", "delisted"]
STATUSES = ["accepted", "cancelled", "filled", "rejected", "expired"]
ACCOUNT = "a"


@dataclass
class Market:
    """An instrument of a history, and where its price is."""

    symbol: str
    tick: Fraction
    lot: Fraction
    price: Fraction
    fields: Json


@dataclass
class History:
    """The lines so far, drawn from one seed."""

    random: Random
    now_ms: int = T0_MS
    lines: list[Json] = field(default_factory=list)
    markets: list[Market] = field(default_factory=list)
    count: int = 0
    orders: list[Json] = field(default_factory=list)  # Approved decisions and exits.
    filled: dict[str, Fraction] = field(default_factory=dict)
    version: dict[str, int] = field(default_factory=dict)
    fills: list[Json] = field(default_factory=list)
    comparison: Comparison = field(default_factory=Comparison)
    difference: str | None = None
    confirmation: Json = field(default_factory=dict)  # Marks that were dropped do not come back.

    def send(self, topic: str, key: str, value: Json) -> None:
        """Feed one line to both, and note what was approved."""
        line = {"topic": topic, "key": key, "timestamp_ms": self.now_ms, "value": value}
        self.lines.append(line)
        before = len(self.comparison.outputs)
        self.difference = self.comparison.feed(line)
        for kind, output in self.comparison.outputs[before:]:
            self._note(kind, output)

    def _note(self, kind: str, output: Json) -> None:
        if kind == "decision" and output["approved_quantity"] != "0":
            name, quantity = output["decision_id"], output["approved_quantity"]
        elif kind == "exit":
            name, quantity = output["exit_id"], output["quantity"]
        else:
            return
        self.orders.append(
            {
                "id": name,
                "symbol": output["symbol"],
                "side": output["side"],
                "quantity": Fraction(quantity),
            }
        )

    def next_id(self, prefix: str) -> str:
        """Return a new id."""
        self.count += 1
        return f"{prefix}{self.count}"

    def account(self) -> Account | None:
        """Return what the oracle knows of the account."""
        return self.comparison.oracle.accounts.get(ACCOUNT)

    def market(self, symbol: str | None = None) -> Market:
        """Return a market, by name or drawn."""
        if symbol is None:
            return self.random.choice(self.markets)
        return next(m for m in self.markets if m.symbol == symbol)

    def pass_time(self) -> None:
        """Let some time pass, now and then exactly a limit."""
        draw = self.random.random()
        if draw < 0.55:
            self.now_ms += self.random.choice([0, 1, 10, 200, 500])
        elif draw < 0.9:
            self.now_ms += self.random.choice([999, 1000, 1001, 2000, 4999, 5000, 5001])
        elif draw < 0.97:
            self.now_ms += self.random.choice([29_000, 59_999, 60_000, 60_001])
        elif self.is_quiet():
            self.now_ms += self.random.choice([3_600_000, 36_000_000, 86_400_000])

    def is_quiet(self) -> bool:
        """Tell whether no exit would be sent again and again for a day."""
        account = self.account()
        if account is None or account.stops or account.met_stops:
            return account is None
        return not account.held() or not any(account.limits.enabled(rule) for rule in EXIT_RULES)


def plain(value: Fraction) -> str:
    """Write a number for a message."""
    found = quantity_text(value)
    assert found is not None
    return found


# What begins a history


TICKS = [("0.5", "100"), ("0.01", "20"), ("1", "1000"), ("0.25", "40.25")]


def _begin(history: History) -> None:
    random = history.random
    marks, wait_ms = random.choice([1, 2, 3, 3, 3, 5]), random.choice([1, 1000, 1000, 5000])
    history.confirmation = {"confirm_marks": marks, "confirm_ms": wait_ms}
    for symbol in ["X", "Y"][: random.choice([1, 2, 2])]:
        tick, price = random.choice(TICKS)
        lot = random.choice(["1", "0.1", "0.5"])
        fields: Json = {
            "symbol": symbol,
            "settlement_currency": "USD",
            "tick_size": tick,
            "lot_size": lot,
            "min_quantity": random.choice(["0", lot, lot]),
            "multiplier": random.choice(["1", "1", "2", "0.1"]),
            "groups": random.choice([[], ["g"], ["g", "h"]]),
        }
        if random.random() < 0.3:
            fields["max_quantity"] = plain(Fraction(lot) * random.choice([5, 40, 200]))
        if random.random() < 0.15:
            fields["session"] = random.choice(["XNYS", "XNYS", "24/7", "XTKS"])
        if random.random() < 0.3:
            fields["min_notional"] = random.choice(["10", "100"])
        history.markets.append(
            Market(symbol, Fraction(tick), Fraction(lot), Fraction(price), fields)
        )
        history.send("instruments", symbol, fields)
        price_line(history, symbol)
    limits_line(history)
    if random.random() < 0.85:
        open_line(history)


def open_line(history: History) -> None:
    """Open the account."""
    amount = history.random.choice(["1000", "10000", "12345.67", "100000"])
    flow(history, "opening", amount)


def flow(history: History, kind: str, amount: str) -> None:
    """Send a cash flow."""
    value = {
        "account_id": ACCOUNT,
        "kind": kind,
        "flow_id": history.next_id("w"),
        "currency": "USD",
        "amount": amount,
        "as_of_ms": history.now_ms,
    }
    history.send("accounts", ACCOUNT, value)


def _rules(random: Random) -> Json:
    """Draw a document: each rule now and then, with a limit that is likely to bind."""
    drawn: Json = {"cash": {"enabled": random.random() < 0.3}}
    drawn["risk_score"] = {"enabled": random.random() < 0.3}
    choices: dict[str, Json] = {
        "daily_loss": {
            "daily_loss_ratio_max": ["0.01", "0.02", "0.1", "0"],
            "daily_loss_max": [None, None, "50"],
        },
        "weekly_loss": {
            "weekly_loss_ratio_max": ["0.02", "0.05", "0.2"],
            "on_breach": ["reduce", "halt", "warn"],
        },
        "drawdown": {
            "drawdown_ratio_max": ["0.01", "0.03", "0.1"],
            "on_breach": ["flatten", "reduce", "halt"],
        },
        "balance_floor": {"balance_ratio_min": ["0.5", "0.9", "0.99"]},
        "position_ratio": {
            "position_ratio_max": ["0.1", "0.25", "1", "3"],
            "on_breach": ["warn", "warn", "reduce"],
        },
        "gross_exposure": {
            "gross_exposure_ratio_max": ["0.2", "0.5", "2", "5"],
            "gross_exposure_max": [None, None, "3000"],
            "on_breach": ["warn", "warn", "reduce", "halt"],
        },
        "net_exposure": {"net_exposure_ratio_max": ["0.1", "0.5", "2"]},
        "order_notional": {"order_notional_max": ["500", "1000", "2500.5"]},
        "order_ratio": {"order_ratio_max": ["0.05", "0.1", "0.5"]},
        "position_quantity": {"position_quantity_max": ["5", "20", "100"]},
        "open_positions": {"open_positions_max": ["0", "1", "2"]},
        "risk_per_trade": {
            "risk_per_trade_ratio": ["0.001", "0.01", "0.1"],
            "fee_ratio": ["0", "0.001"],
        },
        "price_collar": {"collar_ratio": ["0.01", "0.05", "0.2"]},
        "order_rate": {"orders_max": ["2", "5"], "window_ms": [1000, 60000]},
        "repeated_order": {"repeats_max": ["1", "2"]},
        "confidence": {"confidence_min": ["0", "0.6"]},
        "sizing": {"modify_ratio_min": ["0", "0.1", "0.5"]},
        "stop": {"stop_ratio": ["0.01", "0.02", "0.3"]},
        "prices": {"mark_age_ms_max": [5000, 60000]},
        "trading_state": {"halt_exits": [True, False]},
        "reservation": {"reservation_ttl_ms": [3000, 60000]},
        "stop_loss": {"enabled": [True, False, False]},
        "group_exposure": {
            "group_exposure_ratio_max": ["0.3", {"g": "0.2", "*": "1"}, {"h": "0.5"}],
        },
        "margin": {"initial_margin_ratio": [None, "0.5", "1"], "leverage": ["2", "3"]},
        "restricted_symbols": {"denied": [["X"], ["Z"], None], "allowed": [["X"], ["X", "Y"]]},
        "volatility_halt": {"volatility_ratio_max": ["1", "3"], "require_history": [True, False]},
        "trailing_stop": {"trailing_ratio": ["0.01", "0.05", {"X": "0.02"}]},
        "time_stop": {"hold_ms_max": [1000, 60000]},
        "volatility_stop": {"volatility_multiple": ["0.5", "1"]},
        "stale_data": {"stale_ms": [5000, 60000]},
        "overfill": {"overfills_max": [1, 2], "window_ms": [60000, 3600000]},
        "value_at_risk": {
            "var_ratio_max": ["0.01", "0.1", "1"],
            "horizon_bars": [1, 10, 1440],
            "var_confidence": ["0.95", "0.99"],
            "on_breach": ["reduce", "warn", "halt"],
        },
        "circuit_breaker": {
            "consecutive_losses_max": [None, 1, 2],
            "loss_count_max": [1, 2],
            "window_ms": [5000, 60000],
            "rapid_loss_ratio": ["0.001", "0.01", "1"],
            "rapid_window_ms": [6000, 60000],
            "cooldown_ms": [1000, 5000, 60000],
            "half_open_scale": ["0.5", "0.1", "1"],
        },
        "stopout_guard": {
            "stopouts_max": [1, 2],
            "lookback_ms": [5000, 60000],
            "cooldown_ms": [None, 5000, 60000],
            "per_symbol": [True, False],
        },
        "unmatched_fill": {"on_breach": ["warn", "reduce", "halt"]},
        "violation_rate": {"on_breach": ["warn", "reduce"]},
        "trading_hours": {"minutes_before_close": [None, 1, 5]},
    }
    for rule, parameters in choices.items():
        if random.random() < 0.3:
            drawn[rule] = {name: random.choice(values) for name, values in parameters.items()}
    for rule in ("daily_loss", "weekly_loss", "drawdown", "risk_per_trade", "position_ratio"):
        if random.random() < 0.2:
            drawn[rule] = {"enabled": False}
    return drawn


def limits_line(history: History) -> None:
    """Publish limits, for all or for the account."""
    name = history.random.choice(["*", "*", ACCOUNT])
    version = history.version.get(name, 0) + history.random.choice([1, 1, 1, 0])
    history.version[name] = max(history.version.get(name, 0), version, 1)
    value: Json = {
        "account_id": name,
        "version": max(version, 1),
        "author": "desk",
        "reason": "drawn",
        "rules": {**_rules(history.random), "confirmation": history.confirmation},
    }
    history.send("limits", name, value)


# What goes on


def price_line(history: History, symbol: str | None = None) -> None:
    """Move a price: a little, a lot, or to where a limit is met."""
    market, random = history.market(symbol), history.random
    steps = random.choice([0, 0, 1, -1, 2, -2, 5, -5, 20, -20])
    market.price = max(market.price + steps * market.tick, market.tick * 3)
    value: Json = {"symbol": market.symbol, "as_of_ms": history.now_ms - random.choice([0, 0, 5])}
    spread = market.tick * random.choice([0, 1, 2])
    shape = random.choice(["both", "both", "both", "last", "mark", "bid", "ask"])
    if shape in {"both", "bid"}:
        value["bid"] = plain(market.price)
    if shape in {"both", "ask"}:
        value["ask"] = plain(market.price + spread)
    if shape in {"last", "bid"}:
        value["last"] = plain(market.price)
    if shape in {"mark", "ask"}:
        value["mark"] = plain(market.price)
    history.send("prices", market.symbol, value)


def _size(history: History, market: Market) -> Fraction:
    """Draw a quantity: a few lots, the position, or close to it."""
    random, account = history.random, history.account()
    held = Fraction(0) if account is None else abs(account.quantity(market.symbol))
    lots = random.choice([1, 2, 3, 5, 10, 20, 50, 200])
    if held and random.random() < 0.5:
        return max(held + random.choice([-1, 0, 0, 1, 5]) * market.lot, market.lot)
    size = lots * market.lot
    return size + market.lot / 2 if random.random() < 0.15 else size


def signal_line(history: History) -> None:
    """Ask for an order."""
    random, market = history.random, history.market()
    value: Json = {
        "account_id": ACCOUNT,
        "signal_id": history.next_id("s"),
        "symbol": market.symbol,
        "side": random.choice(
            ["buy", "buy", "sell", "sell", "sell", "hold"][: random.choice([5, 5, 6])]
        ),
        "quantity": plain(_size(history, market)),
        "created_at_ms": history.now_ms
        - random.choice([0, 0, 0, 10, 4999, 5000, 5001, -1000, -1001]),
    }
    if random.random() < 0.15:
        del value["quantity"]
    if random.random() < 0.5:
        off = random.choice([0, 1, -1, 2, -2, 10, -10, 50]) * market.tick
        price = max(market.price + off, market.tick)
        value["limit_price"] = plain(price + (market.tick / 2 if random.random() < 0.05 else 0))
    if random.random() < 0.4:
        off = random.choice([0, 1, -1, 2, -2, 10, -10]) * market.tick
        value["stop_price"] = plain(max(market.price + off, market.tick))
    if random.random() < 0.3:
        value["confidence"] = random.choice(["0", "0.59", "0.6", "0.75", "0.8", "0.95", "1"])
    if random.random() < 0.15:
        value["reduce_only"] = True
    if random.random() < 0.1:
        value["expires_at_ms"] = history.now_ms + random.choice([0, 1, 1000])
    value["symbol"] = "Z" if random.random() < 0.03 else market.symbol  # Nobody knows Z.
    if random.random() < 0.03 and history.orders:
        value["signal_id"] = random.choice(history.orders)["id"]
    history.send("signals", ACCOUNT, value)


def fill_line(history: History) -> None:
    """Fill an order, a part of it, too much, or nobody's order."""
    random = history.random
    orders = [o for o in history.orders if history.filled.get(o["id"], 0) < o["quantity"]]
    if orders and random.random() < 0.9:
        order = random.choice(orders[-4:])
        market = history.market(order["symbol"])
        left = order["quantity"] - history.filled.get(order["id"], 0)
        share = random.choice([left, left, left, left / 2, left + market.lot])
        name: str | None = order["id"]
        side, symbol, quantity = order["side"], order["symbol"], max(share, market.lot)
    else:
        market = history.market()
        side, symbol, name = random.choice(["buy", "sell"]), market.symbol, None
        quantity = market.lot * random.choice([1, 3, 10])
    value: Json = {
        "account_id": ACCOUNT,
        "fill_id": history.next_id("f"),
        "order_id": f"o-{name}",
        "symbol": symbol,
        "side": side,
        "quantity": plain(quantity),
        "price": plain(market.price + random.choice([0, 0, 1, -1, 2]) * market.tick),
        "executed_at_ms": history.now_ms - random.choice([0, 0, 5]),
    }
    if name is not None and random.random() < 0.95:
        value["signal_id"] = name
    if random.random() < 0.5:
        value["fee"] = random.choice(["0.1", "1", "-0.05", "0.333333"])
    if name is not None:
        history.filled[name] = history.filled.get(name, Fraction(0)) + quantity
    history.fills.append(value)
    history.send("fills", ACCOUNT, value)


def order_line(history: History) -> None:
    """Report an order status."""
    if not history.orders:
        return
    random = history.random
    order = random.choice(history.orders[-5:])
    value: Json = {
        "account_id": ACCOUNT,
        "signal_id": order["id"],
        "order_id": f"o-{order['id']}",
        "symbol": order["symbol"],
        "status": random.choice(
            ["accepted", "accepted", "cancelled", "filled", "rejected", "expired"]
        ),
        "updated_at_ms": history.now_ms,
    }
    if random.random() < 0.5:
        seen = history.filled.get(order["id"], Fraction(0))
        extra = order["quantity"] - seen if value["status"] == "filled" else Fraction(0)
        value["filled_quantity"] = plain(max(seen + extra, Fraction(0)))
    history.send("orders", ACCOUNT, value)


def flow_line(history: History) -> None:
    """Move money; open the account if it is not open."""
    account = history.account()
    if account is None or account.currency is None:
        open_line(history)
        return
    kind = history.random.choice(["deposit", "withdrawal", "funding"])
    amount = history.random.choice(["1", "100", "333.33", "5000"])
    if kind == "funding" and history.random.random() < 0.5:
        amount = f"-{amount}"
    flow(history, kind, amount)


def instrument_line(history: History) -> None:
    """Publish an instrument again, halted, delisted or trading."""
    market = history.market()
    market.fields = {**market.fields, "status": history.random.choice(STATES)}
    history.send("instruments", market.symbol, market.fields)


def control_line(history: History) -> None:
    """Give a command."""
    random, account = history.random, history.account()
    open_stops = [] if account is None else [stop.id for stop in account.stops]
    weights = ["halt", "reduce", "flatten"] + ["resume"] * (9 if open_stops else 0)
    command = random.choice(weights)
    stop_id = random.choice([*open_stops, *open_stops, "none"]) if command == "resume" else None
    name = random.choice([ACCOUNT, ACCOUNT, ACCOUNT, "*"])
    value: Json = {
        "control_id": history.next_id("c"),
        "account_id": name,
        "command": command,
        "author": "desk",
        "reason": "drawn",
        "issued_at_ms": history.now_ms - random.choice([0, 0, 0, 3000]),
    }
    if stop_id is not None:
        value["stop_id"] = stop_id
    if random.random() < 0.1:
        value["expires_at_ms"] = history.now_ms + random.choice([0, 1, 1000])
    history.send("controls", name, value)


def heartbeat_line(history: History) -> None:
    """Let broadcast send a heartbeat; from the first one on there are no others."""
    history.send("heartbeat", "*", {})


LINES: list[tuple[Callable[[History], None], int]] = [
    (signal_line, 30),
    (fill_line, 22),
    (price_line, 26),
    (order_line, 8),
    (flow_line, 4),
    (control_line, 5),
    (limits_line, 2),
    (instrument_line, 1),
]


def generate(seed: int, steps: int = 40) -> History:
    """Draw a history and compare on the way; stop at the first difference."""
    random = Random(seed)
    start_ms = T0_MS + random.randrange(8) * DAY_MS - random.choice([0, 1000, 60_000, 600_000])
    if random.random() < 0.2:  # Where New York opens or closes, or Tokyo's lunch begins or ends.
        hours = random.choice([14.5, 21, 2.5, 3.5, 6.5])
        start_ms += int(hours * 3_600_000) - random.choice([1000, 60_000, 300_000])
    history = History(random, now_ms=start_ms)
    kinds = [kind for kind, weight in LINES for _ in range(weight)]
    if random.random() < 0.1:
        kinds += [heartbeat_line] * 20
    _begin(history)
    for _ in range(steps):
        if history.difference is not None:
            return history
        history.pass_time()
        history.random.choice(kinds)(history)
    if history.difference is None:
        history.difference = history.comparison.finish()
    return history
