"""`riskgate run`: run ingest, risk and broadcast, or only the roles that are named."""

from typing import Annotated

import typer

from pipeline.streams.role_names import RoleName


def run(
    roles: Annotated[
        list[RoleName] | None,
        typer.Argument(help="Roles to run; by default all three.", show_default=False),
    ] = None,
) -> None:
    """Run each role as a process of its own; when one exits, all exit."""
    from pipeline.streams.roles.leaving import exit_on_sigterm

    exit_on_sigterm()
    from pipeline.streams.roles.run import run_roles

    raise typer.Exit(run_roles(roles or list(RoleName)))
