"""When the next held price grows stale: an earlier wake-up stands, so not each price moves it."""


def next_due_ms(known_ms: int | None, due_ms: int | None, *, now_ms: int) -> int | None:
    """Keep the wake-up that is known while it comes first; due_ms: of the oldest price held."""
    if due_ms is None or known_ms is None or not now_ms < known_ms <= due_ms:
        return due_ms
    return known_ms
