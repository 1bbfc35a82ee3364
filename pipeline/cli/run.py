"""`riskgate run`: the named roles, or all three."""

from typing import Annotated

import typer

from pipeline.streams.roles import RoleName


def run(
    roles: Annotated[
        list[RoleName] | None, typer.Argument(help="All three without a name.", show_default=False)
    ] = None,
) -> None:
    """Run roles, each its own process; one that ends, ends all."""
    from pipeline.streams.leaving import leave_when_told

    leave_when_told()
    from pipeline.streams.run import run_roles

    raise typer.Exit(run_roles(roles or list(RoleName)))
