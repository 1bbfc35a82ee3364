"""Write controls for a person and wait for the gate's own answers, as the commands do."""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from pipeline.console.acting import Order
from pipeline.console.model import Model
from pipeline.outputs.accounts import Rows
from pipeline.outputs.confirmation import Answer, Judge, control_judge, watching
from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Output
from pipeline.streams.clients.broker import BrokerError
from topics.codec import decode, encode
from topics.controls import TIMED, TOPIC, Control
from topics.fields import EVERYONE

__all__ = ["Outcome", "Words", "controls_of", "send"]

WAIT_SECONDS = 5.0


class Outcome(NamedTuple):
    """What came of an order."""

    state: str  # done, refused or unconfirmed.
    text: str
    ms: int = 0


class Words(NamedTuple):
    """What a person says about an order."""

    author: str
    reason: str
    duration_ms: int | None = None


def controls_of(order: Order, words: Words, *, now_ms: int) -> list[Control]:
    """Make a control for each target. Raise DecodeError where ingest would refuse one."""
    return [
        _checked(
            Control(
                control_id=f"{order.command}-{uuid.uuid4().hex}",
                account_id=target.account,
                command=order.command,
                author=words.author,
                reason=words.reason,
                issued_at_ms=now_ms,
                stop_id=target.stop_id or None,
                duration_ms=words.duration_ms if order.command in TIMED else None,
            )
        )
        for target in order.targets
    ]


def _checked(control: Control) -> Control:
    decode(TOPIC, encode(control))
    return control


def send(reader: OutputReader, model: Model, controls: Sequence[Control]) -> list[Outcome]:
    """Send controls and return the gate's answer to each.

    If Kafka cannot be read they are sent all the same: this may be an emergency.
    """
    with model.lock:
        before = Rows()
        before.accounts = dict(model.rows.accounts)
    names = {control.account_id for control in controls}
    outcomes: dict[str, Outcome] = {}
    with ExitStack() as stack:
        try:
            one = next(iter(names)) if len(names) == 1 else EVERYONE
            watch = stack.enter_context(watching(reader, one))
        except BrokerError:
            watch = None
        began_s = time.monotonic()
        sent = list(_sent(reader, controls, outcomes))
        if watch is not None and sent:
            judges = {
                each.control_id: (each, control_judge(each, before, watch.partitions))
                for each in sent
            }
            try:
                watch.answer(_Answers(judges, outcomes, began_s), seconds_max=WAIT_SECONDS)
            except BrokerError as error:
                said = Outcome("unconfirmed", str(error))
                outcomes = {each.control_id: said for each in sent} | outcomes
    return [outcomes.get(each.control_id) or _unconfirmed(each) for each in controls]


def _sent(
    reader: OutputReader, controls: Sequence[Control], outcomes: dict[str, Outcome]
) -> Iterator[Control]:
    """Send each, and yield those that Kafka took; once it fails, the rest would wait as long."""
    for number, control in enumerate(controls):
        try:
            reader.broker.publish(TOPIC.name, key=control.account_id, value=encode(control))
        except BrokerError as error:
            outcomes[control.control_id] = Outcome("unconfirmed", str(error))
            for each in controls[number + 1 :]:
                said = f"{each.control_id} was not sent: Kafka failed before it"
                outcomes[each.control_id] = Outcome("unconfirmed", said)
            return
        yield control


class _Answers:
    """Collects the answer to each of several controls; is answered once all of them are."""

    def __init__(
        self,
        judges: dict[str, tuple[Control, Judge]],
        outcomes: dict[str, Outcome],
        began_s: float,
    ) -> None:
        self._began_s = began_s
        self._waiting = judges
        self._outcomes = outcomes

    def __call__(self, output: Output) -> Answer | None:
        for name, (control, judge) in list(self._waiting.items()):
            if control.account_id != output.account_id:
                continue
            if (answer := judge(output)) is None:
                continue
            ms = max(1, round((time.monotonic() - self._began_s) * 1000))
            state = "done" if answer.is_done else "refused"
            self._outcomes[name] = Outcome(state, answer.text, ms)
            del self._waiting[name]
            if not self._waiting:
                return answer
        return None


def _unconfirmed(control: Control) -> Outcome:
    said = f"{control.control_id} is not confirmed after {WAIT_SECONDS:g} s"
    return Outcome("unconfirmed", f"{said}; look at Health.")
