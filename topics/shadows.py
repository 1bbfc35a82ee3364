"""Shadows: what a silent release would have published otherwise than the active one did."""

from typing import Annotated

from topics.fields import (
    EPOCH_MS,
    EVERYONE,
    AccountId,
    AccountOrAll,
    AtMs,
    Chain,
    Millis,
    RulesVersion,
    Sequence,
    Written,
    doc,
)
from topics.topic import DAY_MS, Topic

__all__ = ["TOPIC", "ShadowDifference", "ShadowReport"]

_ACTIVE = "rules_version that was active, so whose outputs were published."


class ShadowDifference(Written, frozen=True, kw_only=True, tag_field="kind", tag="difference"):
    account_id: AccountId
    active_version: Annotated[str, doc(_ACTIVE)]
    topic: Annotated[str, doc("Topic of the output, without the prefix.")]
    output_id: Annotated[
        str, doc("Id of the output: of a decision the signal's, else that riskgate derived.")
    ]
    field: Annotated[
        str, doc("Field that differs; empty if only one of the two releases has such an output.")
    ]
    active_value: Annotated[
        str | None, doc("What was published, as JSON.", null="if there is nothing")
    ]
    shadow_value: Annotated[
        str | None, doc("What the shadow decided, as JSON.", null="if there is nothing")
    ]
    acts: Annotated[
        bool, doc("True if an execution engine would have acted otherwise in this event.")
    ]
    sequence: Sequence
    chain: Chain
    rules_version: RulesVersion
    at_ms: AtMs


class ShadowReport(Written, frozen=True, kw_only=True, tag_field="kind", tag="report"):
    account_id: Annotated[AccountOrAll, doc("`*`: it counts all accounts of a partition.")]
    replica: Annotated[str, doc("Replica set of the worker; empty for the one without a name.")]
    active_version: Annotated[str, doc(_ACTIVE)]
    since_ms: Annotated[Millis, doc("From when on this report counts.", unit=EPOCH_MS)]
    compared: Annotated[
        int, doc("Events since then of which either release published something.", unit="count")
    ]
    acting: Annotated[
        int, doc("Of these, events after which an engine would act otherwise.", unit="count")
    ]
    differing: Annotated[int, doc("Of these, events with any field that differs.", unit="count")]
    dropped: Annotated[
        int, doc("Events that nothing was heard of for too long to compare.", unit="count")
    ]
    sequence: Sequence
    chain: Chain
    rules_version: RulesVersion
    at_ms: AtMs


TOPIC = Topic(
    name="shadows",
    direction="out",
    message=ShadowDifference | ShadowReport,
    key="account_id",
    writers=("risk",),
    readers=("operator", "desk"),
    retention_ms=30 * DAY_MS,
    copartitioned=True,
    example=ShadowDifference(
        account_id="acct-1",
        active_version="0.1.0+0123456789ab",
        topic="decisions",
        output_id="momentum:1",
        field="approved_quantity",
        active_value='"0.2"',
        shadow_value='"0.1"',
        acts=True,
        sequence=7,
        chain="0123456789abcdef",
        rules_version="0.2.0+0123456789ab",
        at_ms=1_767_225_600_000,
    ),
    more_examples=(
        ShadowReport(
            account_id=EVERYONE,
            replica="b",
            active_version="0.1.0+0123456789ab",
            since_ms=1_767_225_590_000,
            compared=40_000,
            acting=1,
            differing=2,
            dropped=0,
            sequence=912,
            chain="0123456789abcdef",
            rules_version="0.2.0+0123456789ab",
            at_ms=1_767_225_600_000,
        ),
    ),
)
