"""CPU per event of what any risk role has to do: decode, step, encode, save; as a program.

The same events as a side gets, in one process without Kafka. What the role spends beyond that is
the engine around it. Argument: signals. Prints microseconds per event.
"""

import sys
import time
from decimal import setcontext
from typing import NamedTuple, cast

from bench.peers.rules import usual_limits
from bench.prefill import Prefill
from pipeline.risk.account.account import Account
from pipeline.risk.numbers import MONEY
from pipeline.risk.state import new_shared, save_account
from pipeline.risk.step import Arrival, step
from pipeline.streams.settings import Settings
from topics.codec import encode, reader_of
from topics.events import Event
from topics.fields import EVERYONE

__all__ = ["Kept", "spent_us"]

SAVED_EVERY = 5000  # Events; about a checkpoint of a role with a backlog.
read_event = reader_of(cast("type[Event]", Event))


class Written(NamedTuple):
    at_ms: int
    value: bytes


class Kept:
    """A producer that keeps what it is given, with the time."""

    def __init__(self) -> None:
        self.events: list[Written] = []

    def produce(self, _topic: str, *, value: bytes, key: bytes, partition: int) -> None:
        """Keep an event; those to everyone once."""
        if key != EVERYONE.encode() or partition == 0:
            self.events.append(Written(int(time.time() * 1000), value))

    def poll(self, _seconds: float) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing."""


def main() -> None:
    """Measure and print."""
    setcontext(MONEY)  # As a worker does.
    kept = Kept()
    feed = Prefill(Settings(partitions=1), limits=usual_limits(), producer=kept)
    feed.open_accounts()
    feed.ask(200)
    opened = len(kept.events)
    feed.ask(int(sys.argv[1]))
    sys.stdout.write(f"{spent_us(kept.events, opened):.2f}\n")


def spent_us(events: list[Written], opened: int) -> float:
    """Return microseconds of CPU per event behind the first `opened`, which are not counted."""
    accounts: dict[str, Account | None] = {}
    shared, began = new_shared(partition=0, rules_version="bench"), 0.0
    for number, (at_ms, value) in enumerate(events):
        if number == opened:
            began = time.process_time()
        event = read_event(value)
        stepped = step(accounts.get(event.account_id), shared, Arrival(event, value, at_ms))
        shared = stepped.shared
        if event.account_id != EVERYONE:
            accounts[event.account_id] = stepped.account
        for row in stepped.outputs:
            encode(row)
        if number % SAVED_EVERY == 0 or number == len(events) - 1:
            for account in accounts.values():
                if account is not None:
                    save_account(account)
    return (time.process_time() - began) / (len(events) - opened) * 1e6


if __name__ == "__main__":
    main()
