"""`riskgate topics`: create, check and describe the topics."""

from typing import Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.terminal import say

app = typer.Typer(help="Create, check and describe the topics.", no_args_is_help=True)


@app.command()
def create() -> None:
    """Create missing topics; existing ones are not changed."""
    from pipeline.streams.admin.topic_admin import create_missing
    from pipeline.streams.settings import Settings

    created = create_missing(Settings.from_environment())
    for name in created:
        say(f"Created {name}.")
    if not created:
        say("No topic was missing.")


@app.command()
def check() -> None:
    """Compare the topics with what riskgate needs; exit with 1 if any differs."""
    from pipeline.streams.admin.topic_admin import differences
    from pipeline.streams.settings import Settings

    found = differences(Settings.from_environment())
    for sentence in found:
        say(sentence)
    if found:
        raise typer.Exit(exit_codes.DIFFERENT)
    say("All topics are as riskgate needs them.")


@app.command()
def schema(
    topic: Annotated[
        str | None, typer.Argument(help="Topic without its prefix; by default all topics.")
    ] = None,
    asyncapi: Annotated[
        bool, typer.Option("--asyncapi", help="Print one AsyncAPI 3 document of all topics.")
    ] = False,
) -> None:
    """Print the JSON Schema of one topic or of all, or an AsyncAPI document."""
    from pipeline.cli.schemas import schema_text

    say(schema_text(topic, as_asyncapi=asyncapi))


@app.command()
def acls(
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy",
            help="Only what the owner of signals.NAME or fills.NAME needs.",
            metavar="NAME",
        ),
    ] = None,
    quotas: Annotated[
        bool,
        typer.Option("--quotas", help="Quotas of who writes inputs, as options of kafka-configs."),
    ] = False,
) -> None:
    """Print the ACLs that each role needs, as options of kafka-acls."""
    from pipeline.streams.admin.acls import acl_lines
    from pipeline.streams.admin.quotas import quota_lines
    from pipeline.streams.settings import Settings

    settings = Settings.from_environment()
    lines = acl_lines(settings, owner=strategy)  # Also says whether there is such an owner.
    for line in quota_lines(settings, owner=strategy) if quotas else lines:
        say(line)
