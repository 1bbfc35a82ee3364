"""`riskgate halt | reduce | flatten`: an operator's controls for an account.

These commands must work in an emergency, so a cluster that cannot confirm that the account exists
does not stop them. What a control does is decided in pipeline/risk.
"""

import time
import uuid
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.sending import WAIT, ForcedYes, NoWait, Sending, Wait, send_control
from pipeline.cli.times import duration_ms

if TYPE_CHECKING:
    from topics.controls import Command, Control

__all__ = [
    "Account", "Author", "ExpiresIn", "Force", "Reason", "control_of", "flatten", "halt",
    "one_account", "reduce",
]  # fmt: skip

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
Lasts = Annotated[
    str | None,
    typer.Option("--for", help="Lift it by itself this long after the gate applied it: 30m, 2h."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Send it even if account_states has no row of the account.")
]


def halt(
    account: Account,
    author: Author,
    reason: Reason,
    *,
    lasts: Lasts = None,
    expires_in: ExpiresIn = None,
    force: Force = False,
    yes: ForcedYes = False,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
) -> None:
    """Cancel all working orders and reject everything except exits."""
    sending = Sending.of(wait, no_wait=no_wait, force=force, yes=yes)
    control = control_of("halt", one_account(account), expires_in, (author, reason))
    send_control(_lasting(control, lasts), sending)


def reduce(
    account: Account,
    author: Author,
    reason: Reason,
    *,
    lasts: Lasts = None,
    expires_in: ExpiresIn = None,
    force: Force = False,
    yes: ForcedYes = False,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
) -> None:
    """Reject every order that adds risk."""
    sending = Sending.of(wait, no_wait=no_wait, force=force, yes=yes)
    control = control_of("reduce", one_account(account), expires_in, (author, reason))
    send_control(_lasting(control, lasts), sending)


def flatten(
    account: Account,
    author: Author,
    reason: Reason,
    *,
    expires_in: ExpiresIn = None,
    force: Force = False,
    yes: ForcedYes = False,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
) -> None:
    """Halt the account and close every position; asks first."""
    sending = Sending.of(wait, no_wait=no_wait, force=force, yes=yes)
    send_control(control_of("flatten", one_account(account), expires_in, (author, reason)), sending)


def _lasting(control: "Control", lasts: str | None) -> "Control":
    """Let the stop of a control end by itself. Raise BadParameter when that is no duration."""
    from msgspec.structs import replace

    return control if lasts is None else replace(control, duration_ms=duration_ms(lasts))


def control_of(
    command: "Command",
    account: str,
    expires_in: str | None,
    signed: tuple[str, str],
    stop_id: str | None = None,
    *,
    version: str | None = None,
) -> "Control":
    """Make a control of now. Raise BadParameter when its expiry is no duration.

    signed: author and reason.
    """
    from topics.controls import Control

    now_ms = time.time_ns() // 1_000_000
    return Control(
        control_id=f"{command}-{uuid.uuid4().hex}",
        account_id=account,
        command=command,
        author=signed[0],
        reason=signed[1],
        issued_at_ms=now_ms,
        expires_at_ms=None if expires_in is None else now_ms + duration_ms(expires_in),
        stop_id=stop_id,
        version=version,
    )


def one_account(accounts: list[str]) -> str:
    """Return the account. Raise BadParameter when several are named."""
    if len(accounts) > 1:
        raise typer.BadParameter(
            f"name one account, not {len(accounts)}; put '*' in quotes, or the shell replaces it "
            "with file names"
        )
    return accounts[0]
