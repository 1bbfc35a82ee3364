"""`riskgate halt | reduce | resume | flatten`: an operator's controls for an account.

These commands must work in an emergency, so a cluster that cannot confirm that the account exists
does not stop them. What a control does is decided in pipeline/risk.
"""

import time
import uuid
from typing import Annotated, Literal, NamedTuple

import typer

from pipeline.cli import exit_codes
from pipeline.cli.terminal import say
from pipeline.cli.times import duration_ms

EVERYONE = "*"

# A list: the shell expands an unquoted * to several file names, which one string would not show.
Account = Annotated[
    list[str], typer.Argument(metavar="ACCOUNT", help="Account; '*' (quoted) means every account.")
]
Author = Annotated[str, typer.Option(help="Who gives the command.")]
Reason = Annotated[str, typer.Option(help="Why the command is given.")]
ExpiresIn = Annotated[
    str | None,
    typer.Option(
        help="Ignore it when it arrives later than this, by this machine's clock: 30s, 5m, 2h."
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Send it even if account_states has no row of the account.")
]
StopId = Annotated[str, typer.Option(help="The stop to lift: its stop_id in emergency_stops.")]


def halt(
    account: Account,
    author: Author,
    reason: Reason,
    *,
    expires_in: ExpiresIn = None,
    force: Force = False,
) -> None:
    """Cancel all working orders and reject everything except exits."""
    _send(Command("halt", _one(account), expires_in, force), author=author, reason=reason)


def reduce(
    account: Account,
    author: Author,
    reason: Reason,
    *,
    expires_in: ExpiresIn = None,
    force: Force = False,
) -> None:
    """Reject every order that adds risk."""
    _send(Command("reduce", _one(account), expires_in, force), author=author, reason=reason)


def flatten(
    account: Account,
    author: Author,
    reason: Reason,
    *,
    expires_in: ExpiresIn = None,
    force: Force = False,
) -> None:
    """Halt the account and close every position."""
    _send(Command("flatten", _one(account), expires_in, force), author=author, reason=reason)


def resume(
    account: Account,
    author: Author,
    reason: Reason,
    stop_id: StopId,
    *,
    expires_in: ExpiresIn = None,
    force: Force = False,
) -> None:
    """Lift one stop."""
    command = Command("resume", _one(account), expires_in, force, stop_id)
    _send(command, author=author, reason=reason)


class Command(NamedTuple):
    """One control and the account that it is for."""

    name: Literal["halt", "reduce", "resume", "flatten"]
    account: str
    expires_in: str | None
    force: bool
    stop_id: str | None = None


def _one(accounts: list[str]) -> str:
    """Return the account. Raise BadParameter when several are named."""
    if len(accounts) > 1:
        raise typer.BadParameter(
            f"name one account, not {len(accounts)}; put '*' in quotes, or the shell replaces it "
            "with file names"
        )
    return accounts[0]


def _warning(account: str) -> str | None:
    """Exit when the account is unknown; return a warning when Kafka cannot say whether it is."""
    from pipeline.streams.admin.known_accounts import is_known
    from pipeline.streams.clients.broker import BrokerError
    from pipeline.streams.settings import Settings

    try:
        known = is_known(Settings.from_environment(), account)
    except BrokerError as error:  # Do not stop here: this may be an emergency.
        return f"riskgate could not check whether account {account} exists: {error}"
    if not known:
        say(
            f"riskgate: account {account} has never had an event, so nothing was written; "
            "correct the name ('*' needs quotes), or send the command anyway with --force",
            err=True,
        )
        raise typer.Exit(exit_codes.MISUSE)
    return None


def _send(command: Command, *, author: str, reason: str) -> None:
    from pipeline.cli.messages import checked
    from pipeline.streams.clients.broker import Broker
    from pipeline.streams.settings import Settings
    from topics.controls import TOPIC, Control

    now_ms = time.time_ns() // 1_000_000
    expires_in = command.expires_in
    control = Control(
        control_id=f"{command.name}-{uuid.uuid4().hex}",
        account_id=command.account,
        command=command.name,
        author=author,
        reason=reason,
        issued_at_ms=now_ms,
        expires_at_ms=None if expires_in is None else now_ms + duration_ms(expires_in),
        stop_id=command.stop_id,
    )
    value = checked(TOPIC, control)
    is_certain = command.force or command.account == EVERYONE
    warning = None if is_certain else _warning(command.account)
    broker = Broker(Settings.from_environment())
    address = broker.publish(TOPIC.name, key=command.account, value=value)
    say(
        f"{control.control_id} is offset {address.offset} of partition {address.partition} "
        f"of {address.topic}."
    )
    if warning is not None:
        say(warning, err=True)
