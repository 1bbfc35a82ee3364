"""When the next held price goes stale; an earlier wake-up stays, so few prices move it."""


def next_due_ms(known_ms: int | None, due_ms: int | None, *, now_ms: int) -> int | None:
    """Keep a known wake-up while it comes first; due_ms: when the oldest held price is stale."""
    if due_ms is None or known_ms is None or not now_ms < known_ms <= due_ms:
        return due_ms
    return known_ms
