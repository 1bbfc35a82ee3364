"""Times at which the same order was approved before, within the window of repeated_order.

Keyed by a digest of symbol, side, requested quantity and limit price. The dictionary is ordered by
last approval, so expired entries are at the front and dropping them needs no search.
"""

from bisect import bisect_right
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b

from pipeline.risk.order.candidate_order import OrderTerms
from topics.codec import plain
from topics.fields import Side

REPEATS_MAX = 1000  # Approvals remembered per account.

Repeats = dict[int, tuple[int, ...]]  # Times of approval, by digest.


def approved_since(repeats: Repeats, terms: OrderTerms, since_ms: int) -> int | None:
    """Count approvals of the same order after a time; None while its quantity is unknown."""
    if terms.asked is None:
        return None
    approvals = repeats.get(_digest_of(terms, terms.asked), ())
    return len(approvals) - bisect_right(approvals, since_ms)


def noted(repeats: Repeats, terms: OrderTerms, *, at_ms: int, since_ms: int) -> Repeats:
    """Add an approval and forget approvals at or before since_ms."""
    if terms.asked is None:
        return repeats
    digest = _digest_of(terms, terms.asked)
    kept = dict(repeats)
    same = kept.pop(digest, ())
    while kept and kept[next(iter(kept))][-1] <= since_ms:
        del kept[next(iter(kept))]
    same = same[bisect_right(same, since_ms) :]
    kept[digest] = (*same[-(REPEATS_MAX - 1) :], at_ms)
    excess = sum(map(len, kept.values())) - REPEATS_MAX
    while excess > 0:
        excess -= len(kept.pop(next(iter(kept))))
    return kept


def _digest_of(terms: OrderTerms, asked: Decimal) -> int:
    return _digest(terms.holding.symbol, terms.side, asked, limit_price=terms.signal.limit_price)


@lru_cache(maxsize=4096)
def _digest(symbol: str, side: Side, asked: Decimal, *, limit_price: Decimal | None) -> int:
    """Digest what makes two orders the same; cached for strategies that repeat an order."""
    price = "market" if limit_price is None else plain(limit_price)
    text = f"{symbol}|{side}|{plain(asked)}|{price}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
