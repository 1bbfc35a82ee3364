"""The gate's own answer to what an operator sent: in force, refused, or nothing yet.

Follows the outputs from before the message was sent. A control that was only written to Kafka has
done nothing: the answer is a row of risk.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pipeline.outputs.accounts import Rows
from pipeline.outputs.reader import OutputReader
from pipeline.outputs.record import Output, message_of
from pipeline.outputs.stops import orders_of
from pipeline.outputs.words import count, lasting, timestamp
from topics.account_states import AccountState
from topics.alerts import Alert
from topics.controls import Control
from topics.emergency_stops import EmergencyStop
from topics.fields import EVERYONE, TEXT_MAX, DecodeError
from topics.limits import LimitsDocument

__all__ = ["Answer", "Judge", "Watch", "control_judge", "limits_judge", "watching"]

TOPICS = ("emergency_stops", "alerts", "account_states")


class Answer(NamedTuple):
    """What the gate did, in one sentence without a full stop."""

    is_done: bool  # False: it refused, in the words of its alert.
    text: str


def _done(text: str) -> Answer:
    return Answer(is_done=True, text=text)


def _refused(text: str) -> Answer:
    return Answer(is_done=False, text=text)


Judge = Callable[[Output], Answer | None]  # Returns None for what is no answer.


class Watch:
    """The outputs that come from now on."""

    def __init__(self, outputs: Iterator[Output | None], partitions: int) -> None:
        self.partitions = partitions
        self._outputs = outputs

    def answer(self, judge: Judge, *, seconds_max: float) -> Answer | None:
        """Return the first answer; None if none came in time. Raise BrokerError on failure."""
        deadline_s = time.monotonic() + seconds_max
        for output in self._outputs:
            found = None if output is None else _judged(judge, output)
            if found is not None:
                return found
            if time.monotonic() > deadline_s:
                break
        return None


@contextmanager
def watching(reader: OutputReader, account: str) -> Iterator[Watch]:
    """Follow what risk writes about an account, or about `*` in every partition."""
    one = None if account == EVERYONE else account
    mark = reader.mark(*TOPICS, account=one)
    outputs = reader.follow_from(mark)
    # Its first answer, that nothing is new, means that it listens: so the time is that of the gate.
    try:
        next(outputs)
        yield Watch(outputs, sum(topic == "account_states" for topic, _ in mark))
    finally:
        outputs.close()


def control_judge(control: Control, before: Rows, partitions: int) -> Judge:
    """Return what recognizes the answer to a control; before: the rows when it was sent."""
    if control.account_id == EVERYONE:
        return _OfEveryone(control, before, partitions)
    return _OfOne(control, before.accounts.get(control.account_id))


def limits_judge(document: LimitsDocument, partitions: int) -> Judge:
    """Return what recognizes that a document took effect, or was refused."""
    name, waiting = document.account_id, set(range(partitions))

    def judge(output: Output) -> Answer | None:
        message = message_of(output)
        if isinstance(message, Alert):
            return _about(message, document)
        if not isinstance(message, AccountState) or message.account_id != name:
            return None
        if document.approval == "propose":
            return None
        everyone, _, own = message.limits_version.partition(".")
        if int(everyone if name == EVERYONE else own) < document.version:
            return None
        waiting.discard(output.partition)
        if name != EVERYONE:
            return _done(f"version {document.version} for {name} is in force")
        where = f"for every account is in force in {count(partitions, 'partition')}"
        return None if waiting else _done(f"version {document.version} {where}")

    return judge


def _about(alert: Alert, document: LimitsDocument) -> Answer | None:
    """Return what an alert says about a document, if it does."""
    if (alert.account_id, alert.rule) != (document.account_id, "limits"):
        return None
    if alert.message.startswith(f"version {document.version} is refused"):
        return _refused(alert.message)
    waits = alert.message.startswith(f"version {document.version} waits")
    return _done(alert.message) if waits and document.approval == "propose" else None


class _OfOne:
    """A control of one account acts when a row of its stop says so."""

    def __init__(self, control: Control, before: AccountState | None) -> None:
        self._control = control
        self._before = before
        self._after: AccountState | None = None
        self._lifted: EmergencyStop | None = None

    def __call__(self, output: Output) -> Answer | None:
        message, control = message_of(output), self._control
        if isinstance(message, Alert):
            return _acknowledged(message, control) or _refusal(message, control)
        if not isinstance(message, AccountState | EmergencyStop):
            return None
        if message.account_id != control.account_id:
            return None
        if control.command == "resume":
            return self._resumed(message)
        if isinstance(message, AccountState):
            return None
        is_it = message.status == "triggered" and message.rule == "control"
        is_it = is_it and (message.author, message.reason) == (control.author, control.reason[:500])
        return _done(_stopped(message, control, self._before)) if is_it else None

    def _resumed(self, message: AccountState | EmergencyStop) -> Answer | None:
        """Wait for the state behind the lifted stop: another may have begun in the same event."""
        if isinstance(message, AccountState):
            self._after = message
        elif (message.status, message.stop_id) == ("resumed", self._control.stop_id):
            self._lifted = message
        row, after = self._lifted, self._after  # Each may come first: they are of two topics.
        if row is None or after is None or after.sequence < row.sequence:
            return None
        return _done(_lifted(row, after))


class _OfEveryone:
    """A control of `*` acts when the row of `*` of every partition says so."""

    def __init__(self, control: Control, before: Rows, partitions: int) -> None:
        self._control = control
        self._accounts = len(before.accounts)
        self._partitions = partitions
        self._waiting = set(range(partitions))
        self._others: dict[int, AccountState] = {}  # By partition, the first of another release.

    def __call__(self, output: Output) -> Answer | None:
        message, control = message_of(output), self._control
        if isinstance(message, Alert):
            return _refusal(message, control)
        if not isinstance(message, AccountState) or message.account_id != EVERYONE:
            return None
        if control.command == "activate":
            return self._activated(message, output.partition)
        is_resume = control.command == "resume"
        stop_id = control.stop_id if is_resume else control.control_id
        if (stop_id in message.stops) != is_resume:
            self._waiting.discard(output.partition)
        if self._waiting:
            return None
        where = f"{count(self._accounts, 'account')} in {count(self._partitions, 'partition')}"
        if is_resume:
            return _done(f"stop {stop_id} of every account is lifted: {where}")
        lasts = "" if control.duration_ms is None else f", for {lasting(control.duration_ms)}"
        return _done(f"every account is {_STATES[control.command]}: stop {stop_id}, {where}{lasts}")

    def _activated(self, row: AccountState, partition: int) -> Answer | None:
        """Wait until the release itself says in every partition that it is the active one."""
        version = self._control.version
        if version == row.active_version == row.rules_version:
            self._waiting.discard(partition)
        elif row.rules_version != version:
            return self._publishes_on(row, partition)
        if self._waiting:
            return None
        where = count(self._partitions, "partition")
        return _done(f"rules {version} publish in {where}, and no others")

    def _publishes_on(self, row: AccountState, partition: int) -> Answer | None:
        """Return a refusal once a release publishes at later events than the control's.

        The first row of it may be its last: a release writes what is due before it falls silent.
        """
        first = self._others.get(partition)
        if first is not None and row.sequence > first.sequence:
            return _refused(
                f"rules {row.rules_version} publish on in partition {partition}, since "
                f"RISKGATE_ACTIVATE of their workers is auto: set it to control for every risk "
                f"worker, or start the workers with rules {self._control.version}"
            )
        if first is None and row.active_version == self._control.version:
            self._others[partition] = row
        return None


_STATES = {"halt": "halted", "reduce": "reducing", "flatten": "halted"}


def _judged(judge: Judge, output: Output) -> Answer | None:
    try:
        return judge(output) if output.value else None
    except DecodeError:
        return None  # Not written by riskgate.


def _acknowledged(alert: Alert, control: Control) -> Answer | None:
    if (alert.rule, alert.account_id) != (control.command, control.account_id):
        return None
    said = f"{control.stop_id} is acknowledged by {control.author}"
    # Its own reason follows; an alert holds so much of it all.
    is_it = alert.message == f"{said}: {control.reason}"[:TEXT_MAX]
    return _done(f"stop {said}; it stays open") if is_it else None


def _refusal(alert: Alert, control: Control) -> Answer | None:
    if alert.rule not in {"control", "internal_error"} or alert.account_id != control.account_id:
        return None
    said = [f"{control.control_id} is {word}" for word in ("ignored", "not applied")]
    if control.command == "resume":
        said.append(f"{control.stop_id} is not resumed")
    if control.command in {"resume", "acknowledge"}:
        said.append(f"no open stop has the id {control.stop_id!r}")
    return _refused(alert.message) if alert.message.startswith(tuple(said)) else None


def _stopped(row: EmergencyStop, control: Control, state: AccountState | None) -> str:
    name = _STATES[control.command]
    if state is not None and state.trading_state == "halted":
        name = "halted"  # A stop that only reduces takes nothing back.
    positions = count(len(row.positions), "position")
    closing = " to close" if "flatten" in row.actions else ""
    text = f"{row.account_id} is {name}: stop {row.stop_id}, {positions}{closing}"
    if "cancel_all" in row.actions and state is not None:
        text += f", {count(orders_of(state), 'order')} to cancel"
    if row.ends_at_ms is not None:
        text += f", until {timestamp(row.ends_at_ms)}"
    return text


def _lifted(row: EmergencyStop, after: AccountState) -> str:
    lifted = f"stop {row.stop_id} of {row.account_id} is lifted"
    if after.stops:
        return f"{lifted}; it stays stopped by {', '.join(after.stops)}"
    return f"{lifted}; it trades again"
