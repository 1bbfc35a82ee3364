"""Controls: what a person orders: halt, reduce, flatten, or resume after a named stop."""

import re
from typing import Literal

from msgspec import Struct

from topics.fields import EVERYONE, AccountOrAll, AnyId, DecodeError, EventId, Millis, Said
from topics.topic import Topic

_DERIVED = re.compile(r".*:[0-9]+:[0-9]+")


class Control(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    control_id: EventId  # Acts once per account.
    account_id: AccountOrAll
    command: Literal["halt", "reduce", "resume", "flatten"]
    author: Said
    reason: Said
    issued_at_ms: Millis
    expires_at_ms: Millis | None = None
    stop_id: AnyId | None = None  # The stop that a resume lifts.

    def __post_init__(self) -> None:
        # That of `*` names its stop in every account, beside those that we name ourselves.
        if self.account_id == EVERYONE and _DERIVED.fullmatch(self.control_id):
            raise DecodeError("Expected no id of the form that riskgate gives", "$.control_id")


TOPIC = Topic(
    name="controls",
    direction="in",
    message=Control,
    key="account_id",
    writers=("operator",),
    readers=("ingest",),
    example=Control(
        control_id="ctl-1",
        account_id="acct-1",
        command="resume",
        author="risk-desk",
        reason="reviewed with the strategy's owner",
        issued_at_ms=1_767_225_600_000,
        expires_at_ms=1_767_225_660_000,
        stop_id="acct-1:42:1",
    ),
)
