"""Keys and bytes of the fills that are kept for busts, some of a symbol under one key.

Apart from account_store.py: this is written with each fill, and read only with a bust.
"""

from struct import Struct

from pipeline.risk.account.kept_fills import FILLS_MAX, ForgottenFills, KeptFill, WantedFills
from pipeline.risk.state import load_fill, save_fill
from pipeline.streams.role_interface import Store

__all__ = ["FillStore"]

FILLS_TOGETHER = 16  # Numbers that share a key.
BLOCKS_MAX = 2048  # In memory after a commit.
_ENTRY = Struct(">qI")  # Number and length of the fill, which follows.
_BEHIND = FILLS_MAX // FILLS_TOGETHER + 2  # Blocks from the newest to the first one without use.

Block = dict[int, bytes]  # Fills by number.


class FillStore:
    """Keep the last fills of each account and symbol."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._blocks: dict[bytes, Block] = {}  # With what is not written yet.
        self._unwritten: dict[bytes, Block] = {}

    def write(self, account_id: str, fill: KeptFill) -> None:
        """Put a fill in its place; the first one of a block drops what is past use."""
        number = fill.number // FILLS_TOGETHER
        key = _key(account_id, fill.symbol, number)
        is_first = fill.number % FILLS_TOGETHER == 0 and not fill.busted
        if is_first and number >= _BEHIND:
            self._drop(_key(account_id, fill.symbol, number - _BEHIND))
        block = self._block(key)
        block[fill.number] = save_fill(fill)
        self._unwritten[key] = block

    def forget(self, account_id: str, forgotten: ForgottenFills) -> None:
        """Drop all fills of a symbol."""
        newest = forgotten.end // FILLS_TOGETHER
        for number in range(max(newest - _BEHIND, 0), newest + 1):
            self._drop(_key(account_id, forgotten.symbol, number))

    def read(self, account_id: str, wanted: WantedFills) -> tuple[KeptFill, ...]:
        """Return the wanted fills by number."""
        numbers = range(wanted.begin // FILLS_TOGETHER, wanted.end // FILLS_TOGETHER + 1)
        found: Block = {}
        for number in numbers:
            found |= self._block(_key(account_id, wanted.symbol, number))
        return tuple(
            load_fill(found[number])
            for number in sorted(found)
            if wanted.begin <= number < wanted.end
        )

    def save(self) -> None:
        """Write the blocks that changed; once per commit, not once per fill."""
        for key, block in self._unwritten.items():
            entries = (_ENTRY.pack(number, len(raw)) + raw for number, raw in block.items())
            self._store.set(key, b"".join(entries))
        self._unwritten.clear()
        if len(self._blocks) > BLOCKS_MAX:
            self._blocks.clear()

    def _drop(self, key: bytes) -> None:
        self._blocks.pop(key, None)
        self._unwritten.pop(key, None)
        self._store.delete(key)

    def _block(self, key: bytes) -> Block:
        block = self._blocks.get(key)
        if block is None:
            block = self._blocks[key] = _entries(self._store.get(key) or b"")
        return block


def _key(account_id: str, symbol: str, number: int) -> bytes:
    return f"f|{account_id}|{symbol}|{number}".encode()


def _entries(raw: bytes) -> Block:
    block: Block = {}
    place = 0
    while place < len(raw):
        number, length = _ENTRY.unpack_from(raw, place)
        begin = place + _ENTRY.size
        place = begin + length
        block[number] = raw[begin:place]
    return block
