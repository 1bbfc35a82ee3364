"""An `events` topic as ingest would have written it: accounts with positions, then signals."""

from collections.abc import Iterable, Sequence
from itertools import count, islice
from typing import Protocol

from confluent_kafka import Producer

from bench import market
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.settings import Settings
from topics import codec
from topics.events import (
    AccountEvent,
    Event,
    FillEvent,
    Heartbeat,
    HeartbeatEvent,
    LimitsEvent,
    Market,
    OrderEvent,
    Quote,
    Revaluation,
    RevaluationEvent,
    SignalEvent,
    Source,
)
from topics.fields import EVERYONE
from topics.fills import Fill
from topics.limits import LimitsDocument

TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAQ"


class Sink(Protocol):
    """What Prefill needs of a producer."""

    def produce(self, topic: str, /, *, value: bytes, key: bytes, partition: int) -> None:
        """Take an event."""
        ...

    def poll(self, timeout: float, /) -> object:
        """Serve what is waiting."""
        ...

    def flush(self) -> object:
        """Wait until all is delivered."""
        ...


def event_producer(settings: Settings, *, linger_ms: int = 20) -> Producer:
    """Return a producer of events, by default in large batches."""
    return Producer(
        {
            **settings.connection(),
            "linger.ms": linger_ms,
            "compression.type": "lz4",
            "log_level": 2,  # The broker may end before this process does.
        }
    )


class Prefill:
    """Write events directly to the `events` topic. accounts: they take turns."""

    def __init__(
        self,
        settings: Settings,
        *,
        accounts: Sequence[str] = market.ACCOUNTS,
        limits: LimitsDocument | None = None,
        producer: Sink | None = None,
    ) -> None:
        self.written = 0
        self._settings = settings
        self.accounts = accounts
        self._limits = limits or market.limits()
        self._signals = count()
        self._instruments = {item.symbol: item for item in market.instruments()}
        self._producer: Sink = producer or event_producer(settings)

    def write(self, signals: int) -> int:
        """Write accounts, then signals with cancelled orders; return the number of events."""
        self.open_accounts()
        self.ask(signals)
        return self.written

    def open_accounts(self, *, positions: int = len(market.SYMBOLS)) -> None:
        """Write the limits, then each account with so many positions."""
        self._to_everyone(
            LimitsEvent(account_id=EVERYONE, source=self._source("limits"), body=self._limits)
        )
        for account_id in self.accounts:
            self._open(account_id, islice(market.fills(account_id), positions))
        self._producer.flush()

    def ask(self, signals: int) -> None:
        """Write signals, each with its cancelled order, and heartbeats."""
        for number in range(signals):
            if number % 2000 == 0:
                self.heartbeat()
            self.ask_one()
        self._producer.flush()

    def heartbeat(self) -> None:
        """Write a heartbeat to each partition."""
        self._to_everyone(HeartbeatEvent(account_id=EVERYONE, body=Heartbeat()))

    def refresh(self, *, positions: int = len(market.SYMBOLS)) -> None:
        """Write a revaluation of each account with newest quotes: marks age while nobody trades.

        positions: so many of them, as in `open_accounts`.
        """
        for account_id in self.accounts:
            markets = tuple(
                Market(symbol=symbol, instrument=instrument, quote=self._quote(symbol))
                for symbol, instrument in islice(self._instruments.items(), positions)
            )
            body = Revaluation(markets=markets)
            self._send(RevaluationEvent(account_id=account_id, body=body))
        self._producer.flush()

    def _open(self, account_id: str, fills: Iterable[Fill]) -> None:
        opening = market.opening(account_id)
        self._send(
            AccountEvent(account_id=account_id, source=self._source("accounts"), body=opening)
        )
        for fill in fills:
            self._send(
                FillEvent(
                    account_id=account_id,
                    source=self._source("fills"),
                    instrument=self._instruments[fill.symbol],
                    quote=self._quote(fill.symbol),
                    body=fill,
                )
            )

    def ask_one(self) -> str:
        """Write the next signal and the cancellation of its order; return the signal's id."""
        signal = market.signal(next(self._signals), self.accounts)
        instrument, quote = self._instruments[signal.symbol], self._quote(signal.symbol)
        self._send(
            SignalEvent(
                account_id=signal.account_id,
                source=self._source("signals"),
                instrument=instrument,
                quote=quote,
                body=signal,
            )
        )
        self._send(
            OrderEvent(
                account_id=signal.account_id,
                source=self._source("orders"),
                instrument=instrument,
                quote=quote,
                body=market.cancelled(signal),
            )
        )
        return signal.signal_id

    def _source(self, topic: str) -> Source:
        return Source(topic=topic, topic_id=TOPIC_ID, partition=0, offset=self.written)

    def _quote(self, symbol: str) -> Quote:
        price = market.price(symbol)
        return Quote(
            symbol=symbol,
            bid=price.bid,
            ask=price.ask,
            last=price.last,
            as_of_ms=price.as_of_ms,
            offset=self.written,
        )

    def _to_everyone(self, event: Event) -> None:
        for partition in range(self._settings.partitions):
            self._produce(event, partition)

    def _send(self, event: Event) -> None:
        self._produce(event, partition_of(event.account_id, self._settings.partitions))

    def _produce(self, event: Event, partition: int) -> None:
        self.written += 1
        topic, key = self._settings.topic("events"), event.account_id.encode()
        value = codec.encode_event(event)
        while True:
            try:
                self._producer.produce(topic, value=value, key=key, partition=partition)
            except BufferError:
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return
