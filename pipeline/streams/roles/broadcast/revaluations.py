"""Which accounts of one partition are due a revaluation, and when.

Time is an argument, so live broadcast and replay share this code. What is due depends only on the
account's newest row, the quotes, and the last revaluation that was sent to it.
"""

from heapq import heapify, heappop, heappush, nsmallest
from typing import NamedTuple, TypeVar

from pipeline.streams.roles.broadcast.monitored import MonitoredAccount, Move, move_of
from pipeline.streams.settings import Settings
from pipeline.streams.tables.currency_pairs import Pair, unordered
from pipeline.streams.tables.tables import Arrived, Tables
from topics.account_states import AccountState
from topics.codec import encode_event
from topics.events import Market, Rate, Revaluation, RevaluationEvent
from topics.fields import EVERYONE

__all__ = ["Due", "RevaluationQueue"]

MARKET_BYTES_MAX = (
    6144  # Of one symbol in a revaluation, rate included, as the bounds of fields allow.
)
EVENT_BYTES_SPARE = 1024  # For the other fields of an event.
RATE_BYTES_MAX = 512
QUEUE_SPARE = 1024  # Entries of the queue beyond two for each account.


K = TypeVar("K", Pair, str)


class Due(NamedTuple):
    """A due revaluation, and when it became due."""

    account_id: str
    due_ms: int


