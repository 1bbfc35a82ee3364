"""What a step has to see of what is remembered outside the account, and what was found.

The core names it, the shell finds it; neither guesses what the other needs.
"""

from msgspec import Struct

from pipeline.risk.account.identities import Remembered
from pipeline.risk.account.kept_fills import KeptFill, WantedFills
from pipeline.risk.account.records import IdKind


class Lookup(Struct, frozen=True, gc=False):
    """What the shell looks up before a step, and answers with a `Recall`."""

    account_id: str
    identity: str | None = None  # Of the event.
    kind: IdKind | None = None  # Names the ring of that identity.
    oldest: tuple[int, ...] = ()  # Places in that ring.
    counterpart: str | None = None  # Identity of a fill's bust, or of a bust's fill.
    signal: str | None = None  # Identity of a fill's signal where nothing is reserved for it.
    fills: WantedFills | None = None  # With a bust or a correction: those kept of its symbol.
    changed: str | None = None  # Identity of the fill in question: `fills` are given since that.


class Recall(Struct, frozen=True, gc=False):
    """What the shell found for a `Lookup`."""

    seen_at_ms: int | None = None  # When the event's identity was remembered.
    seen_content: str = ""  # And what was kept with it.
    counterpart_at_ms: int | None = None  # When the counterpart was remembered.
    oldest: tuple[Remembered, ...] = ()  # The wanted places that hold an id.
    fills: tuple[KeptFill, ...] = ()  # By number, from the changed fill on.
    counterpart_content: str = ""
    signal_at_ms: int | None = None  # When the signal was remembered.
