"""What comes through the door with an event, and what goes out."""

from msgspec import Struct

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.identities import Remembered
from pipeline.risk.account.kept_fills import ForgottenFills, KeptFill
from pipeline.risk.account.lookup import Recall
from pipeline.risk.outputs import FillMatch, Output
from topics.events import Event


class Arrival(Struct, frozen=True, gc=False):
    """One event as the log has it."""

    event: Event
    content: bytes  # The record's value, as read.
    at_ms: int  # Append time of the record.
    recall: Recall = Recall()
    # The shell cannot use what comes of it, and says why: apply nothing and halt the account.
    set_aside: str | None = None


class Step(Struct, frozen=True):
    account: Account | None  # None for a `*` event.
    shared: Shared
    outputs: tuple[Output, ...] = ()
    remember: tuple[Remembered, ...] = ()  # To be written: by identity, and by number in the ring.
    forget: tuple[Remembered, ...] = ()  # To be deleted, both.
    fills: tuple[KeptFill | ForgottenFills, ...] = ()  # To be written, or dropped.
    state_due: bool = False  # An AccountState is due.
    snapshot_due: bool = False  # A day was closed: a Snapshot is due.
    repeated: bool = False  # Applied before: nothing happened.
    failed: str | None = None  # Applying the event raised: it is left out, the account halted.
    raised: tuple[str, ...] = ()  # Other parts that raised: they are left out, the account halted.
    fill_match: FillMatch | None = None  # Of a fill that came for the first time.
