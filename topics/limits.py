"""Limits: versioned documents of rule parameters, for one account or for all."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from topics.fields import AccountOrAll, Lasting, NonEmptyText, Version, doc
from topics.topic import FOREVER, Topic

ExpectedVersion = Annotated[int, Meta(ge=0, le=2**53)]


class LimitsDocument(Struct, frozen=True, kw_only=True, omit_defaults=True):
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
    duration_ms: Annotated[
        Lasting | None,
        doc(
            "How long these limits lie over the lasting document, from their append; then what is "
            "below applies again. Without rules it ends all temporary limits of the account.",
            unit="ms",
            absent="the document is a lasting one and replaces the one before",
        ),
    ] = None
    expect_version: Annotated[
        ExpectedVersion | None,
        doc(
            "Version that must be in force, 0 for none; else the document is refused.",
            absent="any lower version may be in force",
        ),
    ] = None
    approval: Annotated[
        Literal["propose", "approve"] | None,
        doc(
            "`propose`: it takes effect once another author sends the same document, with the "
            "same version, as `approve`.",
            absent="it takes effect at once, or is refused where `approvals.second_author` holds",
        ),
    ] = None


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
