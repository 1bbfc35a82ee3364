"""Signals from a seed, and an engine that fills or cancels what is approved, in two threads."""

import random
import threading
import time
import uuid
from decimal import Decimal
from typing import Self

import orjson
from msgspec.structs import replace

from bench import market
from bench.market_sender import MarketSender
from bench.pipeline import consumer_of
from pipeline.streams.clients.polling import poll_all
from pipeline.streams.settings import Settings
from topics.controls import Command, Control
from topics.fills import Fill
from topics.orders import Order

__all__ = ["Trading"]

RATE = 30  # Signals per second.
HALT_SECONDS = 20.0  # Between two halts of an account.
RESUME_SECONDS = 7.0  # Between two resumes.
PATIENCE_SECONDS = 90.0  # Without any decision.
WAITING_MAX = 3000  # Signals without a decision; whoever is that far behind gets no more.
PRICE = Decimal(100)
CONTROL = Control(
    control_id="-", account_id="-", command="halt", author="chaos", reason="-", issued_at_ms=0
)
STOPPING: tuple[Command, ...] = ("halt", "flatten", "reduce")


class Trading:
    """Strategies and their engine; knows which signals have a decision, and how long that took."""

    def __init__(self, settings: Settings, draw: random.Random, *, rate: int = RATE) -> None:
        self.sent = 0
        self.longest_s = 0.0  # From a signal to its decision.
        self.is_silent = False  # No prices come.
        self._settings = settings
        self._rate = rate  # Signals per second.
        self._draw = draw
        self._asked_s: dict[str, float] = {}  # When each undecided signal was sent.
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._recent_s = 0.0  # The same, since it was last asked for.
        self._stops: list[tuple[str, str]] = []  # Account and id of each stop that nobody resumed.
        self._done: set[str] = set()  # Orders that the engine acted on.
        self._market = MarketSender(settings, faults=True)
        self._threads = [threading.Thread(target=each) for each in (self._ask, self._answer)]

    def __enter__(self) -> Self:
        self._market.open_accounts(positions=False)
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
        left, give_up_s = len(self._asked_s), time.monotonic() + PATIENCE_SECONDS
        while self._asked_s and time.monotonic() < give_up_s:
            time.sleep(0.2)
            if len(self._asked_s) < left:
                left, give_up_s = len(self._asked_s), time.monotonic() + PATIENCE_SECONDS

    def undecided(self) -> int:
        """Return how many signals have no decision."""
        return len(self._asked_s)

    def behind_s(self) -> float:
        """Return how long the oldest signal without a decision has waited, in seconds."""
        with self._lock:
            oldest_s = min(self._asked_s.values(), default=None)
        return 0.0 if oldest_s is None else time.monotonic() - oldest_s

    def take_longest(self) -> float:
        """Return the longest time from a signal to its decision since the last call, in seconds."""
        with self._lock:
            longest_s, self._recent_s = self._recent_s, 0.0
        return max(longest_s, self.behind_s())

    def burst(self, count: int) -> None:
        """Send so many signals at once."""
        for _ in range(count):
            self._signal()

    def activate(self, version: str) -> None:
        """Let a release publish from now on."""
        self._control(replace(CONTROL, account_id="*", command="activate", version=version))

    def _ask(self) -> None:
        priced_s = halted_s = resumed_s = time.monotonic()
        while not self._ended.wait(1 / self._rate):
            now_s = time.monotonic()
            if now_s >= priced_s and not self.is_silent:
                priced_s = now_s + 1
                self._market.send_prices()
            if now_s >= halted_s + HALT_SECONDS:
                halted_s = now_s
                account_id = self._draw.choice(market.ACCOUNTS)
                command = self._draw.choice(STOPPING)
                self._control(replace(CONTROL, account_id=account_id, command=command))
            if now_s >= resumed_s + RESUME_SECONDS and self._stops:
                resumed_s = now_s
                account_id, stop_id = self._stops.pop(self._draw.randrange(len(self._stops)))
                control = replace(CONTROL, account_id=account_id, command="resume")
                self._control(replace(control, stop_id=stop_id))
            self._signal()

    def _signal(self) -> None:
        with self._lock:
            if len(self._asked_s) >= WAITING_MAX:
                return
            asked = market.signal(self.sent)
            if self._draw.random() < 0.5:
                asked = replace(asked, side="sell", limit_price=Decimal("99.5"))
            self.sent += 1
            self._asked_s[asked.signal_id] = time.monotonic()
        self._market.send("signals", asked.account_id, asked)

    def _control(self, control: Control) -> None:
        """Send a control as of now, under an id of its own."""
        name = f"chaos-{uuid.UUID(int=self._draw.getrandbits(128))}"
        control = replace(control, control_id=name, issued_at_ms=market.now_ms())
        self._market.send("controls", control.account_id, control)

    def _answer(self) -> None:
        """Act on every order once, until no signal waits any more."""
        consumer = consumer_of(self._settings, "decisions", isolation="read_uncommitted")
        give_up_s = 0.0
        while not self._ended.is_set() or (self._asked_s and time.monotonic() < give_up_s):
            messages = poll_all(consumer, 500, 0.1)
            if messages or not self._ended.is_set():
                give_up_s = time.monotonic() + PATIENCE_SECONDS
            for message in messages:
                if message.error() is None:
                    self._take(orjson.loads(message.value() or b"{}"))
        consumer.close()

    def _take(self, row: dict[str, str]) -> None:
        with self._lock:
            asked_s = self._asked_s.pop(row.get("signal_id", ""), None)
            if asked_s is not None:
                late_s = time.monotonic() - asked_s
                self.longest_s = max(self.longest_s, late_s)
                self._recent_s = max(self._recent_s, late_s)
        if row["kind"] == "stop" and row["status"] == "triggered":
            self._stops.append((row["account_id"], row["stop_id"]))
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
        self._market.send("fills", row["account_id"], fill)
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
        self._market.send("orders", row["account_id"], order)
