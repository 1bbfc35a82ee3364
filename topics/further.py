"""Further topics of signals and fills, so that each strategy and engine can have an ACL of its own.

Their names tell their kind, `signals.momentum` or `fills.venue-1`, so that a record is read, and
replayed, without any setting.
"""

import re
from typing import Literal

__all__ = ["NAME", "Kind", "kind_of", "owner_of"]

Kind = Literal["signals", "fills"]
NAME = r"[A-Za-z0-9_-]{1,100}"
_KINDS: tuple[Kind, ...] = ("signals", "fills")
_FORM = re.compile(rf"(signals|fills)(?:\.({NAME}))?")


def kind_of(name: str) -> Kind | None:
    """Return what a topic of this name holds, or None if it is no topic of signals or fills."""
    found = _FORM.fullmatch(name)
    return None if found is None else _KINDS[found[1] == "fills"]


def owner_of(name: str) -> str:
    """Return whose topic a further one is: what follows its kind."""
    return name.partition(".")[2]
