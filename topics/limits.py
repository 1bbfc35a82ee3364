"""Limits: versioned documents of rule parameters, for one account or for all."""

from typing import Annotated, Any

from msgspec import Struct

from topics.fields import AccountOrAll, NonEmptyText, Version, doc
from topics.topic import FOREVER, Topic


class LimitsDocument(Struct, frozen=True, kw_only=True):
    account_id: Annotated[AccountOrAll, doc("Account that it limits, or `*` for every account.")]
    version: Annotated[
        Version, doc("Grows with every document of the account, or of `*`; else it is refused.")
    ]
    author: Annotated[NonEmptyText, doc("Person or program that publishes it.")]
    reason: Annotated[NonEmptyText, doc("Why it is published, for people.")]
    rules: Annotated[
        dict[str, dict[str, Any]],  # Typed by each rule itself.
        doc(
            "Parameters by rule, as docs/limits.md lists them. What the document leaves out comes "
            "from the document of `*`, else from the built-in defaults."
        ),
    ]


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
