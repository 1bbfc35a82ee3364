"""Signals from a seed, and an engine that fills or cancels what is approved, in two threads."""

import random
import threading
import time
from decimal import Decimal
from typing import Self

import orjson
from confluent_kafka import Producer
from msgspec import Struct
from msgspec.structs import replace

from bench import market
from bench.pipeline import consumer_of
from pipeline.streams.clients.polling import poll_all
from pipeline.streams.settings import Settings
from topics import codec
from topics.controls import Control
from topics.fills import Fill
from topics.orders import Order

__all__ = ["Trading"]

RATE = 30  # Signals per second.
HALT_SECONDS = 20.0  # Between two halts of an account.
PATIENCE_SECONDS = 90.0
PRICE = Decimal(100)


class Trading:
    """Strategies and their engine; knows which signals have a decision, and how long that took."""

    def __init__(self, settings: Settings, draw: random.Random) -> None:
        self.sent = 0
        self.longest_s = 0.0  # From a signal to its decision.
        self._settings = settings
        self._draw = draw
        self._asked_s: dict[str, float] = {}  # When each undecided signal was sent.
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._done: set[str] = set()  # Orders that the engine acted on.
        self._producer = Producer(
            {
                **settings.connection(),
                "partitioner": "murmur2",
                "linger.ms": 0,
                "log_level": 0,  # Of broker faults it would print much.
                "enable.idempotence": True,
                "message.timeout.ms": 0,
            }
        )
        self._threads = [threading.Thread(target=each) for each in (self._ask, self._answer)]

    def __enter__(self) -> Self:
        self._send("limits", "*", market.limits())
        for instrument in market.instruments():
            self._send("instruments", instrument.symbol, instrument)
        self._send_prices()
        for account_id in market.ACCOUNTS:
            self._send("accounts", account_id, market.opening(account_id))
        self._producer.flush()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._asked_s.clear()
        for thread in self._threads:
            thread.join()

    def finish(self) -> None:
        """Send no more signals, and wait for the decisions on those that were sent."""
        self._ended.set()
        give_up_s = time.monotonic() + PATIENCE_SECONDS
        while self._asked_s and time.monotonic() < give_up_s:
            time.sleep(0.2)

    def undecided(self) -> int:
        """Return how many signals have no decision."""
        return len(self._asked_s)

    def _ask(self) -> None:
        priced_s = halted_s = time.monotonic()
        while not self._ended.wait(1 / RATE):
            now_s = time.monotonic()
            if now_s >= priced_s:
                priced_s = now_s + 1
                self._send_prices()
            if now_s >= halted_s + HALT_SECONDS:
                halted_s = now_s
                self._halt()
            asked = market.signal(self.sent)
            if self._draw.random() < 0.5:
                asked = replace(asked, side="sell", limit_price=Decimal("99.5"))
            self.sent += 1
            with self._lock:
                self._asked_s[asked.signal_id] = now_s
            self._send("signals", asked.account_id, asked)

    def _halt(self) -> None:
        account_id = self._draw.choice(market.ACCOUNTS)
        control = Control(
            control_id=f"chaos-{self.sent}",
            account_id=account_id,
            command=self._draw.choice(("halt", "flatten", "reduce")),
            author="chaos",
            reason="a stop must stay",
            issued_at_ms=market.now_ms(),
        )
        self._send("controls", account_id, control)

    def _answer(self) -> None:
        """Act on every order once, until no signal waits any more."""
        consumer = consumer_of(self._settings, "decisions", isolation="read_uncommitted")
        give_up_s = 0.0
        while not self._ended.is_set() or (self._asked_s and time.monotonic() < give_up_s):
            if not self._ended.is_set():
                give_up_s = time.monotonic() + PATIENCE_SECONDS
            for message in poll_all(consumer, 500, 0.1):
                if message.error() is None:
                    self._take(orjson.loads(message.value() or b"{}"))
        consumer.close()

    def _take(self, row: dict[str, str]) -> None:
        with self._lock:
            asked_s = self._asked_s.pop(row.get("signal_id", ""), None)
        if asked_s is not None:
            self.longest_s = max(self.longest_s, time.monotonic() - asked_s)
        name = row.get("exit_id") or row.get("signal_id")
        quantity = Decimal(row.get("quantity") or row.get("approved_quantity") or 0)
        if name is None or not quantity or name in self._done:
            return
        self._done.add(name)
        if row["kind"] == "exit" or self._draw.random() < 0.5:
            self._fill(row, name, quantity)
        else:
            self._order(row, name, Decimal(0))

    def _fill(self, row: dict[str, str], name: str, quantity: Decimal) -> None:
        fill = Fill(
            account_id=row["account_id"],
            fill_id=f"fill-{name}",
            order_id=f"order-{name}",
            signal_id=name,
            symbol=row["symbol"],
            side="buy" if row["side"] == "buy" else "sell",
            quantity=quantity,
            price=PRICE + self._draw.randint(-50, 50) / Decimal(100),
            fee=Decimal("0.01"),
            executed_at_ms=market.now_ms(),
        )
        self._send("fills", row["account_id"], fill)
        self._order(row, name, quantity)

    def _order(self, row: dict[str, str], name: str, filled: Decimal) -> None:
        order = Order(
            account_id=row["account_id"],
            signal_id=name,
            order_id=f"order-{name}",
            symbol=row["symbol"],
            status="filled" if filled else "cancelled",
            filled_quantity=filled,
            updated_at_ms=market.now_ms(),
        )
        self._send("orders", row["account_id"], order)

    def _send_prices(self) -> None:
        for symbol in market.SYMBOLS:
            self._send("prices", symbol, market.price(symbol))

    def _send(self, topic: str, key: str, message: Struct) -> None:
        value = codec.encode(message)
        self._producer.produce(self._settings.topic(topic), value=value, key=key.encode())
        self._producer.poll(0)
