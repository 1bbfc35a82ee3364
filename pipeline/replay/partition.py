"""One partition of the log in a replay: the risk role, and which revaluations fall due.

Apart from machine.py, which routes the messages between ingest and the partitions.
"""

from collections.abc import Callable

from prometheus_client import Counter as Metric

from pipeline.replay.changes import Changes
from pipeline.replay.memory import MemoryStore
from pipeline.risk.report import account_state, shared_state
from pipeline.risk.step import Step
from pipeline.risk.structs import replace
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import Partition, Produce, Record
from pipeline.streams.roles.broadcast.revaluations import RevaluationQueue
from pipeline.streams.roles.decide.decide import Questions, Risk
from pipeline.streams.settings import Settings
from pipeline.streams.tables.tables import Tables
from topics.account_states import AccountState
from topics.codec import encode_event
from topics.events import TOPIC as EVENTS
from topics.events import Event

__all__ = ["Observe", "ReplayPartition", "StepObserver", "publishing"]

# Between two checkpoints. Saving accounts takes a third of the time that deciding them does.
COMMIT_EVENTS = 1000
Observe = Callable[[Event, Step, int], None]  # The last argument is the append time.


def publishing(settings: Settings) -> Settings:
    """Return the settings of a role that hands out all it decides, whoever publishes in the log."""
    return settings.model_copy(update={"activate": "auto"})


class ReplayPartition:
    """Risk and broadcast for one partition of the log."""

    def __init__(  # noqa: PLR0913 - What its two roles need.
        self,
        settings: Settings,
        tables: Tables,
        *,
        number: int,
        produce: Produce,
        observe: Observe | None,
    ) -> None:
        self.queue = RevaluationQueue(settings, tables)
        self.rows: dict[str, AccountState] = {}  # The last row of each account.
        self._topic = settings.topic(EVENTS.name)
        self._number = number
        self._offset = 0
        self.heartbeat_ms: int | None = None  # None: one always arrives with each event.
        self._steps = StepObserver(observe)
        self._risk = Risk(
            publishing(settings),
            produce=produce,
            produce_with_state=produce,
            tally=self._steps,
            questions=NO_QUESTIONS,
        )
        self._risk.assign(Partition(self._topic, number, EVENTS.name), MemoryStore())
        self._accounts = self._risk.accounts(number)

    def revaluation(self, account_id: str, at_ms: int) -> bytes | None:
        """Build the revaluation of an account, None for an unknown one."""
        event = self.queue.revaluation(account_id, at_ms)
        return None if event is None else encode_event(event)

    def apply(self, key: bytes, value: bytes, at_ms: int) -> AccountState | None:
        """Append an event to the log, decide it, and return its account's row when it is due.

        A heartbeat always arrives at the same time, so the rule `heartbeat` never rejects in a
        replay, which has no broadcast to lose; unless the caller sends them.
        """
        accounts = self._accounts
        serial = accounts.shared.serial
        beat_ms = at_ms if self.heartbeat_ms is None else self.heartbeat_ms
        accounts.shared = replace(accounts.shared, heartbeat_at_ms=beat_ms)
        self._steps.last = None  # Stays None when the event becomes a dead letter.
        self._risk.apply(
            Record(
                topic=self._topic,
                partition=self._number,
                offset=self._offset,
                key=key,
                value=value,
                timestamp_ms=at_ms,
                timestamp_is_append_time=True,
            )
        )
        self._offset += 1
        if accounts.shared.serial != serial:
            self.queue.apply_state(shared_state(accounts.shared))
        if self._offset % COMMIT_EVENTS == 0:
            self.commit()
        return self._update_row(self._steps.last)

    def change_limits(self, changes: Changes) -> None:
        """Begin with other limits than none."""
        shared = self._accounts.shared
        self._accounts.shared = replace(shared, limits=changes.document(shared.limits))

    def commit(self) -> None:
        """Save the accounts, as a worker does with each checkpoint."""
        for _ in self._risk.checkpoint():
            pass

    def _update_row(self, taken: Step | None) -> AccountState | None:
        """Build the account's row and return it when it is due.

        A worker writes the rows that are due ten times a second. Here each
        follows its own event, so that the lines depend on nothing but the inputs.
        """
        if taken is None or taken.account is None or taken.repeated:
            return None
        row = account_state(taken.account, taken.shared)
        self.rows[row.account_id] = row
        self.queue.apply_state(row)
        return row if taken.state_due else None


class StepObserver(Tally):
    """Remember the last step where a worker counts it: a replay has no metrics."""

    def __init__(self, observe: Observe | None = None) -> None:
        super().__init__()
        self._observe = observe
        self.last: Step | None = None

    def count(self, metric: Metric, *labels: str, times: int = 1) -> None:
        """Count nothing."""

    def read(self, topic: str, at_ms: int) -> None:
        """Count nothing."""

    def add(self, event: Event, taken: Step, at_ms: int) -> None:
        """Remember what became of an event."""
        self.last = taken
        if self._observe is not None:
            self._observe(event, taken, at_ms)


class _NoTopic:
    """The identity of a topic that does not exist: no rows are ever written again to it."""

    def ask(self) -> None:
        """There is nobody to ask."""

    def look(self) -> str:
        """Return no id."""
        return ""


NO_QUESTIONS = Questions(is_mended=lambda: True, states=_NoTopic())
