"""Account states: the newest view of each account, for people, dashboards and broadcast."""

from decimal import Decimal
from typing import Annotated

from msgspec import field

from topics.account_state_parts import (
    DayState,
    HeldRate,
    PositionState,
    ReservationState,
    ViolationCounts,
    WatchedSymbol,
    WeekState,
)
from topics.fields import (
    EPOCH_MS,
    MONEY,
    RATIO,
    SIGNED_MONEY,
    UNKNOWN,
    UNVALUED,
    AccountOrAll,
    AnyId,
    AtMs,
    Chain,
    Id,
    LimitsVersion,
    Millis,
    Number,
    RulesVersion,
    Sequence,
    Symbol,
    TradingState,
    Written,
    doc,
)
from topics.topic import FOREVER, Topic

__all__ = [
    "TOPIC", "AccountState", "DayState", "HeldRate", "PositionState", "ReservationState",
    "ViolationCounts", "WatchedSymbol", "WeekState",
]  # fmt: skip


class AccountState(Written, frozen=True, kw_only=True):
    account_id: Annotated[
        AccountOrAll,
        doc("Account that it is of; `*` is what all accounts of a partition share, for broadcast."),
    ]
    trading_state: Annotated[
        TradingState,
        doc("`reducing` and `halted` let only exits through; in `halted` limits may bar those."),
    ]
    stops: Annotated[tuple[AnyId, ...], doc("Ids of the open stops; a resume names one.")]
    currency: Annotated[Id | None, doc("Currency of the account.", null="before its opening")]
    balance: Annotated[
        Number,
        doc("Cash: opening, flows and realized PnL, at the newest rates.", unit=SIGNED_MONEY),
    ]
    equity: Annotated[
        Number | None,
        doc("Balance plus unrealized PnL.", unit=SIGNED_MONEY, null=UNKNOWN),
    ]
    peak_equity: Annotated[
        Number, doc("Highest equity so far, adjusted for flows.", unit=SIGNED_MONEY)
    ]
    drawdown_ratio: Annotated[
        Number | None, doc("Fall of equity from that peak.", unit=RATIO, null=UNKNOWN)
    ]
    daily: Annotated[DayState | None, doc("The trading day.", null="before the opening")]
    weekly: Annotated[WeekState | None, doc("The trading week.", null="before the opening")]
    baselines: Annotated[
        dict[str, Decimal],
        doc("Equity at the last resume, by the rule that measures from it.", unit=SIGNED_MONEY),
    ] = field(default_factory=dict)
    cash: Annotated[
        dict[str, Decimal],
        doc("Balance by currency; empty while all is converted.", unit="each currency, signed"),
    ] = field(default_factory=dict)
    gross_exposure: Annotated[
        Number | None,
        doc("Notional of all positions.", unit=MONEY, null=UNVALUED),
    ]
    net_exposure: Annotated[
        Number | None,
        doc("Notional of longs less that of shorts.", unit=SIGNED_MONEY, null=UNVALUED),
    ]
    positions: Annotated[
        tuple[PositionState, ...], doc("What is held, and what was: its realized PnL stays.")
    ]
    reservations: Annotated[
        tuple[ReservationState, ...], doc("Approved orders and exits that are not filled yet.")
    ]
    watched: Annotated[tuple[Symbol, ...], doc("Symbols whose prices the account needs.")]
    violations_last_hour: Annotated[ViolationCounts, doc("Violations of the last hour.")]
    statistics: Annotated[
        dict[str, Decimal],
        doc(
            "By name: the headroom of each loss limit as a fraction of it, and the loss that "
            "refused orders prevented (account currency)."
        ),
    ] = field(default_factory=dict)
    limits_version: LimitsVersion
    wake_at_ms: Annotated[
        Millis | None,
        doc("When broadcast wakes the account.", unit=EPOCH_MS, null="if nothing falls due"),
    ]
    confirming: Annotated[
        bool, doc("True while a breach waits for confirming marks: every newer price matters.")
    ] = False
    quotes: Annotated[
        tuple[WatchedSymbol, ...], doc("Marks that the account holds; moves count from them.")
    ] = ()
    rates: Annotated[tuple[HeldRate, ...], doc("Exchange rates that the account needs.")] = ()
    controls_serial: Annotated[
        int, doc("Number of the newest `*` document or control that it has applied.")
    ] = 0
    unconverted: Annotated[
        tuple[Id, ...], doc("Currencies of money that waits for an exchange rate; at most four.")
    ] = ()
    worst_exposure: Annotated[
        Number | None,
        doc("Gross exposure if all orders of the worse side fill.", unit=MONEY, null=UNVALUED),
    ] = None
    accounts: Annotated[
        int, doc("Of `*`: how many accounts of the partition have a row.", unit="count")
    ] = 0
    topic_id: Annotated[
        str, doc("Of `*`: Kafka's id of the topic that holds all these rows; empty if unknown.")
    ] = ""
    active_version: Annotated[str, doc("Of `*`: release that the log activated; empty: none.")] = ""
    sequence: Sequence
    chain: Chain
    rules_version: RulesVersion
    at_ms: AtMs


# A header of each row: the offset behind the last record of `events` that was applied before it.
APPLIED_HEADER = "applied"

TOPIC = Topic(
    name="account_states",
    direction="out",
    message=AccountState,
    key="account_id",
    writers=("risk",),
    readers=("risk", "broadcast", "operator", "desk"),
    retention_ms=FOREVER,
    compacted=True,
    copartitioned=True,
    message_bytes_max=8_388_608,
    example=AccountState(
        account_id="acct-1",
        trading_state="active",
        stops=(),
        currency="USD",
        balance=Decimal(99990),
        equity=Decimal(99995),
        peak_equity=Decimal(100000),
        drawdown_ratio=Decimal("0.00005"),
        daily=DayState(
            day="2026-01-01",
            pnl=Decimal(-5),
            realized=Decimal(-10),
            start_equity=Decimal(100000),
        ),
        weekly=WeekState(
            week="2026-W01",
            pnl=Decimal(-5),
            realized=Decimal(-10),
            start_equity=Decimal(100000),
        ),
        gross_exposure=Decimal(10000),
        net_exposure=Decimal(10000),
        worst_exposure=Decimal(10000),
        positions=(
            PositionState(
                symbol="BTC-USD",
                quantity=Decimal("0.2"),
                average_price=Decimal(49975),
                mark_price=Decimal(50000),
                unrealized_pnl=Decimal(5),
                realized_pnl=Decimal(-10),
            ),
        ),
        reservations=(),
        watched=("BTC-USD",),
        violations_last_hour=ViolationCounts(by_level={"medium": 1}, by_rule={"cash": 1}),
        limits_version="1.0",
        wake_at_ms=1_767_225_660_000,
        sequence=7,
        chain="0123456789abcdef",
        rules_version="0123456789abcdef",
        at_ms=1_767_225_600_000,
    ),
)
