"""What must hold at the end, read back from Kafka by a plain consumer, as good or bad findings."""

import io
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import redirect_stdout
from decimal import Decimal
from typing import NamedTuple

from pipeline.demo.kafka_io import decode_log, read_whole
from pipeline.demo.venue_accounts import Books
from pipeline.replay.log import compare_with_kafka
from pipeline.streams.settings import Settings
from topics.account_states import AccountState
from topics.codec import decode_as
from topics.dead_letters import DeadLetter
from topics.decisions import Decision

__all__ = [
    "Finding",
    "answers_finding",
    "books_finding",
    "dead_letters_finding",
    "read_answers",
    "replay_finding",
]

CENT = Decimal("0.01")
Names = tuple[str, str]  # Account and signal.


class Finding(NamedTuple):
    """What one check found."""

    good: bool
    text: str


def read_answers(settings: Settings) -> Counter[Names]:
    """Count the decisions of each signal in the committed log."""
    answers: Counter[Names] = Counter()

    def take(value: bytes) -> None:
        message = decode_log(value)
        if isinstance(message, Decision) and message.decision_id == message.signal_id:
            answers[message.account_id, message.signal_id] += 1

    read_whole(settings, "decisions", take)
    return answers


def answers_finding(sent: Collection[Names], answers: Mapping[Names, int]) -> Finding:
    """Every signal has exactly one decision, and no decision is without a signal."""
    silent = [name for name in sent if not answers.get(name)]
    double = [name for name, count in answers.items() if count > 1]
    foreign = [name for name in answers if name not in sent]
    if not (silent or double or foreign):
        return Finding(
            good=True, text=f"every one of {len(sent):,} signals has exactly one decision"
        )
    return Finding(
        good=False,
        text=f"of {len(sent):,} signals {len(silent)} have no decision and {len(double)} several; "
        f"{len(foreign)} decisions have no signal",
    )


def books_finding(books: Books, states: Mapping[str, AccountState]) -> Finding:
    """The venue agrees with riskgate on every position to the unit, and on cash to the cent."""
    count = len(list(books.accounts()))
    wrong = [account for account in books.accounts() if not _agrees(account, books, states)]
    if not wrong:
        return Finding(good=True, text=f"positions and cash of {count} accounts are the venue's")
    return Finding(
        good=False, text=f"positions or cash differ from the venue's: {', '.join(wrong)}"
    )


def dead_letters_finding(settings: Settings, *, expected: int) -> Finding:
    """What cannot be read is set aside, and nothing else is."""
    letters: list[DeadLetter] = []
    read_whole(settings, "dead_letters", lambda raw: letters.append(decode_as(DeadLetter, raw)))
    text = f"{len(letters)} dead letters for {expected} messages that were broken on purpose"
    return Finding(good=len(letters) == expected, text=text)


def replay_finding(settings: Settings) -> Finding:
    """The recorded log, decided again, gives the recorded outputs byte for byte."""
    said = io.StringIO()
    with redirect_stdout(said):
        differences = compare_with_kafka(settings)
    first, *more = said.getvalue().splitlines()
    return Finding(good=not differences, text=f"{first}: {'; '.join(more)}")


def _agrees(account: str, books: Books, states: Mapping[str, AccountState]) -> bool:
    state = states.get(account)
    if state is None:
        return False
    ours = {item.symbol: item.quantity for item in state.positions if item.quantity}
    theirs = {
        symbol: item.quantity for symbol, item in books.holdings(account).items() if item.quantity
    }
    cost = sum((item.quantity * item.average_price for item in state.positions), Decimal(0))
    return ours == theirs and abs(state.balance - cost - books.cash(account)) < CENT
