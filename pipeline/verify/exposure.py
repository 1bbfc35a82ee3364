"""No approval goes beyond a limit, by its own numbers and by the judge's own count of units."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from pipeline.verify.answers import Asked
from pipeline.verify.finding import Finding, finding_at
from pipeline.verify.ledger import ZERO, Held, Ledger
from pipeline.verify.parameters import Parameters
from pipeline.verify.records import Record
from pipeline.verify.reservations import Reserved
from topics.decisions import Decision

__all__ = ["Books", "judge_approval", "judge_exposure"]

POSITION_RATIO = "position_ratio"
# The account may hold a newer mark than the signal's event carries; a forgotten order is far more.
TOLERANCE = Decimal("1.05")


class Books(NamedTuple):
    """What the judge knows of an account at a decision."""

    ledger: Ledger
    reserved: Reserved
    parameters: Parameters


def judge_approval(record: Record, decision: Decision) -> Iterator[Finding]:
    """Compare a decision's quantity with its verdict and its own checks."""
    problem = _problem(decision)
    if problem is not None:
        yield finding_at(
            record,
            "exposure",
            account_id=decision.account_id,
            found=f"{decision.signal_id} is {decision.verdict} with a quantity of "
            f"{decision.approved_quantity}, but {problem}",
            expected="an approval within every limit, and no more than was asked for",
        )


def _problem(decision: Decision) -> str | None:
    asked, approved = decision.requested_quantity, decision.approved_quantity
    if decision.verdict in {"rejected", "ignored"}:
        return "it must be 0" if approved else None
    if approved <= 0:
        return "it must be above 0"
    if asked is not None and approved > asked:
        return f"only {asked} was asked for"
    if decision.verdict == "approved" and asked is not None and approved != asked:
        return f"{asked} was asked for"
    if decision.verdict == "approved":
        breached = [check.rule for check in decision.checks if check.verdict == "breach"]
        return f"{breached[0]} is breached" if breached else None
    return None


def judge_exposure(
    record: Record, decision: Decision, *, asked: Asked, books: Books
) -> Iterator[Finding]:
    """Work out the position if all orders of this side fill, and compare it with its limit."""
    limit = _limit(decision)
    equity, price = decision.equity, _lowest_price(asked, books.parameters.collar_ratio)
    if limit is None or equity is None or price is None or not decision.approved_quantity:
        return
    held = books.ledger.held.get(decision.symbol, Held()).quantity
    sign = 1 if decision.side == "buy" else -1
    waiting = books.reserved.surely(decision.symbol, decision.side, at_ms=asked.at_ms)
    units = held * sign + waiting + decision.approved_quantity
    instrument = asked.event.instrument
    multiplier = instrument.multiplier if instrument is not None else Decimal(1)
    if units * price * multiplier > limit * equity * TOLERANCE:
        yield finding_at(
            record,
            "exposure",
            account_id=decision.account_id,
            found=f"{decision.signal_id} may bring {decision.symbol} to {units * sign} units, "
            f"worth at least {units * price * multiplier}",
            expected=f"at most {limit} of an equity of {equity}",
        )


def _limit(decision: Decision) -> Decimal | None:
    for check in decision.checks:
        if check.rule == POSITION_RATIO and check.verdict != "exempt":
            return check.limit
    return None


def _lowest_price(asked: Asked, collar: Decimal) -> Decimal | None:
    """Return the lowest price at which riskgate may count the order."""
    quote = asked.event.quote
    if quote is None:
        return None
    prices = [quote.bid, quote.ask, quote.mark, quote.last, asked.event.body.limit_price]
    lowest = min((price for price in prices if price is not None), default=ZERO)
    return lowest * (1 - collar) if lowest > ZERO else None
