"""The core alone: signals per second through `step`, with all rules and with the usual ones.

The account holds 10 positions and 5 reservations at every step: each signal is decided on the same
state, because `step` is pure. Of ten, eight are approved, one is cut and one rejected. Each comes
with a newer quote, and every second one moves the mark by a tick.
"""

import time
from collections import Counter
from decimal import Decimal, setcontext
from itertools import cycle, islice
from typing import Any

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.numbers import MONEY
from pipeline.risk.rules import RULES
from pipeline.risk.state import new_shared, save_account
from pipeline.risk.step import Arrival, Step, step
from pipeline.risk.structs import replace
from topics.accounts import CashFlow
from topics.codec import decode_as, encode_event
from topics.events import (
    AccountEvent,
    Event,
    FillEvent,
    LimitsEvent,
    Market,
    Quote,
    Revaluation,
    RevaluationEvent,
    SignalEvent,
    Source,
)
from topics.fills import Fill
from topics.instruments import Instrument
from topics.limits import LimitsDocument
from topics.signals import Signal

_PREPARED = 1000
_NOW_MS = 1_767_225_600_000
_RULES: dict[str, dict[str, Any]] = {
    "order_rate": {"orders_max": 1000},
    "order_notional": {"order_notional_max": "4000"},
    "order_ratio": {"order_ratio_max": "0.05"},
    "restricted_symbols": {"denied": ["SYM10", "SYM11"]},
    "position_quantity": {"position_quantity_max": {"*": "1000"}},
    "net_exposure": {"net_exposure_ratio_max": "2"},
    "group_exposure": {"group_exposure_ratio_max": {"coins": "2", "*": "1"}},
    "open_positions": {"open_positions_max": 20},
    "value_at_risk": {"var_ratio_max": "0.5"},
    "volatility_halt": {"require_history": True},
    "circuit_breaker": {
        "consecutive_losses_max": 5,
        "loss_count_max": 8,
        "window_ms": 3_600_000,
        "rapid_loss_ratio": "0.03",
        "rapid_window_ms": 60_000,
        "cooldown_ms": 60_000,
    },
    "stopout_guard": {"stopouts_max": 3, "lookback_ms": 3_600_000, "cooldown_ms": 60_000},
    "trailing_stop": {"trailing_ratio": "0.2"},
    "time_stop": {"hold_ms_max": 86_400_000},
    "volatility_stop": {"volatility_multiple": "20"},
}
# The rules that most desks start with: order size and rate, exposure and losses.
_USUAL = {
    "duplicate_signal", "trading_state", "unknown_account", "unknown_instrument", "heartbeat",
    "signal_age", "instrument", "instrument_status", "stale_mark", "unknown_rate", "price_collar",
    "reduce_only", "order_notional",
    "order_ratio", "position_ratio", "gross_exposure", "cash", "daily_loss", "weekly_loss",
    "drawdown", "order_rate", "too_many",
}  # fmt: skip


