"""Random samples, and the confidence interval that a sample gives for the whole."""

from collections.abc import Iterable
from hashlib import sha256
from math import sqrt

_NORMAL_95 = 1.959964


def drawn(names: Iterable[str], size: int, *, seed: int) -> list[str]:
    """Draw `size` names at random, the same for the same seed.

    Each name is ranked by its own hash, so adding or removing other names does not change its rank.
    """
    return sorted(names, key=lambda name: sha256(f"{seed}:{name}".encode()).digest())[:size]


def interval(hits: int, size: int) -> tuple[float, float]:
    """Return Wilson's 95 % confidence interval of the share of hits."""
    share, square = hits / size, _NORMAL_95**2
    scale = 1 + square / size
    middle = (share + square / (2 * size)) / scale
    half = _NORMAL_95 * sqrt(share * (1 - share) / size + square / (4 * size**2)) / scale
    return middle - half, middle + half
