"""How a trading framework reaches the gate: it asks, reports, and hears of exits and stops."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Protocol, Self, cast
from uuid import uuid4

from confluent_kafka import Message

from riskgate.answers import no_answer
from riskgate.connection import Property, UnavailableError, connect, ends
from riskgate.consumer_errors import passes_without_group
from riskgate.engine_protocol import Log
from riskgate.gate import Gate
from riskgate.unreadable import Unreadable, account_of
from riskgate.venue import Report, Snapshot
from riskgate.writers import Reports
from topics import decisions
from topics.codec import DecodeError, decode_as
from topics.decisions import Decision, Exit, Stop
from topics.signals import Signal

__all__ = ["KafkaLink", "Link"]

logger = logging.getLogger(__name__)

# One call returns although others trade faster than it reads; the next call goes on from there.
RECORDS_MAX = 10_000
# A framework may read seldom or never: librdkafka would keep 64 MB for each partition.
QUEUE = {"queued.max.messages.kbytes": 4096}


class Link(Protocol):
    """What an adapter needs of the gate; tests have one without Kafka."""

    def ask(self, signal: Signal) -> Decision:
        """Return the decision on a signal."""

    def send(self, report: Report | Snapshot) -> None:
        """Report what became of an order, or what the account holds."""

    def read(self) -> Iterator[Exit | Stop | Unreadable]:
        """Yield exits and stops of any account since the last call, without waiting.

        An account of which a record cannot be read must be refused: that may be a stop.
        """


class KafkaLink:
    """The gate over Kafka; close it, or use it in `with`.

    What is left out comes from the environment, as for riskgate itself. Raise UnavailableError when
    Kafka cannot be reached. timeout: seconds until no answer is a rejection.
    """

    def __init__(
        self,
        brokers: str | None = None,
        *,
        topic_prefix: str | None = None,
        properties: Mapping[str, Property] | None = None,
        timeout: float = 2.0,
    ) -> None:
        self._timeout = timeout
        self._unheard: str | None = None  # Why no exit or stop is heard any more.
        self._unreadable: set[str] = set()  # Accounts of which a record cannot be read.
        connection = connect(brokers, topic_prefix, properties)
        reading = connection._replace(properties={**QUEUE, **connection.properties})
        with ExitStack() as stack:
            # It never commits, so the group is only a name that Kafka's client requires.
            self._consumer = reading.consumer(f"riskgate-link-{uuid4().hex}")
            stack.callback(self._consumer.close)
            self._consumer.assign(ends(self._consumer, connection, decisions.TOPIC.name))
            self._reports = Reports(brokers, topic_prefix=topic_prefix, properties=properties)
            self._gate = Gate(brokers, topic_prefix=topic_prefix, properties=properties)
            stack.pop_all()

    def ask(self, signal: Signal) -> Decision:
        """Return the decision on a signal; it blocks for `timeout` at most.

        Rejected with the reason NO_ANSWER when stops of its account may go unheard.
        """
        if self._unheard is not None:
            return no_answer(signal, self._unheard)
        if signal.account_id in self._unreadable:
            return no_answer(signal, "A record of the account cannot be read; it may be a stop")
        return self._gate.ask(signal, self._timeout)

    def send(self, report: Report | Snapshot) -> None:
        """Write a report. Raise DeliveryError when an earlier one was lost."""
        self._reports.send(report)

    def read(self) -> Iterator[Exit | Stop | Unreadable]:
        """Yield what has arrived since the last call, of 10,000 records at most.

        Raise UnavailableError when nothing more can be read; every signal is rejected then.
        """
        for _ in range(RECORDS_MAX):
            message = self._consumer.poll(0)
            if message is None:
                return
            log = self._log_of(message)
            if log is not None and not isinstance(log, Decision):
                yield log

    def _log_of(self, message: Message) -> Log | Unreadable | None:
        error = message.error()
        if error is not None:
            if not passes_without_group(error):
                self._unheard = f"Kafka's client cannot read decisions ({error.str()})"
                raise UnavailableError(
                    f"{self._unheard}; see the brokers and the rights of this client, and start "
                    "the strategy again"
                )
            return None
        try:
            return decode_as(cast("type[Log]", decisions.TOPIC.message), message.value() or b"")
        except DecodeError as why:
            return self._refuse(message, why)

    def _refuse(self, message: Message, why: DecodeError) -> Unreadable | None:
        """Refuse the account of a record that cannot be read; other accounts go on."""
        account_id = account_of(message)
        logger.critical(
            "account %s is refused: %s[%s] at %s cannot be read (%s), and it may be a stop; a "
            "person must find out what it says",
            account_id,
            message.topic(),
            message.partition(),
            message.offset(),
            why,
        )
        if account_id is None:
            return None
        self._unreadable.add(account_id)
        return Unreadable(account_id)

    def close(self) -> None:
        """Stop reading, and wait until every report is delivered."""
        self._gate.close()
        self._consumer.close()
        self._reports.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
