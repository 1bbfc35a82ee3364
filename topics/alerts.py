"""Alerts: what a person should look at. An alert about a `*` document has account_id `*`."""

from decimal import Decimal
from typing import Literal

from topics.fields import AccountOrAll, AlertId, Millis, Number, Written
from topics.topic import DAY_MS, Topic

Level = Literal["low", "medium", "high", "critical"]
Action = Literal["warn", "block", "reduce", "halt", "flatten"]


class Alert(Written, frozen=True, kw_only=True):
    alert_id: AlertId
    account_id: AccountOrAll
    level: Level
    rule: str
    action: Action
    message: str
    measured: Number | None = None  # In the rule's unit.
    limit: Number | None = None
    sequence: int
    chain: str
    rules_version: str
    at_ms: Millis


TOPIC = Topic(
    name="alerts",
    direction="out",
    message=Alert,
    key="account_id",
    writers=("risk",),
    readers=("operator", "desk"),
    retention_ms=30 * DAY_MS,
    copartitioned=True,
    example=Alert(
        alert_id="acct-1:43:1",
        account_id="acct-1",
        level="low",
        rule="unmatched_fill",
        action="warn",
        message="fill fill-9 names no reservation",
        measured=Decimal("0.2"),
        sequence=43,
        chain="0123456789abcdef",
        rules_version="0123456789abcdef",
        at_ms=1_767_225_600_000,
    ),
)
