"""Limits: versioned documents of rule parameters, for one account or for all."""

from typing import Any

from msgspec import Struct

from topics.fields import AccountOrAll, Said, Version
from topics.topic import FOREVER, Topic


class LimitsDocument(Struct, frozen=True, kw_only=True):
    account_id: AccountOrAll
    version: Version  # Grows with every document of the account, and of `*`.
    author: Said
    reason: Said
    rules: dict[str, dict[str, Any]]  # {rule: {parameter: value}}; typed by each rule itself.


TOPIC = Topic(
    name="limits",
    retention_ms=FOREVER,  # Few and small; the next version follows from the last document.
    direction="in",
    message=LimitsDocument,
    key="account_id",
    writers=("operator",),
    readers=("ingest", "operator"),
    example=LimitsDocument(
        account_id="*",
        version=1,
        author="risk-desk",
        reason="first limits",
        rules={"drawdown": {"drawdown_ratio_max": "0.05"}, "cash": {"enabled": False}},
    ),
)
