"""How deeply JSON of strangers may be nested, counted before anything decodes it.

The decoder's own bound is that of Python's stack, which differs from version to version, while one
log must read the same everywhere.
"""

import re

from topics.fields import DecodeError

__all__ = ["DEPTH_MAX", "check_depth"]

DEPTH_MAX = 32  # No message of ours has more than a dozen levels.
_OPEN, _CLOSED = b"[{", b"]}"
# A text is met as a whole, so that brackets in it are not counted.
_PART = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def check_depth(value: bytes, levels_max: int = DEPTH_MAX) -> None:
    """Raise DecodeError when JSON has more levels of objects and lists; its form is not judged.

    Most messages have fewer brackets than that, and cost no more than to count them.
    """
    if value.count(b"[") + value.count(b"{") <= levels_max:
        return
    depth = 0
    for part in _PART.finditer(value):
        mark = value[part.start()]
        if mark in _OPEN:
            depth += 1
            if depth > levels_max:
                raise DecodeError("JSON is nested too deeply")
        elif mark in _CLOSED:
            depth -= 1
