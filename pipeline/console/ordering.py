"""Write a control for a person and wait for the gate's own answer, as the commands do."""

import time
import uuid
from contextlib import ExitStack
from typing import NamedTuple

from pipeline.console.acting import Order
from pipeline.console.model import Model
from pipeline.outputs.accounts import Rows
from pipeline.outputs.confirmation import control_judge, watching
from pipeline.outputs.reader import OutputReader
from pipeline.streams.clients.broker import BrokerError
from topics.codec import decode, encode
from topics.controls import TOPIC, Control

__all__ = ["Outcome", "control_of", "send"]

WAIT_SECONDS = 5.0


class Outcome(NamedTuple):
    """What came of an order."""

    state: str  # done, refused or unconfirmed.
    text: str
    ms: int = 0


def control_of(order: Order, author: str, reason: str, *, now_ms: int) -> Control:
    """Make the control. Raise DecodeError where ingest would refuse it."""
    control = Control(
        control_id=f"{order.command}-{uuid.uuid4().hex}",
        account_id=order.account,
        command=order.command,
        author=author,
        reason=reason,
        issued_at_ms=now_ms,
        stop_id=order.stop_id or None,
    )
    decode(TOPIC, encode(control))
    return control


def send(reader: OutputReader, model: Model, control: Control) -> Outcome:
    """Send a control and return the gate's answer.

    If Kafka cannot be read it is sent all the same: this may be an emergency.
    """
    with model.lock:
        before = Rows()
        before.accounts = dict(model.rows.accounts)
    answer = None
    with ExitStack() as stack:
        try:
            watch = stack.enter_context(watching(reader, control.account_id))
        except BrokerError:
            watch = None
        began_s = time.monotonic()
        try:
            reader.broker.publish(TOPIC.name, key=control.account_id, value=encode(control))
            if watch is not None:
                judge = control_judge(control, before, watch.partitions)
                answer = watch.answer(judge, seconds_max=WAIT_SECONDS)
        except BrokerError as error:
            return Outcome("unconfirmed", str(error))
    if answer is None:
        said = f"{control.control_id} is not confirmed after {WAIT_SECONDS:g} s"
        return Outcome("unconfirmed", f"{said}; look at Health.")
    ms = max(1, round((time.monotonic() - began_s) * 1000))
    return Outcome("done" if answer.is_done else "refused", answer.text, ms)
