"""One trading session: quotes go out, traders send signals, riskgate decides, the engine executes.

Everything runs in one thread with one clock; only the Kafka reader has a thread of its own.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pipeline.demo.checks import accounts_finding
from pipeline.demo.engine import PaperEngine
from pipeline.demo.environment import Environment, loss_limits, now_ms
from pipeline.demo.kafka_io import Arrived, DemoError, Reader, decode_log
from pipeline.demo.ledger import Ledger
from pipeline.demo.loss_timeline import LossTimeline
from pipeline.demo.market import QUOTES_PER_BAR, Day, Quote, quotes_of
from pipeline.demo.strategies import HISTORY_MAX
from pipeline.demo.traders import OPENING, UNOPENED, Market, Trader
from pipeline.demo.venue_accounts import VenueAccounts
from pipeline.demo.view import Scene, View
from riskgate.venue import Report
from topics import accounts, fills, orders, positions, prices, signals
from topics.account_states import AccountState
from topics.accounts import CashFlow
from topics.alerts import Alert
from topics.codec import decode_as
from topics.fields import Side
from topics.fills import Fill

__all__ = ["Session"]

DAY_SECONDS = 0.12
STEP_SECONDS = DAY_SECONDS / QUOTES_PER_BAR
HISTORY_DAYS = HISTORY_MAX  # Not traded: strategies need a price history to begin with.
OPEN_SECONDS_MAX = 30.0
CALM_SECONDS = 1.5  # Let quotes and heartbeats arrive before the first signal.
SETTLE_SECONDS_MAX = 20.0
SETTLE_STEP_SECONDS = 0.1
TOPICS = ("decisions", "account_states", "alerts")
BROKEN_EVERY_DAYS = 100
BROKEN = b'{"signal_id": "broken", "side": '


class Step(NamedTuple):
    """One quote of each symbol."""

    number: int
    day: Day
    quotes: list[Quote]
    is_close: bool


class Session:
    """A session; `run` it once."""

    def __init__(
        self,
        environment: Environment,
        days: Sequence[Day],
        *,
        traders: Sequence[Trader],
        view: View,
    ) -> None:
        self._environment = environment
        self._days = days[HISTORY_DAYS:]
        self._traders = traders
        self._view = view
        names = [trader.account_id for trader in traders if trader.account_id != UNOPENED]
        openings = dict.fromkeys(names, OPENING)
        self._limits = loss_limits(names)
        self._losses = LossTimeline(self._limits, openings)
        self._engine = PaperEngine(openings)
        self.ledger = Ledger(self._losses)
        self.quotes: dict[str, Quote] = {}
        self.broken = 0  # Undecodable messages, sent on purpose.
        self.started_s = time.monotonic()
        self.seconds = 0.0
        self._closes = _history(days[:HISTORY_DAYS])
        self._rising: dict[str, bool] = {}
        self._scene = Scene(
            phase="opening",
            day=self._days[0].day,
            progress=0.0,
            quotes=self.quotes,
            rising=self._rising,
            ledger=self.ledger,
            limits=self._limits,
            started_s=self.started_s,
            now_s=0.0,
        )

    @property
    def venue_accounts(self) -> VenueAccounts:
        """The venue's own positions and cash."""
        return self._engine.venue_accounts

    @property
    def last_day(self) -> date:
        """The last trading day."""
        return self._days[-1].day

    @property
    def first_day(self) -> date:
        """The first trading day."""
        return self._days[0].day

    def run(self) -> None:
        """Open the accounts, trade, and wait for the end. Raise DemoError when something fails."""
        with Reader(self._environment.settings, TOPICS) as reader, self._view:
            self._open(reader)
            self.started_s = time.monotonic()
            self._scene = self._scene._replace(phase="trading", started_s=self.started_s)
            self._trade(reader)
            self.seconds = time.monotonic() - self.started_s
            self._scene = self._scene._replace(phase="settling", progress=1.0)
            self._settle(reader)

    def _open(self, reader: Reader) -> None:
        """Send quotes of the first day until every account has a state."""
        first = next(_steps(self._days))
        self._environment.open_accounts(list(self.venue_accounts.accounts()))
        deadline_s = time.monotonic() + OPEN_SECONDS_MAX
        while len(self.ledger.states) < len(self._limits):
            if time.monotonic() > deadline_s:
                raise DemoError(
                    f"Only {len(self.ledger.states)} of {len(self._limits)} accounts opened "
                    f"within {OPEN_SECONDS_MAX:g} s"
                )
            self._quote(first.quotes)
            self._until(time.monotonic() + SETTLE_STEP_SECONDS, reader)
        self._until(time.monotonic() + CALM_SECONDS, reader)

    def _trade(self, reader: Reader) -> None:
        steps = len(self._days) * QUOTES_PER_BAR
        for step in _steps(self._days):
            self._until(self.started_s + step.number * STEP_SECONDS, reader)
            self._quote(step.quotes)
            progress = (step.number + 1) / steps
            self._scene = self._scene._replace(day=step.day.day, progress=progress)
            if step.is_close:
                self._close_day(step)

    def _settle(self, reader: Reader) -> None:
        """Wait until all orders and stops are done, at the last prices."""
        last = list(self.quotes.values())
        deadline_s = time.monotonic() + SETTLE_SECONDS_MAX
        while not self._is_settled() and time.monotonic() < deadline_s:
            self._quote(last)
            self._until(time.monotonic() + SETTLE_STEP_SECONDS, reader)
        self._environment.sender.flush()

    def _is_settled(self) -> bool:
        open_ends = self.ledger.undecided or self.ledger.unfinished or not self._engine.is_idle
        return not open_ends and accounts_finding(self.venue_accounts, self.ledger.states).good

    def _until(self, due_s: float, reader: Reader) -> None:
        """Handle what arrives until the time is due, at least once."""
        while True:
            for arrived in reader.take(due_s - time.monotonic()):
                self._act_on(arrived)
            self._write(self._engine.work(self.quotes, now_ms()) if self.quotes else [])
            self._view.show(lambda now_s: self._scene._replace(now_s=now_s))
            if time.monotonic() >= due_s:
                self._environment.roles.check()
                return

    def _act_on(self, arrived: Arrived) -> None:
        if arrived.topic == "account_states":
            self.ledger.state(decode_as(AccountState, arrived.value))
        elif arrived.topic == "alerts":
            self.ledger.alert(decode_as(Alert, arrived.value))
        else:
            self._obey(arrived)

    def _obey(self, arrived: Arrived) -> None:
        message = decode_log(arrived.value)
        self.ledger.read(message, arrived.at_s)
        self._write(self._engine.obey(message, now_ms()))

    def _quote(self, quotes: Sequence[Quote]) -> None:
        at_ms, at_s = now_ms(), time.monotonic()
        for quote in quotes:
            before = self.quotes.get(quote.symbol)
            if before is not None and before.last != quote.last:
                self._rising[quote.symbol] = quote.last > before.last
            self.quotes[quote.symbol] = quote
            self._environment.sender.send(prices.TOPIC, quote.message(at_ms))
        marks = _marks(quotes)
        for account in self.venue_accounts.accounts():
            equity = self.venue_accounts.equity(account, marks)
            self._losses.observe(account, equity, peak=self.ledger.peak(account), at_s=at_s)

    def _close_day(self, step: Step) -> None:
        for quote in step.quotes:
            self._closes[quote.symbol].append(quote.last)
        number = step.number // QUOTES_PER_BAR
        for trader in self._traders:
            self._ask(trader, number)
        self._snapshot(number)
        if number % BROKEN_EVERY_DAYS == BROKEN_EVERY_DAYS // 2:
            self.broken += 1
            self._environment.sender.send_raw(signals.TOPIC, key=UNOPENED, value=BROKEN)

    def _ask(self, trader: Trader, day: int) -> None:
        closes = {symbol: tuple(closes) for symbol, closes in self._closes.items()}
        market = Market(day, closes, self.quotes, self.ledger.stopped, now_ms())
        for signal in trader.on_day(market, self._held(trader.account_id)):
            self.ledger.signal(signal, time.monotonic())
            self._environment.sender.send(signals.TOPIC, signal)

    def _held(self, account_id: str) -> dict[str, Decimal]:
        if account_id not in self._limits:
            return {}
        holdings = self.venue_accounts.holdings(account_id)
        return {symbol: holding.quantity for symbol, holding in holdings.items()}

    def _snapshot(self, day: int) -> None:
        names = list(self._limits)
        name = names[day % len(names)]
        for message in self._engine.snapshots(name, now_ms()):
            topic = accounts.TOPIC if isinstance(message, CashFlow) else positions.TOPIC
            self._environment.sender.send(topic, message)

    def _write(self, reports: Sequence[Report]) -> None:
        for report in reports:
            if isinstance(report, Fill):
                self._environment.sender.send(fills.TOPIC, report)
            else:
                self._environment.sender.send(orders.TOPIC, report)


def _history(days: Sequence[Day]) -> dict[str, deque[Decimal]]:
    return {
        symbol: deque((day.bars[symbol].close for day in days), maxlen=HISTORY_MAX)
        for symbol in days[0].bars
    }


def _steps(days: Sequence[Day]) -> Iterator[Step]:
    number = 0
    for day in days:
        paths = [quotes_of(symbol, bar) for symbol, bar in day.bars.items()]
        for place, quotes in enumerate(zip(*paths, strict=True), start=1):
            yield Step(number, day, list(quotes), place == QUOTES_PER_BAR)
            number += 1


def _marks(quotes: Sequence[Quote]) -> dict[tuple[str, Side], Decimal]:
    marks: dict[tuple[str, Side], Decimal] = {}
    for quote in quotes:
        marks[quote.symbol, "sell"] = quote.bid
        marks[quote.symbol, "buy"] = quote.ask
    return marks
