"""One partition that broadcast owns: its accounts, and what broadcast may send to it.

Apart from broadcast.py because nothing here needs Kafka.
"""

import time

from pipeline.streams.clients.row_ages import RowAges
from pipeline.streams.observe.account_figures import Figures, figures_of
from pipeline.streams.roles.broadcast.owned_states import Row
from pipeline.streams.roles.broadcast.revaluations import RevaluationQueue
from pipeline.streams.settings import Settings
from pipeline.streams.tables.tables import Tables
from topics import codec
from topics.account_states import AccountState
from topics.codec import DecodeError
from topics.fields import EVERYONE

__all__ = ["AGAIN_SECONDS", "OwnedPartition"]

BUDGET_SECONDS = 0.1  # The budget of a second is divided into parts of this length.
OLDER_SECONDS = 2.0
# A release that publishes answers each heartbeat; one that falls silent writes a last row.
UNNAMED_ROWS = 5
AGAIN_SECONDS = 60.0  # Writing all rows again costs much, and helps little while a set lags.


class OwnedPartition:
    """The accounts, the next heartbeat and the remaining budget of a partition."""

    def __init__(self, settings: Settings, tables: Tables) -> None:
        self.queue = RevaluationQueue(settings, tables)
        self.figures: dict[str, Figures] = {}
        self.unread: set[str] = set()  # Accounts whose newest row cannot be decoded.
        self.reported: AccountState | None = None  # The newest row of `*`.
        self._renewed: set[str] | None = None  # Accounts with a row since rows were lost.
        self._whole_ids: set[str] = set()  # Topics that have the rows of all accounts.
        self._ages: RowAges[str] = RowAges()
        self.ask_again_s = 0.0  # Not before, for all rows because some are older.
        self._older: dict[str, float] = {}  # Accounts whose last row is older, and since when.
        self._unnamed: list[str] = []  # The release of each row of late that the log does not name.
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
            self._ages.forget(row.account_id)
            self._older.pop(row.account_id, None)
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
        self._whole_ids.clear()

    def _apply_state(self, state: AccountState) -> None:
        age = {"sequence": state.sequence, "at_ms": state.at_ms}
        if self._ages.is_older(state.account_id, **age):
            self._older.setdefault(state.account_id, time.monotonic())
            return
        self._older.pop(state.account_id, None)
        self.queue.apply_state(state)
        if state.account_id == EVERYONE:
            self.reported = state
            self._whole_ids.add(state.topic_id)
            is_named = state.active_version in {"", state.rules_version}
            self._unnamed = [] if is_named else [*self._unnamed, state.rules_version]
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
        # Of replica sets one may still write its rows when those of the other are all there.
        if states_id not in self._whole_ids:
            return "rows that risk has not written to the recreated topic account_states yet"
        held = len(self.queue if self._renewed is None else self._renewed)
        reported = self.reported.accounts
        return f"account rows: it has {held} of {reported}" if held < reported else None

    def has_gone_back(self, now_s: float) -> bool:
        """Whether the last row of an account on the topic is an older one, and stays it.

        A restart would read it. For a moment that is normal: the sets do not write at once.
        """
        return now_s >= self.ask_again_s and any(
            now_s - since_s > OLDER_SECONDS for since_s in self._older.values()
        )

    def take_unnamed(self) -> str | None:
        """Return the release that publishes though the log names another one; None if none does."""
        latest = self._unnamed[-UNNAMED_ROWS:]
        if len(latest) < UNNAMED_ROWS or len(set(latest)) > 1:
            return None
        self._unnamed = []  # So it takes some rows more before it is asked for again.
        return latest[0]

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
