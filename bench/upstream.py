"""What a broken or hostile producer writes into the input topics, by a seed."""

import random
from collections.abc import Sequence

from confluent_kafka import Producer
from msgspec.structs import replace

from bench import market
from pipeline.streams.settings import Settings
from topics import codec
from topics.prices import Price

__all__ = ["Upstream"]

TOPICS = ("signals", "orders", "fills", "positions", "accounts", "controls", "limits", "prices")
SKEW_MS = 3_600_000


class Upstream:
    """One producer of records that should not be there."""

    def __init__(self, settings: Settings, draw: random.Random) -> None:
        self._settings = settings
        self._draw = draw
        self._producer = Producer(
            {**settings.connection(), "partitioner": "murmur2", "message.timeout.ms": 0}
            | {"log_level": 0}
        )

    def poison(self, count: int) -> None:
        """Write records that nobody can decode, or under keys that are not theirs."""
        for _ in range(count):
            key, value = self._draw.choice(self._poisons())
            self._send(self._draw.choice(TOPICS), key, value)

    def repeat(self, count: int, *, sent: int) -> None:
        """Write signals again that were sent before, in any order and some with another time."""
        for _ in range(min(count, sent)):
            asked = market.signal(self._draw.randrange(sent))
            if self._draw.random() < 0.5:
                moved_ms = self._draw.randint(-SKEW_MS, SKEW_MS)
                asked = replace(asked, created_at_ms=asked.created_at_ms + moved_ms)
            self._send("signals", asked.account_id.encode(), codec.encode(asked))

    def old_prices(self) -> None:
        """Write prices with times of long ago and of the future, out of order."""
        for symbol in market.SYMBOLS:
            moved_ms = self._draw.randint(-SKEW_MS, SKEW_MS)
            price = market.price(symbol)
            self._price(replace(price, as_of_ms=price.as_of_ms + moved_ms))

    def _price(self, price: Price) -> None:
        self._send("prices", price.symbol.encode(), codec.encode(price))

    def _poisons(self) -> Sequence[tuple[bytes | None, bytes | None]]:
        account_id = self._draw.choice(market.ACCOUNTS).encode()
        whole = codec.encode(market.signal(self._draw.randrange(1000)))
        return (
            (account_id, self._draw.randbytes(self._draw.randrange(200))),
            (account_id, whole[: self._draw.randrange(len(whole))]),
            (account_id, b"[" * 20_000),
            (account_id, None),
            (None, whole),
            (self._draw.randbytes(8), whole),
            (account_id, whole.replace(b'"1.25"', b'"-1e999"')),
        )

    def _send(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        self._producer.produce(self._settings.topic(topic), value=value, key=key)
        self._producer.poll(0)
