"""What a demo that stays leaves to its user: an account, a quoted symbol, the engine's place."""

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from decimal import Decimal

from confluent_kafka import Consumer, KafkaException, TopicPartition

from pipeline.demo.environment import Environment, now_ms, opening
from pipeline.demo.kafka_io import DemoError, Reader
from pipeline.demo.market import CURRENCY, TICK, Quote
from riskgate.engine import GROUP
from topics import accounts, decisions, instruments, prices
from topics.account_states import AccountState
from topics.codec import decode_as
from topics.instruments import Instrument

__all__ = ["ACCOUNT", "GUEST_QUOTE", "hand_over", "open_account", "quote"]

ACCOUNT = "acct-1"  # With the symbol, as in the examples of docs.
OPENING = Decimal(100_000)
GUEST_QUOTE = Quote("BTC-USD", bid=Decimal("99.99"), ask=Decimal("100.01"), last=Decimal(100))
ANSWER_SECONDS_MAX = 10.0
OPEN_SECONDS_MAX = 30.0
STEP_SECONDS = 0.1
_INSTRUMENT = Instrument(
    symbol=GUEST_QUOTE.symbol,
    settlement_currency=CURRENCY,
    tick_size=TICK,
    lot_size=Decimal("0.001"),
    min_quantity=Decimal(0),
)


def open_account(environment: Environment, keep_quoting: Callable[[], None]) -> None:
    """Open the user's account, and wait until it has a state. Raise DemoError if it gets none."""
    keep_quoting()
    environment.sender.send(instruments.TOPIC, _INSTRUMENT)
    environment.sender.send(accounts.TOPIC, opening(ACCOUNT, OPENING))
    deadline_s = time.monotonic() + OPEN_SECONDS_MAX
    with Reader(environment.settings, ["account_states"]) as reader:
        while not any(
            decode_as(AccountState, arrived.value).account_id == ACCOUNT
            for arrived in reader.take(STEP_SECONDS)
        ):
            keep_quoting()
            if time.monotonic() > deadline_s:
                raise DemoError(f"{ACCOUNT} did not open within {OPEN_SECONDS_MAX:g} s")


def quote(environment: Environment, quotes: Iterable[Quote]) -> None:
    """Publish these quotes as of now; an old one would refuse every order."""
    at_ms = now_ms()
    for each in quotes:
        environment.sender.send(prices.TOPIC, each.message(at_ms))


def hand_over(environment: Environment) -> None:
    """Let the user's engine begin after what the demo's engine obeyed. Raise DemoError.

    Without an offset it would act on ten minutes of decisions, as an engine that lost its offset.
    """
    settings = environment.settings
    asking = Consumer({**settings.connection(), "group.id": GROUP, "log_level": 0})
    topic = settings.topic(decisions.TOPIC.name)
    with closing(asking):
        try:
            partitions = asking.list_topics(topic, timeout=ANSWER_SECONDS_MAX).topics[topic]
            ends = [_end(asking, TopicPartition(topic, each)) for each in partitions.partitions]
            asking.commit(offsets=ends, asynchronous=False)
        except KafkaException as error:
            raise DemoError(
                f"the place of the demo's engine was not handed over ({error.args[0].str()})"
            ) from error


def _end(asking: Consumer, place: TopicPartition) -> TopicPartition:
    _, end = asking.get_watermark_offsets(place, timeout=ANSWER_SECONDS_MAX)
    return TopicPartition(place.topic, place.partition, end)
