"""What broadcast is told of a partition's `*` documents and controls."""

from decimal import Decimal

from pipeline.risk.account.account import Shared, SharedStop
from pipeline.risk.account.documents import Document
from pipeline.risk.report import shared_state
from topics.account_states import AccountState, ViolationCounts

SHARED = Shared(
    2,
    "0123456789abcdef",
    sequence=5,
    chain="c5",
    clock_ms=7000,
    serial=3,
    limits=Document(4, "{}"),
    stops=(SharedStop(3, "stop-1", "halt", "desk", "storm", 0),),
)
ROW = AccountState(
    account_id="*",
    trading_state="active",
    stops=("stop-1",),
    currency=None,
    balance=Decimal(0),
    equity=None,
    peak_equity=Decimal(0),
    drawdown_ratio=None,
    daily=None,
    weekly=None,
    gross_exposure=None,
    net_exposure=None,
    positions=(),
    reservations=(),
    watched=(),
    violations_last_hour=ViolationCounts(by_level={}, by_rule={}),
    limits_version="4.0",
    wake_at_ms=None,
    controls_serial=3,
    sequence=5,
    chain="c5",
    rules_version="0123456789abcdef",
    at_ms=7000,
)


def test_row_tells_stops_versions_and_no_money_when_it_is_of_everyone() -> None:
    assert shared_state(SHARED) == ROW
