"""What metrics show of accounts: counts, how near they are to their limits, the nearest by name."""

from decimal import Decimal
from typing import cast

from msgspec.structs import replace

from pipeline.streams.observe import metrics
from pipeline.streams.observe.account_figures import Figures, figures_of, show_accounts
from topics.account_states import TOPIC, AccountState

EXAMPLE = cast(AccountState, TOPIC.example)


def figures(name: str, headroom: str, *, trading_state: str = "active") -> Figures:
    """Return an account with so much of its drawdown left."""
    row = replace(
        EXAMPLE,
        account_id=name,
        trading_state=trading_state,
        statistics={"drawdown_headroom_ratio": Decimal(headroom)},
    )
    return figures_of(row)


def shown(name: str) -> list[str]:
    """Return the accounts that a gauge names."""
    samples = next(iter(metrics.ACCOUNT_HEADROOM.collect())).samples
    return [sample.labels["account_id"] for sample in samples if sample.name == name]


def test_least_headroom_is_that_of_the_nearest_account_when_there_are_several() -> None:
    show_accounts([figures("a", "0.9"), figures("b", "0.1"), figures("c", "0.2")], named_max=0)

    assert metrics.value("riskgate_least_headroom_ratio", rule="drawdown") == 0.1
    assert metrics.value("riskgate_accounts_near_limit", rule="drawdown") == 1
    assert metrics.value("riskgate_accounts", trading_state="active") == 3


def test_halted_account_is_not_near_its_limit_when_it_was_stopped_there() -> None:
    halted = figures("a", "-0.2", trading_state="halted")

    show_accounts([halted, figures("b", "0.7")], named_max=10)

    assert metrics.value("riskgate_least_headroom_ratio", rule="drawdown") == 0.7
    assert metrics.value("riskgate_accounts", trading_state="halted") == 1
    assert metrics.value("riskgate_accounts_halted_holding") == 1
    assert shown("riskgate_account_headroom_ratio") == ["b"]


def test_halted_account_holds_nothing_when_it_is_flat() -> None:
    flat = figures("a", "-0.2", trading_state="halted")._replace(positions=0)

    show_accounts([flat, figures("b", "0.7")], named_max=0)

    assert metrics.value("riskgate_accounts_halted_holding") == 0


def test_stopped_accounts_are_named_when_they_hold_most_first() -> None:
    rows = [
        figures("b", "0.1", trading_state="reducing")._replace(positions=0),
        figures("c", "0.1", trading_state="halted")._replace(positions=2),
        figures("a", "0.1", trading_state="halted")._replace(positions=1),
        figures("d", "0.1"),
    ]

    show_accounts(rows, named_max=2)

    stopped = "riskgate_account_stopped_positions"
    assert metrics.value(stopped, account_id="c", trading_state="halted") == 2
    assert metrics.value(stopped, account_id="a", trading_state="halted") == 1
    assert len(next(iter(metrics.ACCOUNT_STOPPED.collect())).samples) == 2


def test_no_account_is_named_when_the_setting_is_off() -> None:
    show_accounts([figures("a", "0.1")], named_max=0)

    assert shown("riskgate_account_headroom_ratio") == []


def test_nearest_accounts_are_named_when_there_are_more_than_the_setting_lets_in() -> None:
    show_accounts([figures("a", "0.9"), figures("b", "0.1"), figures("c", "0.2")], named_max=2)

    assert sorted(shown("riskgate_account_headroom_ratio")) == ["b", "c"]
    named = {"account_id": "b", "currency": "USD"}
    assert metrics.value("riskgate_account_equity", **named) == 99_995
    assert metrics.value("riskgate_account_daily_pnl", **named) == -5
    assert metrics.value("riskgate_account_drawdown_ratio", account_id="b") == 0.00005


def test_account_is_forgotten_when_it_is_not_there_any_more() -> None:
    show_accounts([figures("a", "0.1")], named_max=5)

    show_accounts([], named_max=5)

    assert shown("riskgate_account_headroom_ratio") == []
    assert metrics.value("riskgate_accounts", trading_state="active") == 0


def test_prevented_losses_are_summed_by_currency_when_accounts_have_some() -> None:
    rows = [
        replace(EXAMPLE, currency=currency, statistics={"prevented_loss": Decimal(lost)})
        for currency, lost in (("USD", 100), ("USD", -30), ("EUR", 5))
    ]

    show_accounts([figures_of(row) for row in rows], named_max=0)

    assert metrics.value("riskgate_prevented_loss", currency="USD") == 70
    assert metrics.value("riskgate_prevented_loss", currency="EUR") == 5