class CoreBench:
    """An account in the middle of its trading day, and the signals to decide."""

    def __init__(self, rules: dict[str, dict[str, Any]] = _RULES, *, positions: int = 10) -> None:
        self.contents: list[bytes] = []  # What brought the account where it is.
        self._symbols = tuple(f"SYM{number}" for number in range(positions))
        self._offset = 0
        self.shared: Shared = replace(
            new_shared(partition=0, rules_version="bench"), heartbeat_at_ms=_NOW_MS
        )
        self.account: Account | None = None
        limits = LimitsDocument(
            account_id="*", version=1, author="bench", reason="to be measured", rules=rules
        )
        self._feed(LimitsEvent(account_id="*", source=self._source(), body=limits))
        flow = CashFlow(
            account_id="acct",
            kind="opening",
            flow_id="open",
            currency="USD",
            amount=Decimal(10_000 * max(10, positions)),  # Enough for all of them.
            as_of_ms=_NOW_MS - 1,
        )
        self._feed(AccountEvent(account_id="acct", source=self._source(), body=flow))
        for symbol in self._symbols:
            self._feed(self._fill(symbol))
        for _ in range(3):  # Marks that confirm each other, as during a trading day.
            self._feed(self._revaluation())
        for number in range(5):
            self._feed(self._signal(f"resting:{number}", self._symbol(number), Decimal(5)))

    def signals(self, count: int) -> list[Arrival]:
        """Return prepared arrivals; of ten signals, eight are approved, one cut, one rejected."""
        quantities = cycle([Decimal("3.7")] * 8 + [Decimal(60), Decimal("0.001")])
        return [
            self._arrival(
                self._signal(f"s:{number}", self._symbol(number), quantity, moved=number % 20 >= 10)
            )
            for number, quantity in zip(range(count), quantities, strict=False)
        ]

    def _symbol(self, number: int) -> str:
        return self._symbols[number % len(self._symbols)]

    def _fill(self, symbol: str) -> FillEvent:
        fill = Fill(
            account_id="acct",
            fill_id=f"fill-{symbol}",
            order_id=f"order-{symbol}",
            symbol=symbol,
            side="buy",
            quantity=Decimal("12.5"),
            price=Decimal("99.37"),
            fee=Decimal("0.12"),
            executed_at_ms=_NOW_MS,
        )
        return FillEvent(
            account_id="acct",
            source=self._source(),
            instrument=_instrument(symbol),
            quote=self._quote(symbol),
            body=fill,
        )

    def _revaluation(self) -> RevaluationEvent:
        self._offset += 1
        markets = tuple(
            Market(symbol=symbol, instrument=_instrument(symbol), quote=self._quote(symbol))
            for symbol in self._symbols
        )
        return RevaluationEvent(account_id="acct", body=Revaluation(markets=markets))

    def _signal(
        self, signal_id: str, symbol: str, quantity: Decimal, *, moved: bool = False
    ) -> SignalEvent:
        signal = Signal(
            signal_id=signal_id,
            account_id="acct",
            symbol=symbol,
            side="buy",
            quantity=quantity,
            limit_price=Decimal("100.07"),
            created_at_ms=_NOW_MS,
        )
        return SignalEvent(
            account_id="acct",
            source=self._source(),
            instrument=_instrument(symbol),
            quote=self._quote(symbol, bid="99.99" if moved else "99.98"),
            body=signal,
        )

    def _quote(self, symbol: str, bid: str = "99.98") -> Quote:
        return Quote(
            symbol=symbol,
            bid=Decimal(bid),
            ask=Decimal("100.02"),
            as_of_ms=_NOW_MS,
            offset=self._offset,
            atr=Decimal("0.35"),
            ewma=Decimal("0.000412345678"),
            long_run=Decimal("0.000398765432"),
        )

    def _source(self) -> Source:
        self._offset += 1
        return Source(topic="signals", topic_id="bench", partition=0, offset=self._offset)

    def _arrival(self, event: Event) -> Arrival:
        content = encode_event(event)
        return Arrival(decode_as(Event, content), content, _NOW_MS)  # type: ignore[arg-type]

    def _feed(self, event: Event) -> Step:
        arrival = self._arrival(event)
        self.contents.append(arrival.content)
        stepped = step(self.account, self.shared, arrival)
        self.account = stepped.account or self.account
        self.shared = stepped.shared
        return stepped


def _instrument(symbol: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        settlement_currency="USD",
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.1"),
        min_quantity=Decimal("0.1"),
        min_notional=Decimal(5),
        groups=("coins", f"{symbol[:4]}-like"),
    )


class CoreFigures:
    """Signals per second, and the count of each verdict."""

    def __init__(self, seconds: float, verdicts: Counter[str], bench: CoreBench) -> None:
        if bench.account is None:
            raise AssertionError("the bench account was never opened")
        self.signals_per_second = verdicts.total() / seconds
        self.verdicts = verdicts
        self.state_bytes = len(save_account(bench.account))
        limits = limits_of(bench.shared.limits.in_force, bench.account.limits.in_force)
        self.rules = {rule.NAME for rule in (*limits.gate, *limits.position_stops)}


def all_rules() -> dict[str, dict[str, Any]]:
    """Return limits with every rule that the bench turns on."""
    return _RULES


def usual_rules() -> dict[str, dict[str, Any]]:
    """Return limits with only the usual rules enabled."""
    off = {name: {"enabled": False} for name in RULES if name not in _USUAL}
    return off | {name: values for name, values in _RULES.items() if name in _USUAL}


def measure_core(rules: dict[str, dict[str, Any]] = _RULES, *, count: int = 50_000) -> CoreFigures:
    """Decide `count` signals and return how many one core decides per second."""
    setcontext(MONEY)  # As a worker does.
    bench = CoreBench(rules)
    arrivals = bench.signals(
        _PREPARED
    )  # Few enough to stay in the CPU's caches, as an event that was just decoded is.
    verdicts: Counter[str] = Counter()
    started = time.perf_counter()
    for arrival in islice(cycle(arrivals), count):
        decision = step(bench.account, bench.shared, arrival).outputs[0]
        verdicts[getattr(decision, "verdict", "none")] += 1
    return CoreFigures(time.perf_counter() - started, verdicts, bench)
