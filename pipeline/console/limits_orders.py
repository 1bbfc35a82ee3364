"""Publish a limits document for a person and wait for the gate's own answer, as the commands do."""

import time
from contextlib import ExitStack
from typing import Literal, NamedTuple

from pipeline.console.ordering import WAIT_SECONDS, Outcome
from pipeline.outputs.confirmation import Answer, limits_judge, watching
from pipeline.outputs.limits_change import Change
from pipeline.outputs.reader import OutputReader
from pipeline.streams.admin.limits_log import first_instead_of, write_document
from pipeline.streams.clients.broker import BrokerError
from topics.codec import decode, encode
from topics.limits import TOPIC, LimitsDocument

__all__ = ["Act", "Signed", "document_of", "publish"]

Act = Literal["publish", "propose", "approve"]


class Signed(NamedTuple):
    """Who publishes a document, and why."""

    author: str
    reason: str
    act: Act


def document_of(change: Change, signed: Signed) -> LimitsDocument:
    """Make the next version, over the one that is in force now: a lost update is refused.

    An approval has the version of what it approves. Raise DecodeError where ingest would refuse it.
    """
    held = change.log.of(change.account)
    version = change.log.highest.get(change.account, 0) + 1
    if signed.act == "approve" and held.proposed is not None:
        version = held.proposed.version
    document = LimitsDocument(
        account_id=change.account,
        version=version,
        author=signed.author,
        reason=signed.reason,
        rules=change.rules,
        duration_ms=change.duration_ms,
        expect_version=held.version,
        approval=None if signed.act == "publish" else signed.act,
    )
    decode(TOPIC, encode(document))
    return document


def publish(reader: OutputReader, document: LimitsDocument) -> Outcome:
    """Write a document and return the gate's answer."""
    answer, settings = None, reader.broker.settings
    with ExitStack() as stack:
        try:
            watch = stack.enter_context(watching(reader, document.account_id))
            began_s = time.monotonic()
            address = write_document(settings, document)
            other = first_instead_of(settings, document, address)
            if other is not None:
                return _too_late(document, other)
            judge = limits_judge(document, watch.partitions)
            answer = watch.answer(judge, seconds_max=WAIT_SECONDS)
        except BrokerError as error:
            return Outcome("unconfirmed", str(error))
    if answer is None:
        name = f"Version {document.version} for {document.account_id}"
        said = f"{name} is not confirmed after {WAIT_SECONDS:g} s; look at Health."
        return Outcome("unconfirmed", said)
    return _outcome(answer, began_s)


def _too_late(document: LimitsDocument, other: LimitsDocument) -> Outcome:
    return Outcome(
        "refused",
        f"version {document.version} came too late: {other.author} had published version "
        f"{other.version} ({other.reason}), which is in force",
    )


def _outcome(answer: Answer, began_s: float) -> Outcome:
    ms = max(1, round((time.monotonic() - began_s) * 1000))
    return Outcome("done" if answer.is_done else "refused", answer.text, ms)
