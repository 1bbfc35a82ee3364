"""Write the market of the benchmarks, and what strategies and engines send, to the input topics."""

from confluent_kafka import Producer
from msgspec import Struct

from bench import market
from pipeline.streams.settings import Settings
from topics import codec
from topics.limits import LimitsDocument

__all__ = ["MarketSender"]


class MarketSender:
    """One producer; faults: brokers may be away for long, and nothing may come twice."""

    def __init__(self, settings: Settings, *, faults: bool = False) -> None:
        self._settings = settings
        lasting: dict[str, str | int | bool] = {
            "enable.idempotence": True,
            "message.timeout.ms": 0,
            "log_level": 0,  # Of broker faults it would print much.
        }
        # Like a latency-sensitive strategy: by default the client waits 5 ms to fill a batch.
        self._producer = Producer(
            {
                **settings.connection(),
                "partitioner": "murmur2",
                "linger.ms": 0,
                **(lasting if faults else {}),
            }
        )

    def open_accounts(self, *, positions: bool, limits: LimitsDocument | None = None) -> None:
        """Write limits, instruments, prices and accounts, with positions if they are wanted."""
        self.send("limits", "*", limits or market.limits())
        for instrument in market.instruments():
            self.send("instruments", instrument.symbol, instrument)
        self.send_prices()
        for account_id in market.ACCOUNTS:
            self.send("accounts", account_id, market.opening(account_id))
            for fill in market.fills(account_id) if positions else ():
                self.send("fills", account_id, fill)
        self._producer.flush()

    def send_prices(self) -> None:
        """Write a price of each symbol as of now."""
        for symbol in market.SYMBOLS:
            self.send("prices", symbol, market.price(symbol))

    def send(self, topic: str, key: str, message: Struct) -> None:
        """Write a message without waiting for its delivery."""
        value = codec.encode(message)
        self._producer.produce(self._settings.topic(topic), value=value, key=key.encode())
        self._producer.poll(0)
