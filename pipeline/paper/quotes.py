"""Current quotes and contracts out of the topics prices and instruments, read by a thread.

Where a price has no bid or ask, its mark stands in, else its last, as in riskgate's own valuation.
"""

import threading
import time
from decimal import Decimal
from typing import NamedTuple, Self
from uuid import uuid4

from confluent_kafka import OFFSET_BEGINNING, Message, TopicPartition

from riskgate.connection import ANSWER_SECONDS_MAX, Connection, ends, sentences
from riskgate.consumer_errors import require_answers
from topics import instruments, prices
from topics.codec import DecodeError, decode
from topics.instruments import Instrument
from topics.prices import Price

__all__ = ["KafkaMarket", "Sides", "sides_of"]

POLL_SECONDS = 0.05


class Sides(NamedTuple):
    """Where one can sell and buy."""

    bid: Decimal
    ask: Decimal


class KafkaMarket:
    """Follow the market while inside `with`; a `pipeline.paper.terms.Market`.

    age_ms_max: an order is not filled at a quote that is older by its own time.
    """

    def __init__(self, connection: Connection, *, age_ms_max: int) -> None:
        self._connection = connection
        self._age_ms_max = age_ms_max
        self._prices: dict[str, Price] = {}
        self._instruments: dict[str, Instrument] = {}
        self._topics = {
            connection.topic(topic.name): topic for topic in (prices.TOPIC, instruments.TOPIC)
        }
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="market", daemon=True)

    def quote(self, symbol: str, now_ms: int) -> Sides | None:
        """Return the prices at which one can trade now, None if there are none."""
        price = self._prices.get(symbol)
        if price is None or now_ms - price.as_of_ms > self._age_ms_max:
            return None
        return sides_of(price, negative=self._may_be_negative(symbol))

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the contract of a symbol, None if nobody wrote it."""
        return self._instruments.get(symbol)

    def __enter__(self) -> Self:
        """Raise UnavailableError when Kafka does not answer or a topic is missing."""
        # It never commits, so the group is only a name that Kafka's client requires.
        self._consumer = self._connection.consumer(f"riskgate-paper-market-{uuid4().hex}")
        try:
            quoted = ends(self._consumer, self._connection, prices.TOPIC.name)
            known = ends(self._consumer, self._connection, instruments.TOPIC.name)
            begin_ms = time.time_ns() // 1_000_000 - self._age_ms_max
            with sentences(self._connection):
                begins = self._consumer.offsets_for_times(
                    [TopicPartition(each.topic, each.partition, begin_ms) for each in quoted],
                    timeout=ANSWER_SECONDS_MAX,
                )
                require_answers(begins)
                whole = [
                    TopicPartition(each.topic, each.partition, OFFSET_BEGINNING) for each in known
                ]
                self._consumer.assign([*begins, *whole])
        except BaseException:
            self._consumer.close()
            raise
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        self._consumer.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            message = self._consumer.poll(POLL_SECONDS)
            # An error passes, or the quotes grow old, and then nothing is filled.
            if message is not None and message.error() is None:
                self._take(message)

    def _take(self, message: Message) -> None:
        value = message.value()
        if not isinstance(value, bytes):
            return
        try:
            read = decode(self._topics[message.topic() or ""], value)
        except DecodeError:
            return  # riskgate refuses it, too, and says why in dead_letters.
        if isinstance(read, Price):
            known = self._prices.get(read.symbol)
            if known is None or read.as_of_ms >= known.as_of_ms:
                self._prices[read.symbol] = read
        elif isinstance(read, Instrument):
            self._instruments[read.symbol] = read

    def _may_be_negative(self, symbol: str) -> bool:
        known = self._instruments.get(symbol)
        return known is not None and known.prices_may_be_negative


def sides_of(price: Price, *, negative: bool = False) -> Sides | None:
    """Return where one can trade at a price, None where a side has none.

    negative: prices at or below zero are real.
    """

    def first(*candidates: Decimal | None) -> Decimal | None:
        found = (each for each in candidates if each is not None and (negative or each > 0))
        return next(found, None)

    bid = first(price.bid, price.mark, price.last)
    ask = first(price.ask, price.mark, price.last)
    return None if bid is None or ask is None else Sides(bid, ask)
