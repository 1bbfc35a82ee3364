"""`riskgate demo`: the whole system on one machine."""

from typing import Annotated

import typer


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep everything running until Ctrl-C or SIGTERM.")
    ] = False,
) -> None:
    """Run the whole system on this machine with real market data."""
    from pipeline.demo.show import run_demo

    raise typer.Exit(run_demo(keep=keep))
