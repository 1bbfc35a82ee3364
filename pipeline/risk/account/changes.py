"""The fields of each record of the account, as keywords of the setter that changes them.

They give the setters their types, which msgspec's `replace` does not check. A test compares them
with the records.
"""

from decimal import Decimal
from typing import TypedDict

from pipeline.risk.account.currencies import KnownRate, WaitingFlows
from pipeline.risk.account.position import Position
from pipeline.risk.account.records import IdKind, Ring, Stop
from pipeline.risk.account.refused import RefusedOrder
from pipeline.risk.account.reservations import PendingExit, Reservation
from pipeline.risk.account.rule_records import Breaker, Drift, Stopouts, Violations
from pipeline.risk.account.unconverted import Early, Unconverted
from pipeline.risk.account.windows import Baseline, ClosedDay, Window


class AppliedChanges(TypedDict, total=False):
    sequence: int
    chain: str
    clock_ms: int
    sources: dict[str, int]
    shared_chain: str
    shared_serial: int
    number: int


class CapitalChanges(TypedDict, total=False):
    currency: str | None
    opened_ms: int | None
    opening: Decimal
    net_flows: Decimal
    realized: Decimal
    foreign_flows: Decimal
    flow_ms: int
    adjusted_ms: int | None
    early: tuple[Early, ...]


class CurrenciesChanges(TypedDict, total=False):
    rates: dict[str, KnownRate]
    unconverted: dict[str, Unconverted]
    by_currency: bool
    cash: dict[str, Decimal]
    waiting_flows: dict[str, WaitingFlows]
    adjusted_ms: dict[str, int]


class WindowsChanges(TypedDict, total=False):
    day: Window | None
    week: Window | None
    peak_equity: Decimal
    baselines: dict[str, Baseline]
    closed_days: tuple[ClosedDay, ...]
    rolls_by: tuple[str, str]
    taken_over: dict[str, Position]


class TradingHaltsChanges(TypedDict, total=False):
    stops: tuple[Stop, ...]
    tightened_ms: int
    resumes: int


class RuleRecordsChanges(TypedDict, total=False):
    circuit_breaker: Breaker
    drift: dict[str, Drift]
    order_rate: tuple[int, ...]
    overfill: tuple[int, ...]
    repeated_order: dict[int, tuple[int, ...]]
    stale_data: int | None
    stopout_guard: Stopouts
    unmatched_fill: int
    violation_rate: Violations


class OrdersChanges(TypedDict, total=False):
    pending_exits: dict[str, PendingExit]
    ended: dict[str, Reservation]
    expired: tuple[tuple[str, str], ...]
    refused: dict[str, tuple[RefusedOrder, ...]]
    refused_pnl: Decimal


class MemoryChanges(TypedDict, total=False):
    rings: dict[IdKind, Ring]
    alerted: dict[str, int]
    limits_reported: str


class DeadlinesChanges(TypedDict, total=False):
    wake_ms: int | None
    state_sent_ms: int | None
    confirm_ms: int | None
    hold_due_ms: int | None
    sound_equity: Decimal | None
