"""A history for the commands: one purchase that gains."""

from tests import given
from tests.replay.histories import line_of


def five_bought() -> bytes:
    """An account of 1000 buys five at 100, which are worth 110 in the end."""
    messages = (
        given.limits(given.only()),
        given.instrument(),
        given.price(100),
        given.account(balance=1000),
        given.signal("buy", 5),
        given.fill("buy", 5, 100, signal_id="signal-1"),
        given.price(110),
    )
    return b"".join(line_of(each, given.T0_MS) for each in messages)
