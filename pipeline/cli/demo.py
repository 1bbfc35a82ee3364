"""`riskgate demo`: the whole system on one machine."""

from typing import Annotated

import typer


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the data there afterwards.")] = False,
) -> None:
    """Run the whole system here, with real market data."""
    from pipeline.demo.show import run_demo

    run_demo(keep=keep)
