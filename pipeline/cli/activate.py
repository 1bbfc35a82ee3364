"""`riskgate activate`: let another release publish from the control's place in the log on."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.controls import Author, ExpiresIn, Reason, control_of
from pipeline.cli.sending import EVERYONE, WAIT, ForcedYes, NoWait, Sending, Wait, send_control
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.outputs.releases import Releases


def activate(
    version: Annotated[str, typer.Argument(help="The rules_version, as `riskgate health` has it.")],
    author: Author,
    reason: Reason,
    *,
    expires_in: ExpiresIn = None,
    force: Annotated[
        bool, typer.Option("--force", help="Send it even if its workers are not ready for it.")
    ] = False,
    yes: ForcedYes = False,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
) -> None:
    """Let one release publish from now on, and no other; asks first."""
    if not force:
        _require_workers(version)
    sending = Sending.of(wait, no_wait=no_wait, force=force, yes=yes)
    signed = author, reason
    send_control(control_of("activate", EVERYONE, expires_in, signed, version=version), sending)


def _require_workers(version: str) -> None:
    """Exit unless workers of a version can publish everything at once."""
    from topics.text import nearest

    releases = _releases()
    obstacle = releases.obstacle(version)
    if obstacle is None:
        return
    near = nearest(version, releases.in_use)
    advice = f"; did you mean {near}?" if near not in {None, version} else ""
    say(
        f"riskgate: {obstacle}{advice}; nothing was written; --force sends it anyway",
        err=True,
    )
    raise typer.Exit(exit_codes.MISUSE)


def _releases() -> "Releases":
    from pipeline.cli.reading import open_reader
    from pipeline.outputs.accounts import read_rows
    from pipeline.outputs.releases import read_releases

    reader = open_reader()
    return read_releases(reader, read_rows(reader), now_ms=time.time_ns() // 1_000_000)
