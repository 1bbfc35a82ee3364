"""`riskgate limits`: check, compare and show limits documents.

Arguments and messages only: limits_publish publishes documents, limits_judged decides whether one
may be published, limits_yaml formats it, and what a limit means is in pipeline/risk.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.sending import EVERYONE
from pipeline.cli.terminal import say, say_table

if TYPE_CHECKING:
    from pipeline.outputs.limits_change import Change
    from pipeline.streams.admin.limits_log import Published

app = typer.Typer(help="Check, compare, publish and show limits.", no_args_is_help=True)

File = Annotated[
    Path | None,
    typer.Argument(help="YAML: each rule with its parameters.", show_default=False),
]
Profile = Annotated[
    str | None, typer.Option(help="Built-in limits instead of FILE: standard or conservative.")
]
Account = Annotated[str, typer.Option(help="The account the limits are for; * for every account.")]


@app.command()
def check(file: File = None, profile: Profile = None, account: Account = EVERYONE) -> None:
    """Validate a limits file; exit with 1 when riskgate would refuse it.

    Needs Kafka only with --account, whose limits are added to those of every account.
    """
    from pipeline.cli.limits_judged import accepted_rules

    file = source_of(file, profile)
    accepted_rules(file, account, None if account == EVERYONE else published_now())
    say(f"{file} is valid.")


@app.command()
def diff(file: File = None, profile: Profile = None, account: Account = EVERYONE) -> None:
    """Show which limits in force a file would change; exit with 1 when it would change any."""
    from pipeline.cli.limits_judged import remark_on_accounts
    from pipeline.outputs.limits_change import differences

    change = change_of(source_of(file, profile), account)
    lines = differences(change, account)
    for line in lines:
        say(line)
    remark_on_accounts(change)
    if lines:
        raise typer.Exit(exit_codes.DIFFERENT)
    say("Nothing would change.")


@app.command()
def show(
    account: Annotated[
        str | None, typer.Argument(help="Account or *; by default all.", show_default=False)
    ] = None,
    profile: Profile = None,
    document: Annotated[
        bool, typer.Option("--document", help="Only its own document, as a file to edit.")
    ] = False,
) -> None:
    """Show every parameter in force for ACCOUNT and where it comes from.

    Without ACCOUNT, shows every document as YAML; with --profile, a built-in one. Exits with 1 for
    an account that has never had an event.
    """
    if profile is not None:
        if account is not None:
            raise typer.BadParameter("name either ACCOUNT or --profile")
        say(source_of(None, profile).read_text("utf-8").rstrip("\n"))
    elif account is None or document:
        _show_documents(account)
    else:
        _show_in_force(account)


def _show_documents(account: str | None) -> None:
    from pipeline.outputs.limits_yaml import as_yaml

    documents = published_now().in_force
    wanted = [documents[name] for name in sorted(documents) if account in {None, name}]
    for document in wanted:
        say(as_yaml(document))
    if not wanted:
        say(f"There is no document for {account or 'any account'}.", err=True)


def _show_in_force(account: str) -> None:
    from pipeline.outputs.limit_words import in_force_rows, labels, passing
    from pipeline.risk.limits.listing import listing

    log = published_now()
    warning = None if account == EVERYONE else _warning(account, log)
    own = "{}" if account == EVERYONE else log.rules_of(account)
    found = listing(log.rules_of(EVERYONE), own)
    rows = in_force_rows(found, labels(log, account), passing(log, account))
    say_table(("parameter", "value", "from"), rows)
    for name in dict.fromkeys((EVERYONE, account)):
        _show_proposal(log, name)
    if warning is not None:
        say(warning, err=True)
        raise typer.Exit(exit_codes.DIFFERENT)


def _show_proposal(log: "Published", account: str) -> None:
    proposed = log.of(account).proposed
    if proposed is None:
        return
    named = "'*'" if account == EVERYONE else account
    say(
        f"Version {proposed.version} for {account} is proposed by {proposed.author} and waits for "
        f"another author: riskgate limits approve {named} --author … --reason …",
        err=True,
    )


def _warning(account: str, log: "Published") -> str | None:
    """Return a warning about an account without events.

    Print a remark, which is not an error, when its last decision used older limits.
    """
    from pipeline.streams.admin.known_accounts import newest_row
    from pipeline.streams.settings import Settings

    row = newest_row(Settings.from_environment(), account)
    if row is None:
        return f"riskgate: account {account} has never had an event; these limits would apply to it"
    newest = ".".join(str(log.of(name).version) for name in (EVERYONE, account))
    if row.limits_version != newest:
        say(
            f"remark: the last decision for {account} used version {row.limits_version}; {newest} "
            "applies from its next event",
            err=True,
        )
    return None


def change_of(path: Path, account: str) -> "Change":
    """Return the change that a file makes; print every fault and exit when it has any."""
    from pipeline.cli.limits_judged import accepted_rules
    from pipeline.outputs.limits_change import Change

    if account == EVERYONE:  # Validate before asking Kafka: nothing lies below this document.
        return Change(account, accepted_rules(path, account, None), published_now())
    log = published_now()
    return Change(account, accepted_rules(path, account, log), log)


def published_now() -> "Published":
    """Read the documents that will be in force at each account's next event."""
    from pipeline.streams.admin.limits_log import published
    from pipeline.streams.settings import Settings

    return published(Settings.from_environment())


def source_of(file: Path | None, profile: str | None) -> Path:
    """Return the path of FILE or of a profile. Raise BadParameter unless exactly one is given."""
    from pipeline.profiles import profile_path

    if (file is None) == (profile is None):
        raise typer.BadParameter("name either FILE or --profile")
    return profile_path(profile) if file is None and profile is not None else Path(str(file))
