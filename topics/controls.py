"""Controls: what a person orders: halt, reduce, flatten, or resume after a named stop."""

import re
from typing import Annotated, Literal

from msgspec import Struct

from topics.fields import (
    EPOCH_MS,
    EVERYONE,
    AccountOrAll,
    AnyId,
    DecodeError,
    EventId,
    Lasting,
    Millis,
    NonEmptyText,
    RulesVersionId,
    doc,
)
from topics.topic import Topic

TIMED = ("halt", "reduce")  # What may last for a while only.
Command = Literal["halt", "reduce", "resume", "flatten", "activate", "acknowledge"]
_DERIVED = re.compile(r".*:[0-9]+:[0-9]+")


class Control(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    control_id: Annotated[EventId, doc("Id that the sender gives. It acts once per account.")]
    account_id: Annotated[AccountOrAll, doc("Account to control, or `*` for every account.")]
    command: Annotated[
        Command,
        doc(
            "`reduce` lets only exits through; `halt` also cancels working orders; `flatten` also "
            "closes all positions; `resume` lifts the stop named by stop_id; `activate` lets the "
            "release named by version publish from here on, and no other; `acknowledge` says that "
            "the author looks at the stop named by stop_id, and changes nothing."
        ),
    ]
    author: Annotated[NonEmptyText, doc("Person who gives the command.")]
    reason: Annotated[NonEmptyText, doc("Why it is given, for people.")]
    issued_at_ms: Annotated[
        Millis,
        doc(
            "When it was given; a resume older than the last halt, reduce or flatten is refused.",
            unit=EPOCH_MS,
        ),
    ]
    expires_at_ms: Annotated[
        Millis | None,
        doc("From then on it is ignored, with an alert.", unit=EPOCH_MS, absent="it never expires"),
    ] = None
    stop_id: Annotated[
        AnyId | None,
        doc(
            "Stop that a resume lifts or somebody acknowledges, as emergency_stops names it.",
            absent="a resume changes nothing and is an alert; an acknowledge is a dead letter; "
            "other commands need none",
        ),
    ] = None
    duration_ms: Annotated[
        Lasting | None,
        doc(
            "Of a halt or reduce: how long it lasts from its append; then riskgate lifts it.",
            unit="ms",
            absent="it lasts until a resume",
        ),
    ] = None
    version: Annotated[
        RulesVersionId | None,
        doc(
            "rules_version that an activate names; its account_id is `*`.",
            absent="an activate is refused; other commands need none",
        ),
    ] = None

    def __post_init__(self) -> None:
        if self.duration_ms is not None and self.command not in TIMED:
            raise DecodeError(f"Expected none for a {self.command}", "$.duration_ms")
        if self.command == "activate":
            _require_activation(self)
        if self.command == "acknowledge":
            _require_stop(self)
        # That of `*` names its stop in every account, beside those that we name ourselves.
        if self.account_id == EVERYONE and _DERIVED.fullmatch(self.control_id):
            raise DecodeError("Expected no id of the form that riskgate gives", "$.control_id")


def _require_activation(control: Control) -> None:
    if control.account_id != EVERYONE:
        raise DecodeError("Expected `*`: a release decides for all accounts", "$.account_id")
    if control.version is None:
        raise DecodeError("Expected the rules_version to activate", "$.version")


def _require_stop(control: Control) -> None:
    if control.account_id == EVERYONE:
        raise DecodeError("Expected one account: a stop is acknowledged in each", "$.account_id")
    if control.stop_id is None:
        raise DecodeError("Expected the stop to acknowledge", "$.stop_id")


TOPIC = Topic(
    name="controls",
    direction="in",
    message=Control,
    key="account_id",
    writers=("operator",),
    readers=("ingest", "operator"),
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
