"""Write a limits document to Kafka and wait for the gate's answer."""

import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import typer

from pipeline.cli import exit_codes
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.outputs.limits_change import Change
    from topics.limits import LimitsDocument

__all__ = ["Said", "document_of", "publish", "require_first"]


class Said(NamedTuple):
    """What a person says about a document."""

    author: str
    reason: str
    expect_version: int | None = None
    approval: Literal["propose", "approve"] | None = None


def document_of(change: "Change", said: Said, *, version: int | None = None) -> "LimitsDocument":
    """Make the next version. Raise MessageError when ingest would refuse it."""
    from pipeline.cli.messages import checked
    from topics.limits import TOPIC, LimitsDocument

    account = change.account
    document = LimitsDocument(
        account_id=account,
        version=version or change.log.highest.get(account, 0) + 1,
        author=said.author,
        reason=said.reason,
        rules=change.rules,
        duration_ms=change.duration_ms,
        expect_version=said.expect_version,
        approval=said.approval,
    )
    checked(TOPIC, document)
    return document


def publish(document: "LimitsDocument", *, seconds: float) -> None:
    """Write a document and wait for the gate's answer."""
    from pipeline.cli.sending import answer_of, conclude, open_watch
    from pipeline.outputs.confirmation import limits_judge
    from pipeline.outputs.reader import OutputReader
    from pipeline.streams.admin.limits_log import first_instead_of, write_document
    from pipeline.streams.settings import Settings

    settings, answer = Settings.from_environment(), None
    with ExitStack() as stack:
        reader = OutputReader(settings)
        watch = open_watch(reader, document.account_id, stack) if seconds else None
        address = write_document(settings, document)
        written_s = time.monotonic()
        require_first(document, first_instead_of(settings, document, address))
        if watch is not None:
            answer = answer_of(watch, partial(limits_judge, document), seconds)
    name = f"Version {document.version} for {document.account_id}"
    conclude(name, address, answer=answer, waited=seconds, since_s=written_s)


def require_first(document: "LimitsDocument", other: "LimitsDocument | None") -> None:
    """Exit when somebody else published the same version first: this one is not in force."""
    if other is None:
        return
    say(
        f"Version {document.version} for {document.account_id} came too late: {other.author} had "
        f"published version {other.version} ({other.reason}), which is in force; compare with it "
        "by riskgate limits diff, then apply again",
        err=True,
    )
    raise typer.Exit(exit_codes.DIFFERENT)
