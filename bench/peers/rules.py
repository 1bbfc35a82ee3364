"""The rules of every side that has rules: those that most desks start with."""

from typing import Any

from bench.core import usual_rules
from topics.limits import LimitsDocument

__all__ = ["usual_limits"]


def usual_limits() -> LimitsDocument:
    """Return a document with the usual rules, the same as in bench/peers/java/Gate.java."""
    rules: dict[str, dict[str, Any]] = usual_rules()
    return LimitsDocument(account_id="*", version=1, author="bench", reason="bench", rules=rules)
