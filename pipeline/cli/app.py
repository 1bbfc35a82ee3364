"""All commands in one application; what a user can fix is reported in a sentence, not a traceback.

The only place that turns a StartupError into an exit code.
"""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from pipeline.cli import (
    accounts,
    acknowledge,
    activate,
    alerts,
    archive,
    audit,
    budgets,
    console,
    controls,
    dead_letters,
    decisions,
    demo,
    door,
    engine_check,
    explain,
    feed,
    health,
    import_csv,
    limits,
    limits_history,
    limits_publish,
    paper,
    rebuild,
    record,
    repartition,
    replay,
    report,
    resume,
    run,
    shadow,
    stops,
    sweep,
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
limits.app.command()(limits_publish.apply)
limits.app.command("set")(limits_publish.set_limits)
limits.app.command()(limits_publish.end)
limits.app.command()(limits_publish.propose)
limits.app.command()(limits_publish.approve)
limits.app.command()(limits_history.history)
app.add_typer(limits.app, name="limits")
app.add_typer(budgets.app, name="budgets")
app.command()(controls.halt)
app.command()(controls.reduce)
app.command()(acknowledge.acknowledge)
app.command()(resume.resume)
app.command()(controls.flatten)
app.command()(activate.activate)
app.command()(shadow.shadow)
app.command()(accounts.accounts)
app.command()(stops.stops)
app.command()(alerts.alerts)
app.command()(decisions.decisions)
app.command("dead-letters")(dead_letters.dead_letters)
app.command()(health.health)
app.command()(console.console)
app.command()(door.door)
app.command()(audit.audit)
app.command()(explain.explain)
app.command()(replay.replay)
app.command()(record.record)
app.command()(sweep.sweep)
app.command("import-csv")(import_csv.import_csv)
app.command()(archive.archive)
app.command()(verify.verify)
app.command()(rebuild.rebuild)
app.command()(repartition.repartition)
app.command()(report.report)
app.command("engine-check")(engine_check.engine_check)
app.command()(paper.paper)
app.command()(feed.feed)
app.command()(demo.demo)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        from pipeline.risk.structs import COMPILED

        core = "compiled" if COMPILED else "pure"
        say(f"riskgate {version('riskgate-kafka')}, {core} core")
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
