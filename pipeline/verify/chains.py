"""Sequences are contiguous and chains do not fork: each output belongs to the log as it is.

After a finding the judge believes what was published, so that one fault is one finding.
"""

from collections.abc import Iterator

from pipeline.verify.finding import Finding, finding_at, shown
from pipeline.verify.records import Message, Record
from pipeline.verify.walk import UNKNOWN_CHAIN, AccountWalk

__all__ = ["judge_chain", "judge_number", "judge_shift"]


def judge_chain(record: Record, message: Message, walk: AccountWalk) -> Iterator[Finding]:
    """Compare an output's chain with that of its event; the walk remembers that event."""
    count = message.sequence - (walk.base or 0)
    expected = walk.chain_at(count)
    if expected == UNKNOWN_CHAIN:
        walk.adopt(count, message.chain)
    elif f"{expected:016x}" != message.chain:
        walk.adopt(count, message.chain)
        yield finding_at(
            record,
            "chain",
            account_id=message.account_id,
            found=f"event {message.sequence} has the chain {shown(message.chain.encode())}",
            expected=f"{expected:016x} of the events log: an event before it, or the output, was "
            "changed, removed or moved",
        )


def judge_number(record: Record, message: Message, walk: AccountWalk | None) -> Iterator[Finding]:
    """Report an output of an event that the log never had."""
    last = 0 if walk is None else walk.sequence
    yield finding_at(
        record,
        "sequence",
        account_id=message.account_id,
        found=f"it follows event {message.sequence} of the account",
        expected=f"at most {last}, as many as the events log holds up to that time",
    )


def judge_shift(
    record: Record, message: Message, *, walk: AccountWalk, counted: int
) -> Iterator[Finding]:
    """Report a signal that the log has at another place, and count on from the published one."""
    was = (walk.base or 0) + counted
    walk.base = message.sequence - counted
    walk.forget_chains()
    yield finding_at(
        record,
        "sequence",
        account_id=message.account_id,
        found=f"its signal was decided as event {message.sequence} of the account",
        expected=f"{was} as in the events log: an event before it was removed, added or moved",
    )
