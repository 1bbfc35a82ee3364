"""Snapshots: an account's whole state, once per trading day; replay and rebuild start there."""

from msgspec import Struct

from topics.fields import AccountOrAll, Millis
from topics.topic import DAY_MS, Topic


class Snapshot(Struct, frozen=True, kw_only=True):
    account_id: AccountOrAll
    state_version: int
    state: bytes  # As the state store keeps it; base64 in JSON.
    offset: int  # Of the event in `events` after which this was the state.
    sequence: int
    chain: str
    rules_version: str
    at_ms: Millis


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
