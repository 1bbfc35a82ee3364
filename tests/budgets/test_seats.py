"""What documents and rows say of an account's allowance; doubt is no limit at all."""

from decimal import Decimal
from typing import Any, cast

import pytest
from msgspec.structs import replace

from pipeline.budgets.allowances import Seat
from pipeline.budgets.budget_file import Budgets, Group
from pipeline.budgets.rebalancer import BudgetsError, divided
from pipeline.budgets.seats import next_rules, seat, valid_documents
from topics.account_states import TOPIC as STATES
from topics.account_states import AccountState, DayState
from topics.limits import LimitsDocument

GROSS, LOSS = "gross_exposure_max", "daily_loss_max"
ROW = cast(AccountState, STATES.example)


def document(version: int, **rules: Any) -> LimitsDocument:
    return LimitsDocument(account_id="a", version=version, author="t", reason="t", rules=rules)


def allowing(version: int, amount: int) -> LimitsDocument:
    rule = {"enabled": True, GROSS: str(amount)}
    return document(version, gross_exposure=rule)


def row(version: int, used: int | None = 0) -> AccountState:
    worst = None if used is None else Decimal(used)
    return replace(ROW, account_id="a", limits_version=f"9.{version}", worst_exposure=worst)


def test_largest_possible_counts_when_a_smaller_document_is_on_its_way() -> None:
    documents = [allowing(1, 50), allowing(2, 80), allowing(3, 20)]

    assert seat(GROSS, documents, row(2)) == Seat(Decimal(20), Decimal(80), Decimal(0))
    assert seat(GROSS, documents, row(3)) == Seat(Decimal(20), Decimal(20), Decimal(0))


def test_use_counts_when_it_is_more_than_the_document_allows() -> None:
    assert seat(GROSS, [allowing(1, 20)], row(1, used=30)).held == 30


@pytest.mark.parametrize(
    ("documents", "state"),
    [
        ([allowing(1, 20)], None),  # Never seen.
        ([allowing(1, 20)], row(0)),  # In force nothing of its own.
        ([allowing(1, 20)], row(2)),  # In force what nobody knows.
        ([allowing(1, 20)], row(1, used=None)),  # A mark is missing.
        ([document(1), allowing(2, 20)], row(1)),  # In force without a limit.
        ([allowing(1, 20), document(2)], row(1)),  # The next one has no limit.
        ([document(1, gross_exposure={GROSS: "20"})], row(1)),  # `*` may have turned it off.
        ([document(1, gross_exposure={GROSS: "20", "enabled": False})], row(1)),
    ],
)
def test_account_is_not_held_when_anything_is_in_doubt(
    documents: list[LimitsDocument], state: AccountState | None
) -> None:
    assert seat(GROSS, documents, state).held is None


@pytest.mark.parametrize(("pnl", "used"), [("-30", 30), ("30", 0), ("0", 0)])
def test_loss_of_the_day_is_what_is_used_when_it_lost(pnl: str, used: int) -> None:
    day = DayState(day="2026-01-01", pnl=Decimal(pnl), realized=Decimal(0), start_equity=None)
    known = document(1, daily_loss={"enabled": True, LOSS: "100"})

    found = seat(LOSS, [known], replace(row(1), daily=day))

    assert found == Seat(Decimal(100), Decimal(100), Decimal(used))


def test_refused_documents_do_not_count_when_they_do_not_validate() -> None:
    wrong = document(2, gross_exposure={GROSS: "many", "enabled": True})

    assert valid_documents([allowing(1, 20), wrong]) == [allowing(1, 20)]


def test_document_counts_when_only_everyones_may_make_it_whole() -> None:
    # Half a rule by itself: in force it may be, over what `*` says.
    half = document(2, stopout_guard={"stopouts_max": 2}, gross_exposure={GROSS: "5"})

    assert valid_documents([half]) == [half]


def test_other_parameters_stay_when_an_allowance_is_written() -> None:
    last = document(4, gross_exposure={"enabled": False, "on_breach": "flatten"}, cash={})

    rules = next_rules(last, {GROSS: Decimal("12.50"), LOSS: Decimal(3)})

    assert rules == {
        "cash": {},
        "gross_exposure": {"enabled": True, "on_breach": "flatten", GROSS: "12.5"},
        "daily_loss": {"enabled": True, LOSS: "3"},
    }


def test_budget_is_refused_when_an_account_is_of_another_currency() -> None:
    group = Group(gross_exposure_max=Decimal(1), accounts=("a",))
    budgets = Budgets(currency="EUR", groups={"all": group})

    with pytest.raises(BudgetsError, match="a is in USD, but the budgets are in EUR"):
        divided(budgets, {}, {"a": row(1)})
