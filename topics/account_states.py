"""Account states: the newest view of each account, for people, dashboards and broadcast."""

from decimal import Decimal

from msgspec import Struct, field

from topics.fields import (
    AccountOrAll,
    AnyId,
    Id,
    Millis,
    Number,
    Quantity,
    Side,
    Symbol,
    TradingState,
    Written,
)
from topics.topic import FOREVER, Topic


class PositionState(Struct, frozen=True, kw_only=True, gc=False):
    symbol: Symbol
    quantity: Quantity  # Signed.
    average_price: Number  # In the settlement currency.
    mark_price: Number | None
    unrealized_pnl: Number | None  # In the account's currency.
    realized_pnl: Number  # Over the life of the account, fees included.


class ReservationState(Struct, frozen=True, kw_only=True, gc=False):
    signal_id: AnyId
    symbol: Symbol
    side: Side
    quantity: Quantity  # In units, what is left.
    price: Number


class WindowState(Struct, frozen=True, kw_only=True, gc=False):
    pnl: Number | None  # In the account's currency, unrealized included.
    realized: Number
    start_equity: Number | None


class DayState(WindowState, frozen=True, kw_only=True, gc=False):
    day: str  # Local date of the window's start.


class WeekState(WindowState, frozen=True, kw_only=True, gc=False):
    week: str  # ISO year and week of the window's start.


class ViolationCounts(Struct, frozen=True, kw_only=True):
    by_level: dict[str, int]
    by_rule: dict[str, int]


class WatchedSymbol(Struct, frozen=True, kw_only=True, gc=False):
    """What the account itself holds of a symbol's price; broadcast measures moves against it."""

    symbol: Symbol
    mark_price: Number | None
    as_of_ms: Millis | None
    offset: int  # Of the quote it took last; -1 for none.
    epoch: str = ""  # The log that counts the offset.


class HeldRate(Struct, frozen=True, kw_only=True, gc=False):
    """A rate that the account needs, as it holds it; broadcast measures moves against it."""

    currency: Id
    rate: Number | None  # Units of the account's currency; None: it has none yet.
    as_of_ms: Millis | None


class AccountState(Written, frozen=True, kw_only=True):
    account_id: AccountOrAll  # `*`: of what all accounts of the partition share, for broadcast.
    trading_state: TradingState
    stops: tuple[AnyId, ...]  # Ids of the open ones.
    currency: Id | None
    balance: Number  # In the account's currency; by currency all cash at the newest rates known.
    equity: Number | None
    peak_equity: Number
    drawdown_ratio: Number | None
    daily: DayState | None
    weekly: WeekState | None
    baselines: dict[str, Decimal] = field(default_factory=dict)  # Equity at the resume, by rule.
    cash: dict[str, Decimal] = field(default_factory=dict)  # By currency; empty while converted.
    gross_exposure: Number | None
    net_exposure: Number | None
    positions: tuple[PositionState, ...]
    reservations: tuple[ReservationState, ...]
    watched: tuple[Symbol, ...]  # Symbols held, reserved or still measured.
    violations_last_hour: ViolationCounts
    statistics: dict[str, Decimal] = field(default_factory=dict)
    limits_version: str
    wake_at_ms: Millis | None
    confirming: bool = False  # A breach waits for confirming marks: every newer price matters.
    quotes: tuple[WatchedSymbol, ...] = ()
    rates: tuple[HeldRate, ...] = ()  # Of what is held or reserved and of cash.
    controls_serial: int = 0  # The newest `*` document or control that it has applied.
    unconverted: tuple[Id, ...] = ()  # Currencies of money that waits for a rate, the first few.
    worst_exposure: Number | None = None  # Notional if every reserved order filled, worst side.
    accounts: int = 0  # Of `*`: accounts of the partition that have a row; fewer were lost.
    topic_id: str = ""  # Of `*`: Kafka's, of the topic that has all of them; "" while it has not.
    sequence: int
    chain: str
    rules_version: str
    at_ms: Millis


TOPIC = Topic(
    name="account_states",
    direction="out",
    message=AccountState,
    key="account_id",
    writers=("risk",),
    readers=("broadcast", "operator", "desk"),
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
