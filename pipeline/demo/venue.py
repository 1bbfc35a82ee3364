"""The demo's venue: a paper exchange with slippage, fees and moods, and books of its own."""

from collections.abc import Mapping
from decimal import Decimal

from pipeline.demo.market import CURRENCY, INSTRUMENTS, Quote
from pipeline.demo.venue_accounts import VenueAccounts
from pipeline.paper.terms import Terms
from pipeline.paper.venue import PaperVenue
from riskgate.venue import Report, Snapshot
from topics.accounts import CashFlow
from topics.fills import Fill
from topics.instruments import Instrument
from topics.positions import PositionSnapshot

__all__ = ["DemoVenue"]

TERMS = Terms(
    name="demo",
    fee_ratio=Decimal("0.0002"),
    fee_step=Decimal("0.01"),
    slippage_ratio_max=Decimal("0.0003"),
    latency_ms=(5, 60),
    pieces_max=3,
    rejected_share=0.02,
    cut_short_share=0.05,
    resting_ms_max=1500,
)
# Topics are read at their own pace, so a snapshot waits until the fills in it have been read.
QUIET_MS = 2500


class DemoVenue(PaperVenue):
    """A paper venue that books its fills and reports what its accounts hold."""

    def __init__(self, accounts: Mapping[str, Decimal]) -> None:
        super().__init__(self, TERMS)
        self.accounts = VenueAccounts(accounts)
        self.quotes: Mapping[str, Quote] = {}  # By symbol; whoever drives the venue sets them.
        self._snapshots = 0

    def quote(self, symbol: str, now_ms: int) -> Quote | None:  # noqa: ARG002
        """Return the current prices of a symbol."""
        return self.quotes.get(symbol)

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the contract of a symbol."""
        return INSTRUMENTS.get(symbol)

    def reports(self, now_ms: int) -> list[Report]:
        """Do what a paper venue does, and book what was filled."""
        reports = super().reports(now_ms)
        for report in reports:
            if isinstance(report, Fill):
                self.accounts.apply(report)
        return reports

    def snapshots(self, account_id: str, now_ms: int) -> list[Snapshot]:
        """Return snapshots of an account's positions and cash, none soon after a fill.

        Cash is left out while the account is short: venues differ in whether it includes the
        proceeds.
        """
        holdings = self.accounts.holdings(account_id)
        if any(now_ms - holding.filled_at_ms < QUIET_MS for holding in holdings.values()):
            return []
        if any(holding.quantity < 0 for holding in holdings.values()):
            return self._positions(account_id, now_ms)
        self._snapshots += 1
        cash = CashFlow(
            account_id=account_id,
            kind="snapshot",
            flow_id=f"snapshot-{self._snapshots}",
            currency=CURRENCY,
            amount=self.accounts.cash(account_id),
            as_of_ms=now_ms,
        )
        return [*self._positions(account_id, now_ms), cash]

    def _positions(self, account_id: str, now_ms: int) -> list[Snapshot]:
        return [
            PositionSnapshot(
                account_id=account_id,
                symbol=symbol,
                quantity=holding.quantity,
                average_price=holding.average_price,
                as_of_ms=now_ms,
            )
            for symbol, holding in self.accounts.holdings(account_id).items()
        ]
