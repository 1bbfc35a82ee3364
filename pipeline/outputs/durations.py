"""Durations as a person types them: 30s, 5m, 2h or 7d."""

import re

__all__ = ["DURATION", "milliseconds"]

UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DURATION = r"[1-9][0-9]{0,6}[smhd]"


def milliseconds(text: str) -> int | None:
    """Return the milliseconds of a duration; None if the text is none."""
    if re.fullmatch(DURATION, text, re.ASCII) is None:
        return None
    return int(text[:-1]) * UNIT_MS[text[-1]]
