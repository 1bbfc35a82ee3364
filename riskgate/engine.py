"""An execution engine for any venue: docs/execution-engines.md as a class.

Messages and time go in, reports to write come out; `run` does it on Kafka.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from riskgate.connection import Property, connect
from riskgate.engine_loop import EngineLoop
from riskgate.engine_protocol import CancelAll, EngineProtocol, Instruction, Log, Ticket, ticket_of
from riskgate.venue import Report, Snapshot, Venue
from topics.decisions import Decision, Exit, Stop

__all__ = ["GROUP", "Engine", "Pace"]

GROUP = "riskgate-engine"  # Of engines that are given no other.

Pace: TypeAlias = Callable[[Ticket, int], int]


class Engine:
    """Obey decisions at a venue; see `run`.

    pace: when to place a ticket that was read at a time, in ms since the epoch; without it at once.
    """

    def __init__(self, venue: Venue, pace: Pace | None = None, *, group: str = GROUP) -> None:
        self._venue = venue
        self._pace = pace
        self._group = group
        self._protocol = EngineProtocol()
        self._place_at_ms: dict[tuple[str, str], int] = {}  # By account and client id.
        self._stopping = threading.Event()

    @property
    def refused(self) -> list[str]:
        """Accounts whose log forked or cannot be read; nothing is placed. Call a person."""
        return self._protocol.refused

    @property
    def waiting(self) -> list[Ticket]:
        """Tickets that are neither placed nor answered yet."""
        return self._protocol.waiting

    @property
    def accounts(self) -> list[str]:
        """Accounts of which something was read."""
        return self._protocol.accounts

    def run(
        self,
        brokers: str | None = None,
        *,
        topic_prefix: str | None = None,
        properties: Mapping[str, Property] | None = None,
    ) -> None:
        """Read decisions, drive the venue and write its reports, until `stop`.

        What is left out comes from the environment, as for riskgate itself: RISKGATE_BROKERS and
        so on. Raise UnavailableError when Kafka cannot be reached, DeliveryError when it
        loses a report, and what the venue raises; a new run finds out what became of open orders.
        """
        connection = connect(brokers, topic_prefix, properties)
        EngineLoop(self, connection, self._group).run(self._stopping)

    def stop(self) -> None:
        """End `run` after what it is doing; any thread or signal handler may call this."""
        self._stopping.set()

    def remember(self, message: Log) -> None:
        """Learn from a message that was obeyed before a restart."""
        self._protocol.remember(message)

    def obey(self, message: Log, now_ms: int, *, again: bool = False) -> list[Report]:
        """Apply one message of the topic decisions and return the reports to write.

        again: an engine before this one may have read it, so the venue is asked first.
        """
        found = self._find(message, now_ms) if again and not isinstance(message, Stop) else None
        if found is not None:
            forked = not self._protocol.remember(message)
            return [found, *(self._venue.cancel_all(message.account_id, now_ms) if forked else ())]
        reports = self._do(self._protocol.obey(message, now_ms), now_ms)
        for ticket in self._protocol.waiting:
            name = (ticket.account_id, ticket.client_id)
            if name not in self._place_at_ms:
                self._place_at_ms[name] = self._pace(ticket, now_ms) if self._pace else now_ms
        return reports + self._place_due(now_ms)

    def refuse(self, account_id: str, now_ms: int, *, again: bool = False) -> list[Report]:
        """Obey nothing of an account any more, as after a fork; return the reports to write.

        again: the engine before this one did so, and nothing more is cancelled.
        """
        instructions = self._protocol.refuse(account_id, now_ms)
        return [] if again else self._do(instructions, now_ms)

    def work(self, now_ms: int) -> list[Report]:
        """Place due tickets and return the reports to write, the venue's among them."""
        return [*self._place_due(now_ms), *self._venue.reports(now_ms)]

    def snapshots(self, now_ms: int) -> list[Snapshot]:
        """Return the venue's snapshots of accounts for which no ticket waits."""
        busy = {ticket.account_id for ticket in self.waiting}
        return [
            snapshot
            for account_id in self.accounts
            if account_id not in busy
            for snapshot in self._venue.snapshots(account_id, now_ms)
        ]

    def forget(self) -> None:
        """Begin as after a restart, when partitions move: the log tells again what is needed."""
        self._protocol = EngineProtocol(refused=self.refused)
        self._place_at_ms.clear()

    def _find(self, message: Decision | Exit, now_ms: int) -> Report | None:
        ticket = ticket_of(message)
        return None if ticket is None else self._venue.find(ticket, now_ms)

    def _place_due(self, now_ms: int) -> list[Report]:
        due = [name for name, at_ms in self._place_at_ms.items() if now_ms >= at_ms]
        for name in due:
            del self._place_at_ms[name]
        placed = [self._protocol.place(*name, now_ms=now_ms) for name in due]
        return self._do([item for item in placed if item], now_ms)

    def _do(self, instructions: Iterable[Instruction], now_ms: int) -> list[Report]:
        reports: list[Report] = []
        for item in instructions:
            if isinstance(item, Ticket):
                reports.append(self._venue.place(item, now_ms))
            elif isinstance(item, CancelAll):
                reports += self._venue.cancel_all(item.account_id, now_ms)
            else:
                reports.append(item)
        return reports
