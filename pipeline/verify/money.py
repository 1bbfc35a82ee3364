"""Money is conserved: what an account has is what it was given, what it made and what it paid."""

from collections.abc import Iterator
from decimal import Decimal

from pipeline.verify.finding import Finding, finding_at
from pipeline.verify.ledger import ZERO, Held, Ledger
from pipeline.verify.records import Record
from topics.account_states import AccountState

__all__ = ["judge_equity", "judge_money"]

# Rows show eighteen decimal places of more digits; a thousand symbols may each be off by the last.
ROUNDING = Decimal("1e-12")


def judge_money(record: Record, row: AccountState, ledger: Ledger) -> Iterator[Finding]:
    """Compare a row with the judge's own books at the same event."""
    for item in row.positions:
        held = ledger.held.get(item.symbol, Held())
        if item.quantity != held.quantity:
            yield finding_at(
                record,
                "money",
                account_id=row.account_id,
                found=f"the position in {item.symbol} is {item.quantity}",
                expected=f"{held.quantity}, the sum of its fills",
            )
        elif abs(item.realized_pnl - held.realized) > ROUNDING:
            yield finding_at(
                record,
                "money",
                account_id=row.account_id,
                found=f"realized PnL of {item.symbol} is {item.realized_pnl}",
                expected=f"{held.realized}, worked out from its fills and fees",
            )
    yield from _judge_missing(record, row, ledger)
    yield from _judge_balance(record, row, ledger)


def _judge_missing(record: Record, row: AccountState, ledger: Ledger) -> Iterator[Finding]:
    listed = {item.symbol for item in row.positions}
    for symbol, held in ledger.held.items():
        if held.quantity and symbol not in listed:
            yield finding_at(
                record,
                "money",
                account_id=row.account_id,
                found=f"the row has no position in {symbol}",
                expected=f"{held.quantity}, the sum of its fills",
            )


def _judge_balance(record: Record, row: AccountState, ledger: Ledger) -> Iterator[Finding]:
    realized = sum((item.realized_pnl for item in row.positions), ZERO)
    expected = ledger.balance + ledger.moved + realized - ledger.realized
    if abs(row.balance - expected) > ROUNDING:
        yield finding_at(
            record,
            "money",
            account_id=row.account_id,
            found=f"the balance is {row.balance}",
            expected=f"{expected}: {ledger.balance} before, flows of {ledger.moved} and realized "
            f"PnL of {realized - ledger.realized} since",
        )


def judge_equity(record: Record, row: AccountState) -> Iterator[Finding]:
    """Compare a row's equity with its own balance and unrealized PnL."""
    parts = [item.unrealized_pnl for item in row.positions if item.quantity]
    if row.equity is None or row.cash or row.rates or row.unconverted or None in parts:
        return
    expected = row.balance + sum((part for part in parts if part is not None), ZERO)
    if abs(row.equity - expected) > ROUNDING:
        yield finding_at(
            record,
            "money",
            account_id=row.account_id,
            found=f"equity is {row.equity}",
            expected=f"{expected}, the balance and all unrealized PnL",
        )
