"""Rows of account_states beside those that events bring: all again, and that of a lost account.

Apart from decide.py: this knows what such a row is, not when the worker commits.
"""

from collections.abc import Iterator

from pipeline.risk.account.account import Shared
from pipeline.risk.report import account_state, shared_state
from pipeline.risk.structs import replace
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from pipeline.streams.roles.decide.rewriting import Rewriting
from topics import codec

__all__ = ["Space", "rewritten", "row_of"]

# Of one round, ten of which make a second: at most 512 rows.
REWRITTEN_BYTES_MAX = 4 * 1_048_576
REWRITTEN_BYTES_LEAST = 8192  # What the smallest row counts for: building it takes time, too.


class Space:
    """What is left of a round, of all partitions, for rows that are written again."""

    def __init__(self) -> None:
        self.left = REWRITTEN_BYTES_MAX

    def take(self, size: int) -> None:
        """Use it for a row of so many bytes."""
        self.left -= max(size, REWRITTEN_BYTES_LEAST)


def rewritten(
    accounts: PartitionAccounts, rewriting: Rewriting, space: Space
) -> Iterator[tuple[str, bytes]]:
    """Build the next rows to be written again, by account, as far as there is space."""
    was_whole, shared = rewriting.whole_id, accounts.shared
    while space.left > 0 and (found := rewriting.take(shared.accounts)) is not None:
        if not accounts.is_row_due(found):
            row = row_of(found, accounts)
            space.take(len(row))
            yield found, row
    if rewriting.whole_id != was_whole:
        accounts.announce()  # After all rows: who reads it has them.
    rewriting.save()


def lost_row(account_id: str, shared: Shared) -> bytes:
    """Return the row of an account that cannot say where it stands: it decides nothing more.

    Without any row it would be missing to broadcast, and its whole partition without heartbeat.
    """
    row = replace(shared_state(shared), account_id=account_id, trading_state="halted", accounts=0)
    # It follows no event of the account: whatever row another replica set has is better.
    return codec.encode(replace(row, controls_serial=0, sequence=0))


def row_of(account_id: str, accounts: PartitionAccounts) -> bytes:
    """Build an account's row; that of a quarantined one says so, and asks for no revaluation."""
    account, shared = accounts.account(account_id), accounts.shared
    if account is None:
        return lost_row(account_id, shared)
    try:
        row = account_state(account, shared)
        if account_id in accounts.quarantines:
            row = replace(row, trading_state="halted", wake_at_ms=None, confirming=False)
            row = replace(row, watched=(), quotes=(), rates=())
        return codec.encode(row)
    except Exception:  # noqa: BLE001  One account must not end every worker for good.
        return lost_row(account_id, shared)
