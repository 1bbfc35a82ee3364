"""Which partition a key belongs to: murmur2 as in Java's clients and every producer of riskgate."""

from functools import lru_cache

__all__ = ["partition_of"]

_SEED = 0x9747B28C
_M = 0x5BD1E995
_BITS = 0xFFFFFFFF


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a key in a topic of so many partitions."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def murmur2(key: bytes) -> int:
    """Return the 32-bit hash, unsigned."""
    whole = len(key) & ~3
    digest = (_SEED ^ len(key)) & _BITS
    for start in range(0, whole, 4):
        word = int.from_bytes(key[start : start + 4], "little") * _M & _BITS
        word = (word ^ word >> 24) * _M & _BITS
        digest = (digest * _M & _BITS) ^ word
    if whole < len(key):
        digest = (digest ^ int.from_bytes(key[whole:], "little")) * _M & _BITS
    digest = (digest ^ digest >> 13) * _M & _BITS
    return digest ^ digest >> 15
