"""An owned partition of the log: its accounts, how far it came, and what is still to be done in it.

Apart from decide.py because decisions and rows of account_states both work on it.
"""

from pipeline.streams.role_interface import Partition, Record, Store
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from pipeline.streams.roles.decide.redo import Redo
from pipeline.streams.roles.decide.rewriting import Rewriting
from pipeline.streams.roles.decide.shadow import Shadow

__all__ = ["Owned"]


class Owned:
    """One partition, from its assignment to its end."""

    __slots__ = (
        "accounts", "at_ms", "last", "next", "number", "redo", "rewriting", "shadow", "store",
        "topic_id",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913 - The parts of a partition.
        self,
        partition: Partition,
        accounts: PartitionAccounts,
        *,
        store: Store,
        rewriting: Rewriting,
        redo: Redo | None,
    ) -> None:
        self.number = partition.partition
        self.topic_id = partition.topic_id
        self.accounts = accounts
        self.store = store
        self.rewriting = rewriting
        self.redo = redo  # What an owner before had published; None: nothing, or all is done again.
        self.shadow: Shadow | None = None  # While another release publishes.
        self.next = 0  # Behind the event applied last.
        self.at_ms = 0  # Of that event.
        self.last: dict[str, Record] = {}  # Of each account, since the last barrier.

    def is_silent(self) -> bool:
        """Whether another release publishes here."""
        return self.shadow is not None
