"""Which symbols have a newer price: from the thread of the tables to the loop of broadcast."""

import threading

__all__ = ["Changes"]


class Changes:
    """A set that one thread adds to and another takes whole; bounded by the symbols there are."""

    def __init__(self) -> None:
        self._symbols: set[str] = set()
        self._lock = threading.Lock()
        self._news = threading.Event()

    def add(self, symbol: str) -> None:
        """Note a symbol and wake the one who waits."""
        with self._lock:
            self._symbols.add(symbol)
        self._news.set()

    def take(self, wait_s: float) -> list[str]:
        """Return what came since the last time, in order; wait for it for so long."""
        if not self._news.wait(wait_s):
            return []
        with self._lock:
            self._news.clear()
            taken, self._symbols = self._symbols, set()
        return sorted(taken)
