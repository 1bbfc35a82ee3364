"""What one run of a history came to: decisions, stops, PnL, drawdown and prevented loss.

PnL and drawdown are those of `riskgate report`; prevented loss is that of `account_states`.
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct, field

from pipeline.report.history import Histories
from pipeline.risk.account.account import Account, Shared
from pipeline.risk.numbers import EXACT, ZERO
from pipeline.risk.report import account_state
from pipeline.risk.step import Step
from topics.decisions import Decision, Exit, Stop
from topics.events import Event
from topics.topic import DAY_MS

__all__ = ["AMOUNTS", "COUNTS", "AccountSummary", "Counts", "Money", "Summary", "Watcher"]

PREVENTED = ("prevented_loss", "prevented_loss_open")  # Of the rows' statistics.
Verdict = Literal["approved", "modified", "rejected", "stopped", "exits"]


class Counts(Struct, kw_only=True):
    """How often each happened."""

    approved: int = 0
    modified: int = 0
    rejected: int = 0
    stopped: int = 0  # Emergency stops that opened.
    exits: int = 0  # Orders that riskgate sent by itself.


class Money(Struct, kw_only=True):
    """Amounts in one currency."""

    currency: str | None  # None: the account has no opening.
    pnl: Decimal = ZERO  # Since the beginning, fees and open positions included.
    drawdown: Decimal = ZERO  # Largest fall of PnL; of several accounts the largest one's.
    drawdown_ratio: Decimal = ZERO  # Largest fall from the highest value, likewise.
    prevented_loss: Decimal = ZERO  # By orders not approved; negative: they would have won.


COUNTS = Counts.__struct_fields__
AMOUNTS = Money.__struct_fields__


class AccountSummary(Counts, kw_only=True):
    """One account."""

    account_id: str
    money: Money


class Summary(Counts, kw_only=True):
    """All accounts, and each."""

    events: int = 0
    money: list[Money] = field(default_factory=list)  # One for each currency, by its name.
    accounts: list[AccountSummary] = field(default_factory=list)  # By account_id.
    unfilled_exits: int = 0  # Of a what-if: exits for which there was no price.


class Watcher:
    """Collect a summary; `observe` must see every step."""

    def __init__(self) -> None:
        self._events = 0
        self._histories = Histories(period_ms=DAY_MS)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._last: dict[str, tuple[Account, Shared]] = {}

    def observe(self, event: Event, step: Step, at_ms: int) -> None:
        """Count what a step decided."""
        del at_ms
        self._events += 1
        self._histories.apply(event, step)
        if step.account is not None:
            self._last[event.account_id] = step.account, step.shared
        for output in step.outputs:
            word = _word(output)
            if word is not None:
                self._counts[event.account_id, word] += 1

    def summary(self, *, unfilled_exits: int = 0) -> Summary:
        """Return what was collected."""
        accounts = [self._account(name) for name in sorted(self._last)]
        return Summary(
            **self._total(each for each, _ in self._counts),
            events=self._events,
            money=_by_currency(each.money for each in accounts),
            accounts=accounts,
            unfilled_exits=unfilled_exits,
        )

    def _account(self, name: str) -> AccountSummary:
        history = self._histories.accounts.get(name)
        row = account_state(*self._last[name])
        money = Money(currency=row.currency)
        money.prevented_loss = sum((row.statistics.get(each, ZERO) for each in PREVENTED), ZERO)
        if history is not None:
            money.pnl, money.drawdown = history.pnl, history.drawdown_max
            money.drawdown_ratio = Decimal(f"{history.drawdown_ratio_max:.6f}")
        return AccountSummary(**self._total([name]), account_id=name, money=money)

    def _total(self, accounts: Iterable[str]) -> dict[str, Any]:
        names = set(accounts)
        found: Counter[str] = Counter()
        for (name, word), number in self._counts.items():
            if name in names:
                found[word] += number
        return dict(found)


def _word(output: object) -> Verdict | None:
    match output:
        case Decision(verdict="approved" | "modified" | "rejected" as verdict):
            return verdict
        case Exit():
            return "exits"
        case Stop(status="triggered"):
            return "stopped"
        case _:
            return None


def _by_currency(amounts: Iterable[Money]) -> list[Money]:
    found: dict[str, Money] = {}
    for each in amounts:
        total = found.setdefault(each.currency or "", Money(currency=each.currency))
        total.pnl = EXACT.add(total.pnl, each.pnl)
        total.drawdown = max(total.drawdown, each.drawdown)
        total.drawdown_ratio = max(total.drawdown_ratio, each.drawdown_ratio)
        total.prevented_loss = EXACT.add(total.prevented_loss, each.prevented_loss)
    return [found[name] for name in sorted(found)]
