"""The checks at the end of the demo, on what a plain consumer reads back from Kafka.

Apart from the session so that no check can rely on what the session remembers of its own writing.
"""

import io
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import redirect_stdout
from decimal import Decimal
from typing import NamedTuple

from pipeline.demo.kafka_io import decode_log, read_whole
from pipeline.demo.venue_accounts import VenueAccounts
from pipeline.replay.log import compare_with_kafka
from pipeline.streams.settings import Settings
from topics.account_states import AccountState
from topics.codec import decode_as
from topics.dead_letters import DeadLetter
from topics.decisions import Decision

__all__ = [
    "Finding",
    "accounts_finding",
    "answers_finding",
    "dead_letters_finding",
    "read_answers",
    "replay_finding",
]

CENT = Decimal("0.01")
Names = tuple[str, str]  # Account and signal.


class Finding(NamedTuple):
    """The result of one check."""

    good: bool
    text: str


def read_answers(settings: Settings) -> Counter[Names]:
    """Count the committed decisions on each signal, without answers to repetitions."""
    answers: Counter[Names] = Counter()

    def take(value: bytes) -> None:
        message = decode_log(value)
        if isinstance(message, Decision) and message.decision_id == message.signal_id:
            answers[message.account_id, message.signal_id] += 1

    read_whole(settings, "decisions", take)
    return answers


def answers_finding(sent: Collection[Names], answers: Mapping[Names, int]) -> Finding:
    """Check that every signal has exactly one decision and every decision a signal."""
    silent = [name for name in sent if not answers.get(name)]
    double = [name for name, count in answers.items() if count > 1]
    foreign = [name for name in answers if name not in sent]
    if not (silent or double or foreign):
        return Finding(good=True, text=f"each of {len(sent):,} signals has exactly one decision")
    return Finding(
        good=False,
        text=f"of {len(sent):,} signals, {len(silent)} have no decision and {len(double)} more "
        f"than one; {len(foreign)} decisions have no signal",
    )


def accounts_finding(venue_accounts: VenueAccounts, states: Mapping[str, AccountState]) -> Finding:
    """Check that the venue and riskgate agree on positions exactly and on cash to the cent."""
    count = len(list(venue_accounts.accounts()))
    wrong = [
        account
        for account in venue_accounts.accounts()
        if not _agrees(account, venue_accounts, states)
    ]
    if not wrong:
        text = f"positions and cash of {count} accounts match the venue's"
        return Finding(good=True, text=text)
    return Finding(
        good=False, text=f"positions or cash differ from the venue's: {', '.join(wrong)}"
    )


def dead_letters_finding(settings: Settings, *, expected: int) -> Finding:
    """Check that exactly the broken messages became dead letters."""
    letters: list[DeadLetter] = []
    read_whole(settings, "dead_letters", lambda raw: letters.append(decode_as(DeadLetter, raw)))
    text = f"{len(letters)} dead letters for {expected} deliberately broken messages"
    return Finding(good=len(letters) == expected, text=text)


def replay_finding(settings: Settings) -> Finding:
    """Check that replaying the log gives the recorded outputs byte for byte."""
    output = io.StringIO()
    with redirect_stdout(output):
        differences = compare_with_kafka(settings)
    first, *more = output.getvalue().splitlines()
    return Finding(good=not differences, text=f"{first}: {'; '.join(more)}")


def _agrees(
    account: str, venue_accounts: VenueAccounts, states: Mapping[str, AccountState]
) -> bool:
    state = states.get(account)
    if state is None:
        return False
    ours = {item.symbol: item.quantity for item in state.positions if item.quantity}
    theirs = {
        symbol: item.quantity
        for symbol, item in venue_accounts.holdings(account).items()
        if item.quantity
    }
    cost = sum((item.quantity * item.average_price for item in state.positions), Decimal(0))
    return ours == theirs and abs(state.balance - cost - venue_accounts.cash(account)) < CENT
