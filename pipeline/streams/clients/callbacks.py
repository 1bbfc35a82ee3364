"""Callbacks of a rebalance, whose errors are raised once the call that ran them has returned."""

from collections.abc import Callable

from confluent_kafka import Consumer, TopicPartition

__all__ = ["Callbacks", "Rebalanced"]

Rebalanced = Callable[[Consumer, list[TopicPartition]], None]


class Callbacks:
    """Keep what callbacks raise until `raise_first`.

    confluent-kafka 2.12 can lose an error that a callback of a rebalance raises. It then assigns by
    itself, and that revokes the wish to return at once: what else is queued, such as errors of
    brokers, is served with the error pending, and the first callback in Python clears it. `poll`
    ends with a SystemError that names no cause.
    """

    def __init__(self) -> None:
        self._raised: list[BaseException] = []
        self._is_silent = False

    def of(
        self, on_assign: Rebalanced, on_revoke: Rebalanced, on_lost: Rebalanced
    ) -> dict[str, Rebalanced]:
        """Return what `subscribe` is to be given."""
        return {
            "on_assign": self._kept(on_assign),
            "on_revoke": self._kept(on_revoke),
            "on_lost": self._kept(on_lost),
        }

    def raise_first(self) -> None:
        """Raise what the first callback raised that did; call this after each poll."""
        if self._raised:
            first = self._raised[0]
            self._raised.clear()
            raise first

    def after(self, call: Callable[[], None]) -> None:
        """Make a call that runs callbacks; then raise what they raised."""
        call()
        self.raise_first()

    def silence(self) -> None:
        """Run no callback any more: what they would change belongs to others by now."""
        self._is_silent = True

    def _kept(self, callback: Rebalanced) -> Rebalanced:
        def run(consumer: Consumer, partitions: list[TopicPartition]) -> None:
            if self._is_silent or self._raised:
                return  # Its work is over: whoever called the client is about to hear of it.
            try:
                callback(consumer, partitions)
            except BaseException as error:  # noqa: BLE001 - Raised again by `raise_first`.
                self._raised.append(error)

        return run
