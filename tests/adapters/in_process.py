"""The real roles of the gate without Kafka, as a link of an adapter."""

from collections.abc import Iterator

from riskgate import Report, Snapshot
from riskgate.writers import topic_of
from tests.driver import Driver
from topics.codec import encode, key_of
from topics.decisions import Decision, Exit, Stop
from topics.signals import TOPIC, Signal

MESSAGES = (Exit, Stop)


class InProcessLink:
    """A `riskgate.adapters.link.Link` to a driver, whose time is that of what it is told."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.decisions: list[Decision] = []
        self.sent: list[Report | Snapshot] = []
        self._read = 0

    def ask(self, signal: Signal) -> Decision:
        self.driver.now_ms = signal.created_at_ms
        self.driver.feed(TOPIC.name, signal.account_id, encode(signal))
        self.decisions.append(self.driver.all(Decision)[-1])
        return self.decisions[-1]

    def send(self, report: Report | Snapshot) -> None:
        self.sent.append(report)
        topic = topic_of(report)
        self.driver.feed(topic.name, key_of(topic, report), encode(report))

    def read(self) -> Iterator[Exit | Stop]:
        new, self._read = self.driver.outputs[self._read :], len(self.driver.outputs)
        yield from (message for message in new if isinstance(message, MESSAGES))
