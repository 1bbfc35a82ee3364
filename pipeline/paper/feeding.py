"""Write the prices of a file at the pace of its times."""

import threading
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from pipeline.paper.price_files import prices_of
from pipeline.streams.settings import Settings
from riskgate.messages import Price, now_ms
from riskgate.writers import Prices

__all__ = ["Pace", "feed", "feed_prices"]


class Pace(Struct, frozen=True, kw_only=True):
    """How fast a file is written."""

    speed: Decimal = Decimal(1)  # Seconds of the file in one of ours.
    at_once: bool = False  # Do not wait at all.
    keep_times: bool = False  # Leave the file's times; else a price is of the moment it is written.


def feed(settings: Settings, path: Path, *, symbol: str | None, pace: Pace) -> int:
    """Write a file's prices and return how many.

    The whole file is read first, so that one with a bad line writes nothing. Raise StartupError for
    it, UnavailableError and DeliveryError when Kafka does not take them.
    """
    for _ in prices_of(path, symbol):
        pass
    with Prices(
        settings.brokers, topic_prefix=settings.topic_prefix, properties=settings.connection()
    ) as writer:
        return feed_prices(prices_of(path, symbol), writer.send, pace)


def feed_prices(prices: Iterable[Price], send: Callable[[Price], None], pace: Pace) -> int:
    """Hand on each price when its time has come; return how many."""
    count, first_ms, began_ms = 0, None, now_ms()
    for price in prices:
        first_ms = price.as_of_ms if first_ms is None else first_ms
        due_ms = began_ms + int((price.as_of_ms - first_ms) / pace.speed)
        if not pace.at_once:
            _wait_until(due_ms)
        send(price if pace.keep_times else replace(price, as_of_ms=now_ms()))
        count += 1
    return count


def _wait_until(at_ms: int) -> None:
    left_ms = at_ms - now_ms()
    if left_ms > 0:
        threading.Event().wait(left_ms / 1000)
