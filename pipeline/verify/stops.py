"""A stop is latched: no approval that increases risk, and no row without it, until its resume."""

from collections.abc import Iterator
from decimal import Decimal

from pipeline.verify.finding import Finding, finding_at
from pipeline.verify.ledger import Ledger
from pipeline.verify.records import Record
from topics.account_states import AccountState
from topics.decisions import Decision, Stop

__all__ = ["Stops"]

APPROVALS = ("approved", "modified")


class Stops:
    """The open stops of each account, as `decisions` reports them."""

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self._open: dict[str, dict[str, int]] = {}  # Stop id and sequence of each open stop.
        # Rows whose stops differ: decisions, another topic, may be still on their way.
        self._doubtful: dict[tuple[str, str], tuple[Record, int]] = {}

    def note(self, stop: Stop) -> None:
        """Open or lift a stop."""
        stops = self._open.setdefault(stop.account_id, {})
        if stop.status == "resumed":
            stops.pop(stop.stop_id, None)
            self._doubtful.pop((stop.account_id, stop.stop_id), None)
        elif stop.status == "triggered":
            stops[stop.stop_id] = stop.sequence
            self._doubtful.pop((stop.account_id, stop.stop_id), None)

    def judge_decision(
        self, record: Record, decision: Decision, ledger: Ledger | None
    ) -> Iterator[Finding]:
        """Report an approval that an open stop forbids; ledger: the books at that event."""
        stops = self._open.get(decision.account_id)
        if not stops or decision.verdict not in APPROVALS:
            return
        if decision.trading_state == "active" or not _reduces(decision, ledger):
            stop_id = next(iter(stops))
            yield finding_at(
                record,
                "stop",
                account_id=decision.account_id,
                found=f"{decision.side} {decision.approved_quantity} {decision.symbol} is "
                f"{decision.verdict} while {stop_id} is open",
                expected="only orders that reduce a position until it is resumed",
            )

    def judge_row(self, record: Record, row: AccountState) -> None:
        """Note the stops that a row should show."""
        known = self._open.get(row.account_id, {})
        for stop_id, sequence in known.items():
            key = row.account_id, stop_id
            if stop_id in row.stops:
                self._doubtful.pop(key, None)
            elif sequence <= row.sequence:
                self._doubtful.setdefault(key, (record, row.at_ms))
        if self._whole:
            for stop_id in row.stops:
                if stop_id not in known:
                    self._doubtful.setdefault((row.account_id, stop_id), (record, row.at_ms))

    def judge_doubtful(self, before_ms: int | None) -> Iterator[Finding]:
        """Report rows without a stop that no resume explains; None: all that are left."""
        for (account_id, stop_id), (record, at_ms) in list(self._doubtful.items()):
            if before_ms is not None and at_ms >= before_ms:
                continue
            del self._doubtful[account_id, stop_id]
            stops = self._open.setdefault(account_id, {})
            was_open = stops.pop(stop_id, None) is not None  # Once is enough.
            if not was_open:
                stops[stop_id] = 0
            yield finding_at(
                record,
                "stop",
                account_id=account_id,
                found=f"the row {'lacks' if was_open else 'holds'} the stop {stop_id}",
                expected=f"it there {'until its resume' if was_open else 'after it was triggered'} "
                "in decisions",
            )


def _reduces(decision: Decision, ledger: Ledger | None) -> bool:
    if decision.reduce_only:
        return True
    if ledger is None or not ledger.is_sure or decision.symbol not in ledger.held:
        # Entry rules exempt what is proven to reduce.
        return any(check.verdict == "exempt" for check in decision.checks)
    held: Decimal = ledger.held[decision.symbol].quantity
    opposite = held < 0 if decision.side == "buy" else held > 0
    return opposite and decision.approved_quantity <= abs(held)
