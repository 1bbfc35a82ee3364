"""`riskgate archive`: write closed days of the log and of what was decided into files."""

import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.terminal import say


def archive(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder; it is made if needed.")],
    sign_with: Annotated[
        Path | None,
        typer.Option(metavar="KEY.pem", help="Sign each manifest with this Ed25519 key."),
    ] = None,
) -> None:
    """Write each closed day that DIR lacks: compressed JSON lines and a manifest of SHA-256.

    Run it daily. riskgate verify DIR proves the files whole, riskgate replay DIR decides them
    again.
    """
    from pipeline.archive.days import write_days
    from pipeline.archive.manifest import MANIFEST, days_of, digest_of
    from pipeline.streams.settings import Settings

    signing = None
    if sign_with is not None:
        from pipeline.archive.signing import private_key, sign

        signing = partial(sign, key=private_key(sign_with))
    now_ms = time.time_ns() // 1_000_000
    for day in write_days(Settings.from_environment(), folder, now_ms=now_ms, sign=signing):
        say(f"{day} is written: SHA-256 of its manifest {digest_of(folder / day / MANIFEST)}")
    days = days_of(folder)
    say(f"{folder} holds {days[0]} to {days[-1]}." if days else "No day is closed yet.")
