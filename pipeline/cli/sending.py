"""Send a control, ask before it does something drastic, and wait for the gate's own answer.

A cluster that cannot be read does not stop a control: it is sent, and the command says that nobody
confirmed it.
"""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pipeline.cli import exit_codes
from pipeline.cli.terminal import say
from pipeline.cli.times import duration_ms

if TYPE_CHECKING:
    from pipeline.outputs.accounts import Rows
    from pipeline.outputs.confirmation import Answer, Judge, Watch
    from pipeline.outputs.reader import OutputReader
    from pipeline.streams.clients.broker import Address
    from topics.controls import Control

__all__ = [
    "EVERYONE", "WAIT", "ForcedYes", "NoWait", "Sending", "Wait", "answer_of", "conclude",
    "open_watch", "send_control", "wait_seconds",
]  # fmt: skip

EVERYONE = "*"
WAIT = "5s"
READ_SECONDS_MAX = 5.0  # Short, because an operator may be waiting to halt an account.

Wait = Annotated[
    str, typer.Option("--wait", help="How long to wait for the gate's answer: 5s, 1m.")
]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Only write it to Kafka; nobody confirms it.")
]
ForcedYes = Annotated[bool, typer.Option("--yes", help="Do not ask before it acts.")]


class Sending(NamedTuple):
    """How a control is sent."""

    wait_seconds: float  # 0: do not wait.
    force: bool
    yes: bool

    @classmethod
    def of(cls, wait: str, *, no_wait: bool, force: bool, yes: bool) -> "Sending":
        """Read the options. Raise BadParameter when the duration is none."""
        return cls(wait_seconds(wait, no_wait=no_wait), force, yes)


def wait_seconds(wait: str, *, no_wait: bool) -> float:
    """Return how long to wait, 0 for not at all. Raise BadParameter when it is no duration."""
    return 0.0 if no_wait else duration_ms(wait) / 1000


def send_control(control: "Control", sending: Sending) -> None:
    """Publish a control; exit with 1 when the gate refuses it or does not confirm it."""
    from pipeline.cli.messages import checked
    from pipeline.outputs.confirmation import control_judge
    from pipeline.outputs.reader import OutputReader
    from pipeline.streams.settings import Settings
    from topics.controls import TOPIC

    value = checked(TOPIC, control)
    account = control.account_id
    reader = OutputReader(Settings.from_environment(), seconds_max=READ_SECONDS_MAX)
    before, warning = _rows(reader, control, sending)
    _ask(control, before, yes=sending.yes)
    seconds, answer = sending.wait_seconds, None
    with ExitStack() as stack:
        watch = open_watch(reader, account, stack) if seconds else None
        address = reader.broker.publish(TOPIC.name, key=account, value=value)
        written_s = time.monotonic()
        if warning is not None:
            say(warning, err=True)
        if watch is not None:
            answer = answer_of(watch, partial(control_judge, control, before), seconds)
    conclude(control.control_id, address, answer=answer, waited=seconds, since_s=written_s)


def open_watch(reader: "OutputReader", account: str, stack: ExitStack) -> "Watch | str":
    """Listen for the answer, or return why Kafka does not let us: the message is sent anyway."""
    from pipeline.outputs.confirmation import watching
    from pipeline.streams.clients.broker import BrokerError

    try:
        return stack.enter_context(watching(reader, account))
    except BrokerError as error:
        return f"riskgate: nobody can confirm it: {error}"


def conclude(
    name: str, address: "Address", *, answer: "Answer | None", waited: float, since_s: float
) -> None:
    """Print the answer; exit with 1 if it is a refusal or there is none.

    waited: how many seconds at most, 0 if nobody waited; since_s: time.monotonic() of the writing.
    """
    where = f"{name} is offset {address.offset} of partition {address.partition} of {address.topic}"
    if not waited:
        say(f"{where}.")
        return
    if answer is None:
        say(
            f"riskgate: not confirmed within {waited:g} s; {where}; to see whether the gate works: "
            "riskgate health",
            err=True,
        )
    elif answer.is_done:
        say(f"{answer.text} ({max(1, round((time.monotonic() - since_s) * 1000))} ms)")
        return
    else:
        say(f"riskgate: refused: {answer.text}", err=True)
    raise typer.Exit(exit_codes.DIFFERENT)


def answer_of(
    watch: "Watch | str", judge: "Callable[[int], Judge]", seconds: float
) -> "Answer | None":
    """Wait for the answer; judge: makes the judge for so many partitions."""
    from pipeline.streams.clients.broker import BrokerError

    if isinstance(watch, str):
        say(watch, err=True)
        return None
    try:
        return watch.answer(judge(watch.partitions), seconds_max=seconds)
    except BrokerError as error:
        say(f"riskgate: {error}", err=True)
        return None


def _rows(
    reader: "OutputReader", control: "Control", sending: Sending
) -> "tuple[Rows, str | None]":
    """Return the accounts as they are, and a warning when Kafka cannot tell.

    Exit when the account never had an event, unless the command is forced.
    """
    from pipeline.outputs.accounts import Rows, read_rows
    from pipeline.streams.clients.broker import BrokerError

    account = control.account_id
    try:
        rows = read_rows(reader, None if account == EVERYONE else account)
    except BrokerError as error:  # Do not stop here: this may be an emergency.
        return Rows(), f"riskgate could not check whether account {account} exists: {error}"
    is_known = account in {EVERYONE, *rows.accounts, *rows.unreadable}
    if not is_known and not sending.force:
        say(
            f"riskgate: account {account} has never had an event, so nothing was written; "
            "correct the name ('*' needs quotes), or send the command anyway with --force",
            err=True,
        )
        raise typer.Exit(exit_codes.MISUSE)
    return rows, None


def _ask(control: "Control", before: "Rows", *, yes: bool) -> None:
    """Ask before a flatten and before anything for `*`; exit unless the answer is yes."""
    if yes or (control.command != "flatten" and control.account_id != EVERYONE):
        return
    question = f"{_what(control, before)}. Go on?"
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{question} Without a terminal nobody can say so: add --yes")
    typer.confirm(_visible(question), abort=True, err=True)


def _what(control: "Control", before: "Rows") -> str:
    """Say what a control will do."""
    from pipeline.outputs.effects import effect
    from pipeline.outputs.words import lasting

    if control.command == "activate":
        return f"This lets rules {control.version} publish from now on, and no others"
    rows = list(before.accounts.values())
    said = effect(control.command, control.account_id, control.stop_id, rows=rows)
    return said if control.duration_ms is None else f"{said}, for {lasting(control.duration_ms)}"


def _visible(text: str) -> str:
    from topics.text import visible

    return visible(text)
