"""Ids of others as the contract takes them, and ours as theirs."""

import re
from hashlib import blake2b

__all__ = ["event_id", "short_id"]

DIGEST_BYTES = 16
_FITS = re.compile(r"[A-Za-z0-9._/@:-]{1,128}")


def event_id(text: object) -> str:
    """Return an id as topics carry it: as it is if it fits, else its digest."""
    name = str(text)
    return name if _FITS.fullmatch(name) else _digest(name)


def short_id(*parts: str) -> str:
    """Return 32 hexadecimal digits that stand for these parts, and always the same.

    What every exchange takes as a client order id, none of which is as long as ours may be.
    """
    return _digest("\0".join(parts))


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()
