"""Rows of account_states: each account's at most once in 100 ms, some at a time.

Apart from decide.py because a row waits for its time, and a decision for nothing.
"""

import time
from collections.abc import Callable, Iterator, Mapping

from pipeline.risk.account.account import Shared
from pipeline.risk.boundaries import problem_of
from pipeline.risk.report import account_state, shared_state
from pipeline.streams.clients.topic_identity import Identity
from pipeline.streams.observe import metrics
from pipeline.streams.observe.account_figures import show_rules
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import Produce
from pipeline.streams.roles.decide.owned import Owned
from pipeline.streams.roles.decide.quarantines import INTERNAL
from pipeline.streams.roles.decide.saving import Failure
from pipeline.streams.roles.decide.state_rows import Space, rewritten, row_of
from topics import codec
from topics.account_states import APPLIED_HEADER
from topics.fields import EVERYONE

__all__ = ["StatePublisher"]

ROWS_SECONDS = 0.1
# While risk catches up, the next row of an account follows soon and each is late already: fewer of
# them let it catch up a tenth sooner.
BEHIND_ROWS_SECONDS = 1.0
BEHIND_MS = 2000
# So far behind, a replica set leaves the rows to the other one.
AWAY_MS = 30_000
SLICE_SECONDS = 0.001  # Of one call: so long at most a decision waits for rows.


class StatePublisher:
    """Write the rows of all owned partitions; `has_news` says that some are due."""

    def __init__(  # noqa: PLR0913 - The parts of a role.
        self,
        topic: str,
        produce: Produce,
        *,
        states: Identity,
        tally: Tally,
        on_failure: Callable[[Failure], None],
        is_one_of_several: bool = False,
    ) -> None:
        self.has_news = False
        self._topic = topic
        self._produce = produce
        self._states = states
        self._tally = tally
        self._quarantine = on_failure
        self._is_one_of_several = is_one_of_several
        self._writing: Iterator[None] | None = None
        self._due_s = 0.0

    def publish(self, owned: Mapping[int, Owned]) -> None:
        """Write what is due, for at most a slice; the rest comes with the next calls."""
        if self._writing is None:
            now_s = time.monotonic()
            if not self.has_news or now_s < self._due_s:
                return
            self._due_s = now_s + (BEHIND_ROWS_SECONDS if _is_behind(owned) else ROWS_SECONDS)
            self._writing = self._write(list(owned.values()))
        until_s = time.monotonic() + SLICE_SECONDS
        for _ in self._writing:
            if time.monotonic() >= until_s:
                return
        self._writing = None

    def stop(self) -> None:
        """Leave what is not written yet to whoever owns the partitions next."""
        self._writing = None

    def finish(self, owned: Owned) -> None:
        """Write what is due of a partition now: another release writes from here on."""
        for account_id in owned.accounts.take_due():
            self._write_row(account_id, owned)
        owned.accounts.announce()
        self._write_shared(owned.accounts.shared, owned)

    def _write(self, owned: list[Owned]) -> Iterator[None]:
        self.has_news = False
        space, states_id = Space(), self._states.look()
        for each in owned:
            if each.is_silent():
                each.accounts.drop_due()
            elif self._is_one_of_several and _age_ms(each) > AWAY_MS:
                self.has_news = True  # Later: now they would only follow newer rows.
            else:
                each.rewriting.aim(states_id)
                yield from self._write_partition(each, space)

    def _write_partition(self, owned: Owned, space: Space) -> Iterator[None]:
        for account_id, row in rewritten(owned.accounts, owned.rewriting, space):
            self._send(account_id, row, owned)
            self._tally.count(metrics.STATES_REWRITTEN)
            yield
        self.has_news = self.has_news or owned.rewriting.is_underway
        # Taken together: an account that begins meanwhile is in neither, so that the row of `*`
        # never counts one whose row did not come before it.
        shared, due = owned.accounts.shared, owned.accounts.take_due()
        for account_id in due:
            if owned.is_silent():  # Since then.
                return
            self._write_row(account_id, owned)
            yield
        self._write_shared(shared, owned)
        for account_id in owned.accounts.take_owed():
            self._send(account_id, row_of(account_id, owned.accounts), owned)
            yield

    def _write_row(self, account_id: str, owned: Owned) -> None:
        """Write the row of an account; quarantine one whose row cannot be written."""
        account = owned.accounts.account(account_id)
        if account is None:
            return
        try:
            row = codec.encode(account_state(account, owned.accounts.shared))
        except Exception as error:  # noqa: BLE001  One account must not end every worker for good.
            problem = INTERNAL + problem_of(error)
            self._quarantine(Failure(account_id, owned, problem, owned.last))
        else:
            self._send(account_id, row, owned)

    def _write_shared(self, shared: Shared, owned: Owned) -> None:
        """Write the row of `*` if it says anything new; the rows that it counts came before it."""
        if owned.accounts.take_news(shared):
            show_rules(shared)
            row = shared_state(shared, topic_id=owned.rewriting.whole_id)
            self._send(EVERYONE, codec.encode(row), owned)

    def _send(self, account_id: str, row: bytes, owned: Owned) -> None:
        """Send a row; its header says how far the log was read, to those who measure the lag."""
        self._produce(
            self._topic,
            key=account_id.encode(),
            value=row,
            partition=owned.number,
            headers=[(APPLIED_HEADER, b"%d" % owned.next)],
        )


def _is_behind(owned: Mapping[int, Owned]) -> bool:
    """Whether the events applied last were appended long ago, though they are not the last ones."""
    return any(each.last and _age_ms(each) > BEHIND_MS for each in owned.values())


def _age_ms(owned: Owned) -> int:
    """Return how long ago the event applied last was appended; very long before the first."""
    return time.time_ns() // 1_000_000 - owned.at_ms
