"""Hand symbols with a newer price from the tables' thread to the loop of broadcast."""

import threading

__all__ = ["Changes"]


class Changes:
    """A set of symbols that one thread adds to and another one empties."""

    def __init__(self) -> None:
        self._symbols: set[str] = set()
        self._lock = threading.Lock()
        self._news = threading.Event()

    def add(self, symbol: str) -> None:
        """Add a symbol and wake the waiting thread."""
        with self._lock:
            self._symbols.add(symbol)
        self._news.set()

    def take(self, wait_s: float) -> list[str]:
        """Return the symbols since the last call, sorted; wait up to `wait_s` for one."""
        if not self._news.wait(wait_s):
            return []
        with self._lock:
            self._news.clear()
            taken, self._symbols = self._symbols, set()
        return sorted(taken)
