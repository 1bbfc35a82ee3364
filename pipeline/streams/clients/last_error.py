"""Why a client last lost its brokers, which the requests that fail after it do not say."""

from confluent_kafka import KafkaError

__all__ = ["LastError"]


class LastError:
    """Remembers the newest error of a client; `remember` is its `error_cb`."""

    def __init__(self) -> None:
        self.reason: str | None = None

    def remember(self, error: KafkaError) -> None:
        """Keep the reason of an error."""
        # "All brokers are down" follows the failure of the last one and gives no reason.
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - Its only name.
            self.reason = error.str().partition(" (after")[0]  # Drops how long it took.
