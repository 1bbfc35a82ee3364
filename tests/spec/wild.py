"""Wild histories: everything that can come, drawn at random, with every rule on or off."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from tests.spec.desk import DAY, HOUR, SECOND, Desk, Row
from tests.spec.rulebook import Rules, only

# Usual prices; X pays fees in units, E settles in euro, I is inverse.
PRICES = {"X": 100, "Y": 20, "E": 50, "I": 500, "EUR-USD": 1, "BTC-USD": 500}
SYMBOLS = ["X", "Y", "E", "I"]
BREACHES = ["warn", "reduce", "halt", "flatten"]

_RULES: dict[str, dict[str, Any]] = {
    "daily_loss": {"daily_loss_ratio_max": "0.02"},
    "weekly_loss": {"weekly_loss_ratio_max": "0.04"},
    "drawdown": {"drawdown_ratio_max": "0.03"},
    "balance_floor": {"balance_ratio_min": "0.9"},
    "position_ratio": {"position_ratio_max": {"X": "0.05", "*": "0.3"}},
    "gross_exposure": {"gross_exposure_ratio_max": "0.3"},
    "value_at_risk": {"var_ratio_max": "0.2"},
    "net_exposure": {"net_exposure_ratio_max": "0.3"},
    "group_exposure": {"group_exposure_ratio_max": {"g": "0.2", "*": "0.5"}},
    "cash": {"fee_ratio": "0.001"},
    "risk_per_trade": {"fee_ratio": "0.001"},
    "circuit_breaker": {
        "consecutive_losses_max": 2, "cooldown_ms": 3000, "rapid_loss_ratio": "0.03",
        "rapid_window_ms": 60_000, "loss_count_max": 4, "window_ms": 60_000,
    },
    "stopout_guard": {"stopouts_max": 2, "lookback_ms": HOUR, "cooldown_ms": 60_000},
    "order_rate": {"orders_max": 6, "window_ms": 20_000},
    "repeated_order": {"repeats_max": 3},
    "stop_loss": {},
    "trailing_stop": {"trailing_ratio": {"X": "0.03", "*": "0.08"}},
    "time_stop": {"hold_ms_max": {"X": 20_000}},
    "volatility_stop": {"volatility_multiple": 3},
    "stale_data": {},
    "stale_mark": {},
    "price_collar": {},
    "overfill": {"overfills_max": 2, "window_ms": 60_000},
    "unmatched_fill": {},
    "violation_rate": {},
    "risk_score": {},
}  # fmt: skip
_WATCHES = ["daily_loss", "weekly_loss", "drawdown", "balance_floor", "position_ratio",
            "gross_exposure", "value_at_risk", "stale_data", "overfill",
            "unmatched_fill"]  # fmt: skip
_GROUPS: Rules = {
    "reservation": {"reservation_ttl_ms": 10_000, "order_silent_ms": 30_000},
    "confirmation": {"confirm_marks": 2, "confirm_ms": 200},
    "dedupe": {"dedupe_max": 10, "dedupe_horizon_ms": 60_000},
    "account": {"zone": "America/New_York", "day_roll": "17:00"},
}


class Wild:
    """A desk to which anything comes."""

    def __init__(
        self,
        seed: int,
        desk: Desk | None = None,
        *,
        always: Rules | None = None,
        wait_ms_max: int = DAY,
        passing: bool = False,
    ) -> None:
        """Draw by a seed; always: limits that every document of the history has.

        passing: halts, reduces and limits for a while, which end by themselves, come too.
        """
        self.desk = desk or Desk()
        self._always = always or {}
        self._wait_ms_max = wait_ms_max
        self._random = Random(seed)
        self._fills: list[tuple[Any, ...]] = []
        self._acts: list[tuple[int, Callable[[], object]]] = [
            (20, self._quotes), (20, self._signal), (8, self._fill), (14, self._fill_order),
            (12, self._word), (20, self._wait), (3, self._flow), (4, self._snapshot),
            (5, self._again), (1, self._control), (4, self._resume), (1, self._limits),
            (1, self._instruments),
        ]  # fmt: skip
        if passing:
            self._acts += [(4, self._passing_stop), (4, self._passing_limits)]

    def run(self, acts: int) -> Desk:
        """Begin, mostly with an opening, and let so many things happen."""
        self._limits()
        self._instruments()
        self._quotes()
        weights, calls = zip(*self._acts, strict=True)
        for call in self._random.choices(calls, weights, k=acts):
            call()
        self.desk.wait(SECOND)
        return self.desk

    def _limits(self) -> None:
        draw = self._random
        rules = {name: dict(_RULES[name]) for name in _RULES if draw.random() < 0.6}
        for name in sorted(rules.keys() & set(_WATCHES)):
            rules[name]["on_breach"] = draw.choice(BREACHES)
        groups = {name: _GROUPS[name] for name in _GROUPS if draw.random() < 0.3}
        self.desk.limits(only(**rules) | groups | self._always)

    def _passing_stop(self) -> None:
        account = self._random.choice([self.desk.account, "*"])
        command = self._random.choice(["halt", "reduce"])
        self.desk.control(command, account_id=account, duration_ms=self._while_ms())

    def _passing_limits(self) -> None:
        draw = self._random
        rules = {name: dict(_RULES[name]) for name in _RULES if draw.random() < 0.2}
        account = draw.choice([self.desk.account, "*"])
        self.desk.limits(rules, account=account, duration_ms=self._while_ms())

    def _while_ms(self) -> int:
        return self._random.randint(1, self._wait_ms_max)

    def _instruments(self) -> None:
        desk, draw = self.desk, self._random
        desk.instrument("EUR-USD", base_currency="EUR")
        desk.instrument("BTC-USD", base_currency="BTC")
        tick = draw.choice(["0.01", "0.001"])
        desk.instrument("X", groups=["g"], base_currency="U", lot_size="0.1", max_quantity="30")
        desk.instrument("Y", groups=["g", "h"], multiplier="5", tick_size=tick)
        desk.instrument("E", settlement_currency="EUR", lot_size="0.5", tick_size=tick)
        inverse = {"kind": "inverse", "base_currency": "BTC", "settlement_currency": "BTC"}
        desk.instrument("I", multiplier="10", tick_size=tick, **inverse)
        if draw.random() < 0.8:
            desk.flow("opening", 10_000, as_of_ms=desk.now_ms - draw.choice([0, 5000, DAY]))

    def _price_of(self, symbol: str) -> Decimal:
        return (PRICES[symbol] * Decimal(self._random.randint(900, 1100)) / 1000).quantize(
            Decimal("0.01")
        )

    def _quotes(self) -> None:
        desk, draw = self.desk, self._random
        for symbol in draw.sample(list(PRICES), draw.randint(1, 6)):
            price, as_of_ms = self._price_of(symbol), desk.now_ms - draw.choice([0, 0, 0, 70_000])
            bid_ask = {"bid": str(price), "ask": str(price + 1)}
            kind = draw.choice([bid_ask, {"last": str(price)}, {"bid": str(price)}])
            desk.price(None, symbol, as_of_ms=as_of_ms, **kind)

    def _signal(self) -> None:
        draw, symbol = self._random, self._random.choice(SYMBOLS)
        more: dict[str, Any] = {"limit_price": str(self._price_of(symbol))}
        if draw.random() < 0.4:
            more = {"stop_price": str(self._price_of(symbol)), "confidence": "0.75"}
        quantity = None if draw.random() < 0.1 else Decimal(draw.randint(1, 400)) / 10
        reduces = draw.random() < 0.1
        self.desk.signal(
            draw.choice(["buy", "sell"]), quantity, symbol=symbol, reduce_only=reduces, **more
        )

    def _book(self, side: str, symbol: str, quantity: Decimal, **more: Any) -> None:
        more = {"symbol": symbol, "fill_id": f"F{len(self._fills)}", **more}
        fill = (side, quantity, self._price_of(symbol), more)
        self._fills.append(fill)
        self.desk.fill(*fill[:3], **more)

    def _fill(self) -> None:
        draw = self._random
        executed_ms = self.desk.now_ms - draw.choice([0, 0, 0, 1000, HOUR, 20 * HOUR, 9 * DAY])
        currency = draw.choice([None, "USD", "EUR", "BTC", "U"])
        more = {"fee": draw.choice(["0", "0.3", "-0.1"]), "fee_currency": currency}
        quantity = Decimal(draw.randint(1, 300)) / 10
        symbol = draw.choice(SYMBOLS)
        side = draw.choice(["buy", "sell"])
        self._book(side, symbol, quantity, executed_at_ms=executed_ms, **more)

    def _order(self) -> Row | None:
        rows = [row for name, row in self.desk.out[-200:] if name == "decisions"]
        orders = [row for row in rows if row.get("approved_quantity", "1") != "0"]
        orders = [row for row in orders if row["kind"] != "stop"]
        return self._random.choice(orders[-6:]) if orders else None

    def _fill_order(self) -> None:
        order = self._order()
        if order is not None:
            quantity = Decimal(order.get("approved_quantity") or order["quantity"])
            part = quantity * self._random.randint(1, 12) / 10
            name = order.get("exit_id") or order["signal_id"]
            self._book(order["side"], order["symbol"], part, signal_id=name)

    def _word(self) -> None:
        order = self._order()
        if order is not None:
            words = ["accepted", "cancelled", "filled", "rejected", "expired"]
            reported = self._random.choice([{}, {"filled_quantity": "5"}])
            name = order.get("exit_id") or order["signal_id"]
            self.desk.order(name, self._random.choice(words), symbol=order["symbol"], **reported)

    def _wait(self) -> None:
        usual = [1, 100, 400, 1000, 3000, 10_000, 61_000] * 3
        self.desk.wait(min(self._random.choice([*usual, 13 * HOUR]), self._wait_ms_max))

    def _flow(self) -> None:
        draw = self._random
        kind = draw.choice(["deposit", "withdrawal", "funding", "snapshot"])
        self.desk.flow(kind, draw.choice([50, 3000, 9000]))

    def _snapshot(self) -> None:
        symbol = self._random.choice(SYMBOLS)
        quantity = self._random.randint(-20, 20)
        self.desk.snapshot(quantity, self._price_of(symbol), symbol=symbol)

    def _again(self) -> None:
        if self._fills:
            fill = self._random.choice(self._fills[-20:])
            self.desk.fill(*fill[:3], **fill[3], kind=self._random.choice(["new", "bust"]))

    def _control(self) -> None:
        account = self._random.choice([self.desk.account, "*"])
        self.desk.control(self._random.choice(BREACHES[1:]), account_id=account)

    def _resume(self) -> None:
        rows = self.desk.sent("emergency_stops")
        if rows:
            self.desk.control("resume", stop_id=self._random.choice(rows[-4:])["stop_id"])
