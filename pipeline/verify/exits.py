"""An exit closes a position: it is never larger, and never in the same direction."""

from collections.abc import Iterator

from pipeline.verify.finding import Finding, finding_at
from pipeline.verify.ledger import Held, Ledger
from pipeline.verify.records import Record
from topics.decisions import Exit

__all__ = ["judge_exit"]


def judge_exit(record: Record, exit_: Exit, ledger: Ledger) -> Iterator[Finding]:
    """Compare an exit with the judge's own books at the same event."""
    held = ledger.held.get(exit_.symbol, Held()).quantity
    closes = held < 0 if exit_.side == "buy" else held > 0
    if not closes or exit_.quantity > abs(held):
        yield finding_at(
            record,
            "exit",
            account_id=exit_.account_id,
            found=f"{exit_.exit_id} is to {exit_.side} {exit_.quantity} {exit_.symbol}",
            expected=f"at most what closes the position of {held}",
        )
