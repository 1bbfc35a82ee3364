"""What is computed again after a record of the account was set."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from pipeline.risk.account.records import Stop
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.working_account import WorkingAccount
from tests.risk.log import T0_MS, Log

HALT = Stop("acct-1:9:1", "halt", "control", T0_MS)


@pytest.fixture
def working() -> WorkingAccount:
    """A working account that was opened with 1000 and holds nothing."""
    log = Log()
    log.open(1000)
    assert log.account is not None
    return WorkingAccount(log.account, log.shared, limits_of("{}", "{}"))


def test_equity_follows_when_capital_is_set(working: WorkingAccount) -> None:
    before = working.view().equity

    working.set_capital(realized=Decimal(-150))

    assert (before, working.view().equity) == (Decimal(1000), Decimal(850))


def test_equity_is_unknown_when_cash_is_set_without_its_rate(working: WorkingAccount) -> None:
    before = working.view().equity

    working.set_currencies(cash={"EUR": Decimal(5)})

    assert (before, working.view().equity) == (Decimal(1000), None)


def test_drawdown_follows_when_the_peak_is_set(working: WorkingAccount) -> None:
    before = working.view().drawdown_ratio

    working.set_windows(peak_equity=Decimal(1250))  # 250 of 1250 are lost.

    assert (before, working.view().drawdown_ratio) == (Decimal(0), Decimal("0.2"))


@pytest.mark.parametrize(
    "change",
    [
        lambda working: working.set_halts(stops=(HALT,)),
        lambda working: working.set_rules(unmatched_fill=1),
        lambda working: working.set_totals(working.account.totals),
    ],
    ids=["halts", "rules", "totals"],
)
def test_rules_see_the_account_when_a_record_that_they_read_is_set(
    change: Callable[[WorkingAccount], None], working: WorkingAccount
) -> None:
    working.view()

    change(working)

    assert working.view().account is working.account
