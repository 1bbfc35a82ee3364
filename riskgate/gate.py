"""Ask the gate: write a signal and wait for its decision, from any number of threads and tasks.

One consumer reads the decisions of all accounts from the moment the gate opens. Whatever goes
wrong while it waits is the answer "rejected: no answer", never an exception in a strategy's loop.
"""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import wait
from typing import Self
from uuid import uuid4

from confluent_kafka import KafkaError, Message
from msgspec.structs import replace

from riskgate.answers import NO_ANSWER, Answers, Ask, no_answer
from riskgate.connection import Property, connect, ends, sentences
from riskgate.consumer_errors import passes_without_group
from riskgate.messages import now_ms
from riskgate.writers import Outbox
from topics import decisions, signals
from topics.decisions import Decision
from topics.signals import Signal

__all__ = ["NO_ANSWER", "Gate"]

POLL_SECONDS = 0.05


class Gate:
    """Send signals and wait for decisions; close it, or use it in `with`.

    What is left out comes from the environment, as for riskgate itself: RISKGATE_BROKERS and so on.
    Raise UnavailableError when Kafka cannot be reached or its topics are missing.
    """

    def __init__(
        self,
        brokers: str | None = None,
        *,
        topic_prefix: str | None = None,
        properties: Mapping[str, Property] | None = None,
    ) -> None:
        connection = connect(brokers, topic_prefix, properties)
        self._outbox = Outbox(connection)
        self._answers = Answers()
        # It never commits, so the group is only a name that Kafka's client requires.
        self._consumer = connection.consumer(f"riskgate-gate-{uuid4().hex}")
        with sentences(connection):
            # Exact offsets, so that no decision on a signal sent from now on is missed.
            self._consumer.assign(ends(self._consumer, connection, decisions.TOPIC.name))
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._read, name="riskgate-gate", daemon=True)
        self._thread.start()

    def ask(self, signal: Signal, timeout: float = 2.0) -> Decision:
        """Return the decision on a signal, rejected with the reason NO_ANSWER after `timeout` s.

        A signal without an expiry gets that of the wait: what is not answered in time is not
        placed later either. Those who ask the same at the same time send one signal.
        """
        with self._answers.ask(_until(signal, timeout)) as ask:
            self._send(ask)
            wait([ask.future], timeout)
            return _answer(ask, timeout)

    async def ask_async(self, signal: Signal, timeout: float = 2.0) -> Decision:  # noqa: ASYNC109
        """Do what `ask` does without blocking the event loop."""
        with self._answers.ask(_until(signal, timeout)) as ask:
            self._send(ask)
            # `wait` leaves the future alone when the time is over: others may wait for it.
            await asyncio.wait([asyncio.wrap_future(ask.future)], timeout=timeout)
            return _answer(ask, timeout)

    def close(self) -> None:
        """Stop reading; who still waits gets no answer."""
        self._closing.set()
        self._thread.join()
        self._answers.close()
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, ask: Ask) -> None:
        if not ask.is_first or ask.future.done():
            return

        def done(error: KafkaError | None) -> None:
            if error is not None:
                self._answers.refuse(ask, f"Kafka did not accept the signal ({error.str()})")

        if not self._outbox.try_send(signals.TOPIC, ask.signal, done):
            self._answers.refuse(ask, "The queue of signals to send is full")

    def _read(self) -> None:
        while not self._closing.is_set():
            message = self._consumer.poll(POLL_SECONDS)
            self._outbox.poll()
            if message is None:
                continue
            error = message.error()
            if error is None:
                self._take(message)
            elif not passes_without_group(error):  # Those that pass leave the asks waiting.
                self._answers.refuse_all(f"Kafka's client cannot read decisions ({error.str()})")

    def _take(self, message: Message) -> None:
        key, value = message.key(), message.value()
        if isinstance(key, bytes) and isinstance(value, bytes):
            self._answers.take(key.decode(errors="replace"), value)


def _answer(ask: Ask, timeout: float) -> Decision:
    if ask.future.done():
        return ask.future.result()
    return no_answer(ask.signal, f"No decision came within {timeout:g} s")


def _until(signal: Signal, timeout: float) -> Signal:
    """Return the signal with the end of the wait as its expiry, if it names none."""
    if signal.expires_at_ms is not None:
        return signal
    return replace(signal, expires_at_ms=now_ms() + max(int(timeout * 1000), 0))
