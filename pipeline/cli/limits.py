"""`riskgate limits`: check, compare, publish and show limits documents."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import exit_codes

if TYPE_CHECKING:
    from pipeline.streams.limits_file import Rules
    from topics.limits import LimitsDocument

EVERYONE = "*"

app = typer.Typer(help="Check, compare, publish and show limits.", no_args_is_help=True)

File = Annotated[
    Path | None,
    typer.Argument(help="YAML: each rule with its parameters.", show_default=False),
]
Profile = Annotated[
    str | None, typer.Option(help="Limits that ship, in the place of FILE: standard, conservative.")
]
Account = Annotated[str, typer.Option(help="Account that they are for; * is every account.")]


@app.command()
def check(file: File = None, profile: Profile = None) -> None:
    """Validate a limits file; exit with 1 when riskgate would refuse it."""
    file = _source(file, profile)
    _accepted_rules(file)
    typer.echo(f"{file} is good.")


@app.command()
def diff(file: File = None, profile: Profile = None, account: Account = EVERYONE) -> None:
    """Show what a file would change; exit with 1 when it would change anything."""
    from pipeline.cli.limits_text import changes

    rules = _accepted_rules(_source(file, profile))
    lines = changes(_rules_of(_newest(account)), rules)
    for line in lines:
        typer.echo(line)
    if lines:
        raise typer.Exit(exit_codes.DIFFERENT)
    typer.echo("Nothing would change.")


@app.command()
def apply(
    author: Annotated[str, typer.Option(help="Who answers for it.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    file: File = None,
    profile: Profile = None,
    account: Account = EVERYONE,
    only_if_changed: Annotated[
        bool, typer.Option("--only-if-changed", help="Leave what is already so as it is.")
    ] = False,
) -> None:
    """Publish a file as the next version, whole: what it leaves out returns to its default."""
    from pipeline.cli.limits_text import changes
    from pipeline.cli.messages import checked
    from pipeline.streams.limits_log import first_instead_of, write_document
    from pipeline.streams.settings import Settings
    from topics.limits import TOPIC, LimitsDocument

    rules = _accepted_rules(_source(file, profile))
    newest = _newest(account)
    if only_if_changed and newest and not changes(newest.rules, rules):
        typer.echo(f"Version {newest.version} for {account} says the same; nothing was published.")
        return
    document = LimitsDocument(
        account_id=account,
        version=newest.version + 1 if newest else 1,
        author=author,
        reason=reason,
        rules=rules,
    )
    checked(TOPIC, document)
    _warn_of_allowances(_rules_of(newest), rules)
    settings = Settings.from_environment()
    address = write_document(settings, document)
    _require_first(document, first_instead_of(settings, document, address))
    typer.echo(
        f"Version {document.version} for {account} is offset {address.offset} "
        f"of partition {address.partition} of {address.topic}."
    )


@app.command()
def show(
    account: Annotated[
        str | None, typer.Argument(help="Account or *; all without a name.", show_default=False)
    ] = None,
    profile: Profile = None,
) -> None:
    """Show the newest documents as YAML, or a profile, ready to be changed and applied."""
    if profile is not None:
        if account is not None:
            raise typer.BadParameter("name either ACCOUNT or --profile")
        typer.echo(_source(None, profile).read_text("utf-8"), nl=False)
        return
    _show_documents(account)


def _show_documents(account: str | None) -> None:
    from pipeline.cli.limits_text import as_yaml
    from pipeline.streams.limits_log import newest_documents
    from pipeline.streams.settings import Settings

    documents = newest_documents(Settings.from_environment())
    wanted = [documents[name] for name in sorted(documents) if account in {None, name}]
    for document in wanted:
        typer.echo(as_yaml(document))
    if not wanted:
        typer.echo(f"No limits for {account or 'anyone'}; the built-in defaults hold.", err=True)


def _require_first(document: "LimitsDocument", other: "LimitsDocument | None") -> None:
    """Tell the second of two who publish the same version that it is not in force."""
    if other is None:
        return
    typer.echo(
        f"Version {document.version} for {document.account_id} came too late: {other.author} had "
        f"published version {other.version} ({other.reason}), which holds; see what it says with: "
        "riskgate limits diff, and apply again",
        err=True,
    )
    raise typer.Exit(exit_codes.DIFFERENT)


def _source(file: Path | None, profile: str | None) -> Path:
    """Return the file to read: the one that is named, or a profile's."""
    from pipeline.profiles import profile_path

    if (file is None) == (profile is None):
        raise typer.BadParameter("name either FILE or --profile")
    return profile_path(profile) if file is None and profile is not None else Path(str(file))


def _newest(account: str) -> "LimitsDocument | None":
    from pipeline.streams.limits_log import newest_documents
    from pipeline.streams.settings import Settings

    return newest_documents(Settings.from_environment()).get(account)


def _rules_of(document: "LimitsDocument | None") -> "Rules":
    return document.rules if document else {}


def _warn_of_allowances(old: "Rules", new: "Rules") -> None:
    """Say when a document takes away a limit in money that a budget may rest on."""
    for rule, parameter in (
        ("gross_exposure", "gross_exposure_max"),
        ("daily_loss", "daily_loss_max"),
    ):
        if parameter in old.get(rule, {}) and parameter not in new.get(rule, {}):
            typer.echo(f"rules.{rule}.{parameter} is taken away; a budget may rest on it", err=True)


def _accepted_rules(file: Path) -> "Rules":
    """Return the file's rules and remark on them, or say what is wrong with them and exit."""
    from pipeline.risk.limits.document import LimitsError, validate
    from pipeline.risk.limits.remarks import remarks
    from pipeline.streams.limits_file import load_rules
    from pipeline.streams.settings import Settings

    rules = load_rules(file)
    try:
        validate(rules)
    except LimitsError as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(exit_codes.DIFFERENT) from None
    for remark in remarks(rules, atr_periods=Settings.from_environment().atr_periods):
        typer.echo(f"remark: {remark}", err=True)
    return rules
