"""The input and the output of a step."""

from msgspec import Struct

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.identities import Remembered
from pipeline.risk.account.kept_fills import ForgottenFills, KeptFill
from pipeline.risk.account.lookup import Recall
from pipeline.risk.outputs import FillMatch, Output
from topics.events import Event


class Arrival(Struct, frozen=True, gc=False):
    """One event from the log, with what was looked up for it."""

    event: Event
    content: bytes  # The record's value, as read.
    at_ms: int  # Append time of the record.
    recall: Recall = Recall()
    # Why the shell cannot use the outputs; if set, apply nothing and halt the account.
    set_aside: str | None = None


class Step(Struct, frozen=True):
    account: Account | None  # None for a `*` event.
    shared: Shared
    outputs: tuple[Output, ...] = ()
    remember: tuple[Remembered, ...] = ()  # To write: by id, and by number in the ring.
    forget: tuple[Remembered, ...] = ()  # To delete, likewise.
    fills: tuple[KeptFill | ForgottenFills, ...] = ()  # To write or to drop.
    state_due: bool = False  # An AccountState is due.
    snapshot_due: bool = False  # A day was closed: a Snapshot is due.
    repeated: bool = False  # It was applied before, or is refused: nothing changed, not counted.
    failed: str | None = None  # Applying the event raised: it has no effect, the account is halted.
    raised: tuple[str, ...] = ()  # Other parts that raised, likewise.
    refused: str | None = None  # Not from an accepted topic, or of no account: a dead letter.
    fill_match: FillMatch | None = None  # Of a new fill.
