"""Keys and bytes of the fills that are kept for busts, some of a symbol under one key.

Apart from account_store.py: this is written with each fill, and read only with a bust.
"""

from pipeline.risk.account.kept_fills import FILLS_MAX, ForgottenFills, KeptFill, WantedFills
from pipeline.risk.state import load_fill, save_fill
from pipeline.streams.role_interface import Store
from pipeline.streams.roles.decide.block_store import BlockStore

__all__ = ["FillStore"]

FILLS_TOGETHER = 16  # Numbers that share a key.
_BEHIND = FILLS_MAX + 2 * FILLS_TOGETHER  # Numbers from the newest to the first one without use.


class FillStore:
    """Keep the last fills of each account and symbol."""

    def __init__(self, store: Store) -> None:
        self._blocks = BlockStore(store, together=FILLS_TOGETHER)

    def write(self, account_id: str, fill: KeptFill) -> None:
        """Put a fill in its place; the first one of a block drops what is past use."""
        series, number = _series(account_id, fill.symbol), fill.number
        if number % FILLS_TOGETHER == 0 and not fill.busted and number >= _BEHIND:
            self._blocks.drop(series, number - _BEHIND)
        self._blocks.write(series, number, save_fill(fill))

    def forget(self, account_id: str, forgotten: ForgottenFills) -> None:
        """Drop all fills of a symbol."""
        series = _series(account_id, forgotten.symbol)
        first = max(forgotten.end - forgotten.end % FILLS_TOGETHER - _BEHIND, 0)
        for number in range(first, forgotten.end + 1, FILLS_TOGETHER):
            self._blocks.drop(series, number)

    def read(self, account_id: str, wanted: WantedFills) -> tuple[KeptFill, ...]:
        """Return the wanted fills by number."""
        series = _series(account_id, wanted.symbol)
        found = self._blocks.read(series, wanted.begin, wanted.end)
        return tuple(map(load_fill, found.values()))


def _series(account_id: str, symbol: str) -> bytes:
    return f"f|{account_id}|{symbol}".encode()
