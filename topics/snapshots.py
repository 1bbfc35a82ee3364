"""Snapshots: an account's whole state, once per trading day; replay and rebuild start there."""

from typing import Annotated

from msgspec import Struct

from topics.fields import AccountOrAll, AtMs, Chain, RulesVersion, Sequence, doc
from topics.topic import DAY_MS, Topic


class Snapshot(Struct, frozen=True, kw_only=True):
    account_id: Annotated[
        AccountOrAll, doc("Account that it is of; `*` is what all accounts of a partition share.")
    ]
    state_version: Annotated[int, doc("Version of the form of the state.")]
    state: Annotated[bytes, doc("The whole state as the state store keeps it, base64.")]
    offset: Annotated[int, doc("Offset in `events` of the last event that is in the state.")]
    sequence: Sequence
    chain: Chain
    rules_version: RulesVersion
    at_ms: AtMs


TOPIC = Topic(
    name="snapshots",
    direction="out",
    message=Snapshot,
    key="account_id",
    writers=("risk",),
    readers=("risk",),
    retention_ms=60 * DAY_MS,
    copartitioned=True,
    message_bytes_max=8_388_608,
    example=Snapshot(
        account_id="acct-1",
        state_version=1,
        state=b"\x01",
        offset=6,
        sequence=7,
        chain="0123456789abcdef",
        rules_version="0123456789abcdef",
        at_ms=1_767_225_600_000,
    ),
)
