"""Writes messages as JSON. The compiled build has this module in C, which writes the same bytes.

Apart from topics/tree.py because that one stays in both builds: ops/compiled/writer.c leaves to it
what it does not know, and tests compare the two.
"""

from topics.tree import encode

__all__ = ["encode"]
