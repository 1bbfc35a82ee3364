"""One partition that broadcast owns: what it knows of the accounts there, and what it may send.

Apart from broadcast.py because nothing here asks Kafka.
"""

import time

from pipeline.streams.observe.account_figures import Figures, figures_of
from pipeline.streams.roles.broadcast.owned_states import Row
from pipeline.streams.roles.broadcast.revaluations import RevaluationQueue
from pipeline.streams.settings import Settings
from pipeline.streams.tables.tables import Tables
from topics import codec
from topics.account_states import AccountState
from topics.codec import DecodeError
from topics.fields import EVERYONE

__all__ = ["OwnedPartition"]

BUDGET_SECONDS = 0.1  # The budget of a second is given out in such parts.


class OwnedPartition:
    """Its accounts, its next heartbeat, and what is left of its budget."""

    def __init__(self, settings: Settings, tables: Tables) -> None:
        self.queue = RevaluationQueue(settings, tables)
        self.figures: dict[str, Figures] = {}
        self.unread: set[str] = set()  # Accounts whose newest row does not decode.
        self.told: AccountState | None = None  # The newest row of `*`.
        self.heartbeat_due_s = 0.0
        self.ask_due_s = time.monotonic() + settings.heartbeat_interval_ms / 1000
        self._refill = int(settings.revaluation_budget * BUDGET_SECONDS) or 1
        self._refill_due_s = 0.0
        self._left = 0

    def apply(self, row: Row) -> None:
        """Take an account's newest row. Raise DecodeError, keeping the older one, if it is none."""
        self.unread.add(row.account_id)
        if row.value is None:
            self.queue.forget(row.account_id)
            self.figures.pop(row.account_id, None)
        else:
            self._apply_state(_decoded(row.account_id, row.value))
        self.unread.discard(row.account_id)

    def _apply_state(self, state: AccountState) -> None:
        self.queue.apply_state(state)
        if state.account_id == EVERYONE:
            self.told = state
        else:
            self.figures[state.account_id] = figures_of(state)

    def missing(self, states_id: str) -> str | None:
        """Say which rows it has not, None when it watches every account that there is.

        states_id: Kafka's, of the topic that they were read from.
        """
        if self.unread:
            return f"{len(self.unread)} rows of account_states that do not decode"
        if self.told is None:
            return "no word of risk on how many accounts there are"
        if self.told.topic_id != states_id:
            return "not every row yet in the topic account_states that there is now"
        held, told = len(self.queue), self.told.accounts
        return f"rows of {held} accounts where risk knows {told}" if held < told else None

    def budget(self) -> int:
        """Return how many revaluations may go out now."""
        now_s = time.monotonic()
        if now_s >= self._refill_due_s:
            self._refill_due_s = now_s + BUDGET_SECONDS
            self._left = self._refill
        return self._left

    def spend(self) -> None:
        """Take a revaluation from what is left."""
        self._left -= 1


def _decoded(key: str, value: bytes) -> AccountState:
    state = codec.decode_as(AccountState, value)
    if state.account_id != key:
        raise DecodeError(f"Expected the account of its key, {key!r}", "$.account_id")
    return state
