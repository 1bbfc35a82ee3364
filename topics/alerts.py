"""Alerts: what a person should look at. An alert about a `*` document has account_id `*`."""

from decimal import Decimal
from typing import Annotated, Literal

from topics.fields import (
    AccountOrAll,
    AlertId,
    AtMs,
    Chain,
    Number,
    RulesVersion,
    Sequence,
    Written,
    doc,
)
from topics.topic import DAY_MS, Topic

Level = Literal["low", "medium", "high", "critical"]
Action = Literal["warn", "block", "reduce", "halt", "flatten"]


class Alert(Written, frozen=True, kw_only=True):
    alert_id: Annotated[AlertId, doc("Id of the form `<account_id>:<sequence>:<n>`.")]
    account_id: Annotated[
        AccountOrAll, doc("Account that the alert is about; `*` for a document of all accounts.")
    ]
    level: Annotated[Level, doc("How serious it is.")]
    rule: Annotated[str, doc("Rule that raised it, or another cause such as `control`.")]
    action: Annotated[Action, doc("What riskgate did about it; `warn` is nothing but this alert.")]
    message: Annotated[str, doc("What happened, in one sentence with its numbers.")]
    measured: Annotated[
        Number | None,
        doc("What the rule measured.", unit="unit of the rule", null="if it has no number"),
    ] = None
    limit: Annotated[
        Number | None,
        doc("Limit that it is compared with.", unit="unit of the rule", null="if it has none"),
    ] = None
    sequence: Sequence
    chain: Chain
    rules_version: RulesVersion
    at_ms: AtMs


TOPIC = Topic(
    name="alerts",
    direction="out",
    message=Alert,
    key="account_id",
    writers=("risk",),
    readers=("risk", "operator", "desk"),
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
