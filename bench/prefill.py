"""An `events` topic as ingest would have written it: accounts with positions, then signals."""

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
    OrderEvent,
    Quote,
    SignalEvent,
    Source,
)
from topics.fields import EVERYONE

TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAQ"


class Prefill:
    """Write events directly to the `events` topic."""

    def __init__(self, settings: Settings) -> None:
        self.written = 0
        self._settings = settings
        self._instruments = {item.symbol: item for item in market.instruments()}
        self._producer = Producer(
            {**settings.connection(), "linger.ms": 20, "compression.type": "lz4"}
        )

    def write(self, signals: int) -> int:
        """Write accounts, then signals with cancelled orders; return the number of events."""
        self._to_everyone(
            LimitsEvent(account_id=EVERYONE, source=self._source("limits"), body=market.limits())
        )
        for account_id in market.ACCOUNTS:
            self._open(account_id)
        for number in range(signals):
            if number % 2000 == 0:
                self._to_everyone(HeartbeatEvent(account_id=EVERYONE, body=Heartbeat()))
            self._ask(number)
        self._producer.flush()
        return self.written

    def _open(self, account_id: str) -> None:
        opening = market.opening(account_id)
        self._send(
            AccountEvent(account_id=account_id, source=self._source("accounts"), body=opening)
        )
        for fill in market.fills(account_id):
            self._send(
                FillEvent(
                    account_id=account_id,
                    source=self._source("fills"),
                    instrument=self._instruments[fill.symbol],
                    quote=self._quote(fill.symbol),
                    body=fill,
                )
            )

    def _ask(self, number: int) -> None:
        signal = market.signal(number)
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
