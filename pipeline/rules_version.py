"""Which rules decide: a digest of riskgate's release, of tzdata, of the calendars and of the
built-in defaults.

Apart from pipeline/risk because the core asks nothing of its environment.
"""

from functools import cache
from hashlib import blake2b
from importlib.metadata import version

from pipeline.risk.limits.document import NAMES

__all__ = ["rules_version"]

DIGEST_BYTES = 8


@cache
def rules_version() -> str:
    """Return 16 hex digits that change whenever the same log might be decided otherwise."""
    defaults = [f"{name} {kind()!r}" for name, kind in NAMES.items()]
    packages = ("riskgate-kafka", "tzdata", "exchange-calendars")
    parts = (*map(version, packages), *defaults)
    return blake2b("\n".join(parts).encode(), digest_size=DIGEST_BYTES).hexdigest()
