"""One partition that broadcast owns: its accounts, and what broadcast may send to it.

Apart from broadcast.py because nothing here needs Kafka.
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

BUDGET_SECONDS = 0.1  # The budget of a second is divided into parts of this length.


class OwnedPartition:
    """The accounts, the next heartbeat and the remaining budget of a partition."""

    def __init__(self, settings: Settings, tables: Tables) -> None:
        self.queue = RevaluationQueue(settings, tables)
        self.figures: dict[str, Figures] = {}
        self.unread: set[str] = set()  # Accounts whose newest row cannot be decoded.
        self.reported: AccountState | None = None  # The newest row of `*`.
        self._renewed: set[str] | None = None  # Accounts with a row since rows were lost.
        self.went_back = False  # Since risk was asked for its rows: one was older than its place.
        self._sequences: dict[str, int] = {}  # Of the newest row of each account.
        self.heartbeat_due_s = 0.0
        self.ask_due_s = time.monotonic() + settings.heartbeat_interval_ms / 1000
        self._refill = int(settings.revaluation_budget * BUDGET_SECONDS) or 1
        self._refill_due_s = 0.0
        self._left = 0

    def apply(self, row: Row) -> None:
        """Apply an account's newest row. Raise DecodeError, keeping the older row, if it fails."""
        self.unread.add(row.account_id)
        if row.value is None:
            self.queue.forget(row.account_id)
            self.figures.pop(row.account_id, None)
            if self._renewed is not None:
                self._renewed.discard(row.account_id)
            self._sequences.pop(row.account_id, None)
        else:
            self._apply_state(_decoded(row.account_id, row.value))
        self.unread.discard(row.account_id)

    @property
    def lost(self) -> bool:
        """Whether rows were lost since this partition is owned."""
        return self._renewed is not None

    def lose_rows(self) -> None:
        """Note that rows were lost: any account may have a newer one than the one that is here.

        The accounts stay monitored by what is here; `missing` ends when risk wrote all rows again.
        """
        self.reported, self._renewed = None, set()

    def _apply_state(self, state: AccountState) -> None:
        newest = self._sequences.get(state.account_id, state.sequence)
        if state.sequence < newest:
            # A worker that was frozen wrote it when it woke: what is held is newer. The next one is
            # taken as it is, as numbers begin again where an operator started over.
            del self._sequences[state.account_id]
            self.went_back = True
            return
        self._sequences[state.account_id] = state.sequence
        self.queue.apply_state(state)
        if state.account_id == EVERYONE:
            self.reported = state
        else:
            self.figures[state.account_id] = figures_of(state)
            if self._renewed is not None:
                self._renewed.add(state.account_id)

    def missing(self, states_id: str) -> str | None:
        """Return which rows are missing; None if broadcast has the row of every account.

        states_id: Kafka's id of the topic that the rows were read from.
        """
        if self.unread:
            return f"readable rows of {len(self.unread)} accounts"
        if self.reported is None:
            return "risk's report of how many accounts there are"
        if self.reported.topic_id != states_id:
            return "rows that risk has not written to the recreated topic account_states yet"
        held = len(self.queue if self._renewed is None else self._renewed)
        reported = self.reported.accounts
        return f"account rows: it has {held} of {reported}" if held < reported else None

    def budget(self) -> int:
        """Return how many revaluations may go out now."""
        now_s = time.monotonic()
        if now_s >= self._refill_due_s:
            self._refill_due_s = now_s + BUDGET_SECONDS
            self._left = self._refill
        return self._left

    def spend(self) -> None:
        """Use one revaluation of the budget."""
        self._left -= 1


def _decoded(key: str, value: bytes) -> AccountState:
    state = codec.decode_as(AccountState, value)
    if state.account_id != key:
        raise DecodeError(f"Expected the same account as the key, {key!r}", "$.account_id")
    return state
