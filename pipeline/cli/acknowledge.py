"""`riskgate acknowledge`: say who looks at an open stop; nothing else changes."""

from typing import Annotated

import typer

from pipeline.cli.controls import Account, Author, Reason, control_of, one_account
from pipeline.cli.resume import open_ids
from pipeline.cli.sending import EVERYONE, WAIT, NoWait, Sending, Wait, send_control


def acknowledge(
    account: Account,
    author: Author,
    reason: Reason,
    stop_id: Annotated[
        str | None, typer.Option(help="The stop; without it, every open stop of the account.")
    ] = None,
    *,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
) -> None:
    """Say who looks at an open stop, and why; the account stays stopped."""
    name = one_account(account)
    if name == EVERYONE:
        raise typer.BadParameter("name one account: a stop is acknowledged in each")
    sending = Sending.of(wait, no_wait=no_wait, force=False, yes=True)
    for each in [stop_id] if stop_id is not None else open_ids(name):
        send_control(control_of("acknowledge", name, None, (author, reason), each), sending)
