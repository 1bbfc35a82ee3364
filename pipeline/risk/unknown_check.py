"""A check of an input that is unknown. Apart from rules/ because it stays interpreted, as Check."""

from topics.decisions import Check

__all__ = ["UnknownCheck"]


class UnknownCheck(Check, frozen=True, gc=False):
    """A breach because an input is unknown; only the rule that owns the input is a reason."""
