"""All commands in one application; what a user can fix is reported in a sentence, not a traceback.

The only place that turns a StartupError into an exit code.
"""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from pipeline.cli import (
    accounts,
    alerts,
    audit,
    budgets,
    console,
    controls,
    dead_letters,
    decisions,
    demo,
    engine_check,
    explain,
    health,
    limits,
    limits_history,
    rebuild,
    replay,
    report,
    resume,
    run,
    stops,
    topics,
    verify,
)
from pipeline.cli.terminal import say
from pipeline.errors import StartupError

app = typer.Typer(
    help="A trading risk gate on Kafka: may this account take this risk now?",
    epilog="Exit codes: 0 success, 1 a check found a difference or a role failed, 2 wrong usage "
    "or a start-up problem.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Importing rich would triple the time of --help.
    rich_markup_mode=None,
)

app.command()(run.run)
app.add_typer(topics.app, name="topics")
limits.app.command()(limits_history.history)
app.add_typer(limits.app, name="limits")
app.add_typer(budgets.app, name="budgets")
app.command()(controls.halt)
app.command()(controls.reduce)
app.command()(resume.resume)
app.command()(controls.flatten)
app.command()(accounts.accounts)
app.command()(stops.stops)
app.command()(alerts.alerts)
app.command()(decisions.decisions)
app.command("dead-letters")(dead_letters.dead_letters)
app.command()(health.health)
app.command()(console.console)
app.command()(audit.audit)
app.command()(explain.explain)
app.command()(replay.replay)
app.command()(verify.verify)
app.command()(rebuild.rebuild)
app.command()(report.report)
app.command("engine-check")(engine_check.engine_check)
app.command()(demo.demo)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        say(f"riskgate {version('riskgate-kafka')}")
        raise typer.Exit


@app.callback()
def _global_options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line and exit with one of the codes in exit_codes."""
    try:
        app(prog_name="riskgate")
    except StartupError as error:
        sys.stderr.write(f"riskgate: {error}\n")
        sys.exit(error.exit_code)
