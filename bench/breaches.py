"""Prices that breach a loss limit, and how long it takes until the account is stopped.

Each breach has an account of its own with a position in a symbol of its own, so that every stop is
the answer to one price. The limits ask for no confirming marks, which are about wrong prices and
would hide the delay of the pipeline: with the defaults a stop comes a second later.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from decimal import Decimal

import orjson
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME
from msgspec.structs import replace

from bench import market
from bench.market_sender import MarketSender
from bench.pipeline import PATIENCE_SECONDS, consumer_of
from bench.reach import stamp_appends
from pipeline.streams.clients.polling import poll_all
from pipeline.streams.settings import Settings
from topics.fills import Fill
from topics.instruments import Instrument
from topics.limits import LimitsDocument
from topics.prices import Price

__all__ = ["Breaches", "limits"]

HIGH, LOW = Decimal(100), Decimal(60)
QUANTITY = Decimal(1000)  # A tenth of the account; the fall costs 4 % of it, and 2 % are allowed.
SETTLE_SECONDS = 1.0
REFRESH_SECONDS = 10.0


def limits() -> LimitsDocument:
    """Return the limits of the benches; a loss acts at its first mark."""
    rules = {
        "confirmation": {"confirm_marks": 1, "confirm_ms": 1},
        "stale_data": {"enabled": False},
    }
    return replace(market.limits(), rules={**market.LIMITS, **rules})


class Breaches:
    """Accounts that wait for their breach."""

    def __init__(self, settings: Settings) -> None:
        stamp_appends(settings, "emergency_stops")
        self._market = MarketSender(settings, faults=True)
        self._states = consumer_of(settings, "account_states", isolation="read_uncommitted")
        self._stops = consumer_of(settings, "emergency_stops", isolation="read_uncommitted")
        self._opened = 0
        self._waiting: list[str] = []  # Names of accounts and of their symbols.
        self._sent_ms: dict[str, int] = {}
        self._late_ms: list[int] = []
        self._sender: threading.Thread | None = None

    def open_accounts(self, count: int) -> None:
        """Open so many more, and wait until they hold their positions."""
        names = [f"LOSS{number}-USD" for number in range(self._opened, self._opened + count)]
        self._opened += count
        for name in names:
            instrument = replace(next(market.instruments()), symbol=name, base_currency=name[:-4])
            self._send_instrument(instrument)
            self._price(name, HIGH)
        for name in names:
            self._market.send("accounts", name, market.opening(name))
            self._market.send("fills", name, _fill(name))
        self._await_positions(set(names))
        time.sleep(SETTLE_SECONDS)
        self._waiting = names

    def begin(self, due_s: Sequence[float]) -> None:
        """Let one breach after the other come, so many seconds from now, in a thread."""
        self._late_ms.clear()
        self._sender = threading.Thread(target=self._send, args=(due_s, time.monotonic()))
        self._sender.start()

    def longest_ms(self) -> int:
        """Wait for all stops and return the longest time from a price to its stop."""
        if self._sender is not None:
            self._sender.join()
        give_up_s = time.monotonic() + PATIENCE_SECONDS
        while self._sent_ms:
            self._receive()
            if time.monotonic() > give_up_s:
                raise RuntimeError(f"{len(self._sent_ms)} breaches were not answered by a stop")
        return max(self._late_ms)

    def _send(self, due_s: Sequence[float], start_s: float) -> None:
        refreshed_s = start_s
        for after_s in due_s:
            time.sleep(max(0.0, start_s + after_s - time.monotonic()))
            refreshed_s = self._refreshed(self._waiting, refreshed_s)
            name = self._waiting.pop()
            self._sent_ms[name] = market.now_ms()
            self._price(name, LOW)

    def _receive(self) -> None:
        for message in poll_all(self._stops, 500, 0.1):
            if message.error() is not None:
                continue
            kind, appended_ms = message.timestamp()
            if kind != TIMESTAMP_LOG_APPEND_TIME:
                raise RuntimeError("a stop has no append time")
            row = orjson.loads(message.value() or b"{}")
            sent_ms = self._sent_ms.pop(row["account_id"], None)
            if sent_ms is not None:
                self._late_ms.append(appended_ms - sent_ms)

    def _await_positions(self, names: set[str]) -> None:
        give_up_s = time.monotonic() + PATIENCE_SECONDS
        priced_s = time.monotonic()
        while names:
            priced_s = self._refreshed(names, priced_s)
            for message in poll_all(self._states, 500, 0.1):
                if message.error() is None and message.value():
                    row = orjson.loads(message.value() or b"")
                    if row["positions"] and row["equity"] is not None:
                        names.discard(row["account_id"])
            if time.monotonic() > give_up_s:
                raise RuntimeError(f"{len(names)} accounts came to no position")

    def _refreshed(self, names: Iterable[str], since_s: float) -> float:
        """Price accounts again when their prices grow old, or equity is unknown; return since when.

        since_s: the last time, of time.monotonic.
        """
        if time.monotonic() < since_s + REFRESH_SECONDS:
            return since_s
        for name in names:
            self._price(name, HIGH)
        return time.monotonic()

    def _send_instrument(self, instrument: Instrument) -> None:
        self._market.send("instruments", instrument.symbol, instrument)

    def _price(self, symbol: str, at: Decimal) -> None:
        price = Price(symbol=symbol, bid=at, ask=at, last=at, as_of_ms=market.now_ms())
        self._market.send("prices", symbol, price)


def _fill(name: str) -> Fill:
    return Fill(
        account_id=name,
        fill_id=f"{name}-fill",
        order_id=f"{name}-order",
        symbol=name,
        side="buy",
        quantity=QUANTITY,
        price=HIGH,
        fee=Decimal(0),
        executed_at_ms=market.now_ms(),
    )