class RevaluationQueue:
    """The accounts of one partition, dropped together when it moves away."""

    def __init__(self, settings: Settings, tables: Tables) -> None:
        self.starved = 0  # Revaluations that had to wait for the budget or for risk.
        self._tables = tables
        self._move_ratio = settings.revaluation_move_ratio
        self._interval_ms = settings.revaluation_interval_ms
        self._event_bytes_max = settings.event_bytes_max
        self._rates_max = settings.event_bytes_max // 2 // RATE_BYTES_MAX  # Of no market.
        self._accounts: dict[str, MonitoredAccount] = {}
        self._accounts_by_symbol: dict[
            str, dict[str, MonitoredAccount]
        ] = {}  # By symbol, held or reserved.
        self._accounts_by_pair: dict[
            Pair, dict[str, MonitoredAccount]
        ] = {}  # By the pair that is needed.
        self._queue: list[tuple[int, str]] = []  # A heap; outdated entries are skipped.
        self._ready: dict[str, MonitoredAccount] = {}  # Taken from the queue, not revalued yet.
        self._serial = 0
        self._serial_at_ms = 0
        self._now_ms: int | None = None

    def __len__(self) -> int:
        return len(self._accounts)

    def apply_state(self, row: AccountState) -> None:
        """Apply an account's newest row; the row of `*` announces new documents and controls."""
        if row.account_id == EVERYONE:
            self._apply_serial(row)
            return
        monitored = self._accounts.get(row.account_id)
        if monitored is None:
            monitored = self._accounts[row.account_id] = MonitoredAccount(row.account_id)
        self._unindex(monitored)
        monitored.apply(row, move_ratio=self._move_ratio)
        for symbol in monitored.lines:
            self._accounts_by_symbol.setdefault(symbol, {})[row.account_id] = monitored
        for pair in _pairs(monitored):
            self._accounts_by_pair.setdefault(pair, {})[row.account_id] = monitored
        self._schedule(monitored)

    def forget(self, account_id: str) -> None:
        """Remove an account whose row was deleted."""
        monitored = self._accounts.pop(account_id, None)
        if monitored is not None:
            self._unindex(monitored)
            self._ready.pop(account_id, None)

    def apply_price(self, symbol: str) -> None:
        """Reschedule the accounts that hold or reserve a symbol, or need a rate from its price.

        The tables must have its new quote already.
        """
        arrived = self._tables.arrived(symbol)
        if arrived is None:
            return
        move = self._move(arrived)
        for monitored in self._accounts_by_symbol.get(symbol, {}).values():
            due_ms = monitored.line_due_ms(symbol, move, interval_ms=self._interval_ms)
            self._hasten(monitored, due_ms)
        pair = self._tables.rate_pair(symbol)
        if pair is not None and pair in self._accounts_by_pair:
            for monitored in self._accounts_by_pair[pair].values():
                currency = pair[1] if pair[0] == monitored.currency else pair[0]
                self._hasten(monitored, self._rate_due_ms(monitored, currency))

    def set_live_time(self, now_ms: int) -> None:
        """Set the current time: prices are never newer, even if their broker's clock is fast."""
        self._now_ms = now_ms

    def due(self, now_ms: int, budget: int | None = None, *, lagging: bool = False) -> list[Due]:
        """List the revaluations to send now, at most `budget`, by due time and account.

        Wake-ups and controls come first, then breaches that wait for confirmation, then what is
        nearest to a limit. While risk is lagging, nothing is due for ordinary moves.
        """
        self._collect(now_ms)
        chosen = [
            monitored
            for monitored in self._ready.values()
            if not lagging or monitored.confirming or monitored.is_urgent(now_ms)
        ]
        if budget is not None and budget < len(chosen):
            chosen = nsmallest(budget, chosen, key=lambda monitored: monitored.precedence(now_ms))
        if len(chosen) < len(self._ready):
            self._count_starved({monitored.account_id for monitored in chosen})
        found = (Due(monitored.account_id, monitored.due_ms or 0) for monitored in chosen)
        return sorted(found, key=lambda due: (due.due_ms, due.account_id))

    def earliest(self, until_ms: int) -> Due | None:
        """Return the first revaluation that is due by a time; replay sends it at its due time."""
        while self._queue and self._queue[0][0] <= until_ms:
            due_ms, account_id = self._queue[0]
            if self._is_true(due_ms, account_id):
                return Due(account_id, due_ms)
        return None

    def revaluation(self, account_id: str, at_ms: int) -> RevaluationEvent | None:
        """Build an account's revaluation and record it as sent; None for an unknown account."""
        monitored = self._accounts.get(account_id)
        if monitored is None:
            return None
        markets = self._markets(monitored)
        rates = self._rates(monitored, markets)
        monitored.sent(markets, rates, at_ms, move_ratio=self._move_ratio)
        monitored.revaluation_sent_serial = self._serial
        self._schedule(monitored)
        return RevaluationEvent(
            account_id=account_id, rates=rates, body=Revaluation(markets=markets)
        )

    def _rates(self, monitored: MonitoredAccount, markets: tuple[Market, ...]) -> tuple[Rate, ...]:
        """Return the rates that the account needs, as many as fit next to the markets."""
        if monitored.currency is None:
            return ()
        settled = (market.instrument for market in markets)
        found = {instrument.settlement_currency for instrument in settled if instrument is not None}
        needed = (*sorted({*found, *monitored.unconverted}), *monitored.rates)
        currencies = list(dict.fromkeys(needed))[: self._rates_max + len(found)]
        return self._tables.rates_of(currencies, monitored.currency)

    def _markets(self, monitored: MonitoredAccount) -> tuple[Market, ...]:
        """Return the market of each monitored symbol; if they do not fit, the newer ones."""
        markets = tuple(self._tables.market(symbol) for symbol in monitored.symbols)
        room = self._event_bytes_max - EVENT_BYTES_SPARE
        room -= RATE_BYTES_MAX * min(len(list(monitored.rates)), self._rates_max)
        if len(markets) * MARKET_BYTES_MAX <= room:
            return markets
        fitting: list[Market] = []
        for market in sorted(markets, key=monitored.has_taken):
            room -= len(encode_event(market)) + RATE_BYTES_MAX
            if room < 0:
                break
            fitting.append(market)
        return tuple(fitting)

    def _apply_serial(self, row: AccountState) -> None:
        if row.controls_serial == self._serial:
            return
        self._serial = row.controls_serial
        self._serial_at_ms = row.at_ms
        for monitored in self._accounts.values():
            if monitored.exposed:
                self._schedule(monitored)

    def _schedule(self, monitored: MonitoredAccount) -> None:
        """Recompute when an account is due."""
        self._ready.pop(monitored.account_id, None)
        monitored.due_ms = None
        due_ms = self._find_due_ms(monitored)
        if due_ms is not None:
            self._push(monitored, due_ms)

    def _find_due_ms(self, monitored: MonitoredAccount) -> int | None:
        monitored.urgent_ms = monitored.find_urgent_ms(
            self._serial, self._serial_at_ms, interval_ms=self._interval_ms
        )
        times = [monitored.urgent_ms, monitored.again_ms()]
        for symbol in monitored.lines:
            arrived = self._tables.arrived(symbol)
            if arrived is not None:
                move = self._move(arrived)
                times.append(monitored.line_due_ms(symbol, move, interval_ms=self._interval_ms))
        times += [self._rate_due_ms(monitored, currency) for currency in monitored.rates]
        return min((time_ms for time_ms in times if time_ms is not None), default=None)

    def _rate_due_ms(self, monitored: MonitoredAccount, currency: str) -> int | None:
        arrived = self._tables.newest_rate(currency, monitored.currency or "")
        if arrived is None:
            return None
        known = arrived._replace(at_ms=self._come_ms(arrived.at_ms))
        return monitored.rate_due_ms(currency, known, interval_ms=self._interval_ms)

    def _move(self, arrived: Arrived) -> Move:
        move = move_of(arrived)
        return move._replace(at_ms=self._come_ms(move.at_ms))

    def _come_ms(self, at_ms: int) -> int:
        """Return an append time, but never later than the current time."""
        return at_ms if self._now_ms is None else min(at_ms, self._now_ms)

    def _hasten(self, monitored: MonitoredAccount, due_ms: int | None) -> None:
        """Make an account due earlier."""
        if due_ms is not None and (monitored.due_ms is None or due_ms < monitored.due_ms):
            self._push(monitored, due_ms)

    def _push(self, monitored: MonitoredAccount, due_ms: int) -> None:
        monitored.due_ms = due_ms
        if monitored.account_id in self._ready:
            return
        heappush(self._queue, (due_ms, monitored.account_id))
        if len(self._queue) > 2 * len(self._accounts) + QUEUE_SPARE:
            self._queue = [
                (item.due_ms, item.account_id)
                for item in self._accounts.values()
                if item.due_ms is not None and item.account_id not in self._ready
            ]
            heapify(self._queue)

    def _is_true(self, due_ms: int, account_id: str) -> bool:
        """Whether the first entry of the queue is current; correct it if not."""
        monitored = self._accounts.get(account_id)
        if monitored is None or monitored.due_ms != due_ms:
            heappop(self._queue)
            return False
        if self._find_due_ms(monitored) == due_ms:
            return True
        heappop(self._queue)
        self._schedule(monitored)
        return False

    def _collect(self, now_ms: int) -> None:
        """Move due accounts from the queue to the ready ones."""
        while (first := self.earliest(now_ms)) is not None:
            heappop(self._queue)
            self._ready[first.account_id] = self._accounts[first.account_id]

    def _count_starved(self, chosen: set[str]) -> None:
        for account_id, monitored in self._ready.items():
            if not monitored.starved and account_id not in chosen:
                monitored.starved = True
                self.starved += 1

    def _unindex(self, monitored: MonitoredAccount) -> None:
        for symbol in monitored.lines:
            _drop(self._accounts_by_symbol, symbol, monitored.account_id)
        for pair in _pairs(monitored):
            _drop(self._accounts_by_pair, pair, monitored.account_id)


def _pairs(monitored: MonitoredAccount) -> list[Pair]:
    """Return the currency pairs whose rates an account needs."""
    return [unordered((currency, monitored.currency or "")) for currency in monitored.rates]


def _drop(watchers: dict[K, dict[str, MonitoredAccount]], key: K, account_id: str) -> None:
    del watchers[key][account_id]
    if not watchers[key]:
        del watchers[key]
