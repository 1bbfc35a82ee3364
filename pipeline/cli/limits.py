"""`riskgate limits`: check, compare, publish and show limits documents.

Arguments and messages only: limits_judged decides whether a document may be published, limits_text
formats it, and what a limit means is in pipeline/risk.
"""

import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.sending import EVERYONE, WAIT, NoWait, Wait, wait_seconds
from pipeline.cli.terminal import say, say_table

if TYPE_CHECKING:
    from pipeline.cli.limits_judged import Change
    from pipeline.streams.admin.limits_file import Rules
    from pipeline.streams.admin.limits_log import Published
    from topics.limits import LimitsDocument

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

    file = _source(file, profile)
    accepted_rules(file, account, None if account == EVERYONE else _published())
    say(f"{file} is valid.")


@app.command()
def diff(file: File = None, profile: Profile = None, account: Account = EVERYONE) -> None:
    """Show which limits in force a file would change; exit with 1 when it would change any."""
    from pipeline.cli.limits_judged import remark_on_accounts
    from pipeline.cli.limits_text import changes
    from pipeline.outputs.limit_words import labels
    from pipeline.risk.limits.listing import listing

    change = _change(_source(file, profile), account)
    before, after = (listing(*each(account)) for each in (change.before, change.after))
    lines = list(changes(before, after, labels(change.log, account)))
    for line in lines:
        say(line)
    remark_on_accounts(change)
    if lines:
        raise typer.Exit(exit_codes.DIFFERENT)
    say("Nothing would change.")


@app.command()
def apply(
    author: Annotated[str, typer.Option(help="Who is responsible for the change.")],
    reason: Annotated[str, typer.Option(help="Why the limits change.")],
    file: File = None,
    profile: Profile = None,
    account: Account = EVERYONE,
    only_if_changed: Annotated[
        bool,
        typer.Option("--only-if-changed", help="Publish nothing if these limits are in force."),
    ] = False,
    only_over: Annotated[
        str | None,
        typer.Option(help="Replace only a document of this author, or none."),
    ] = None,
    never_looser: Annotated[
        bool,
        typer.Option("--never-looser", help="Refuse a document that loosens any account's limits."),
    ] = False,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
) -> None:
    """Publish a file as the next version; what it leaves out falls back to the level below.

    Exits with 1 when risk refuses it or does not confirm it.
    """
    from pipeline.cli.limits_judged import refuse_looser, refuse_over_others, remark_on_accounts
    from pipeline.cli.limits_text import is_same

    change = _change(_source(file, profile), account)
    held = change.log.in_force.get(account)
    if only_if_changed and held is not None and is_same(held.rules, change.rules):
        say(f"Version {held.version} for {account} is the same; nothing was published.")
        return
    if only_over is not None:
        refuse_over_others(change, only_over)
    if never_looser:
        refuse_looser(change)
    remark_on_accounts(change)
    _warn_of_allowances(held.rules if held else {}, change.rules)
    _publish(_document(change, author, reason), seconds=wait_seconds(wait, no_wait=no_wait))


def _document(change: "Change", author: str, reason: str) -> "LimitsDocument":
    """Make the next version. Raise MessageError when ingest would refuse it."""
    from pipeline.cli.messages import checked
    from topics.limits import TOPIC, LimitsDocument

    account = change.account
    document = LimitsDocument(
        account_id=account,
        version=change.log.highest.get(account, 0) + 1,
        author=author,
        reason=reason,
        rules=change.rules,
    )
    checked(TOPIC, document)
    return document


def _publish(document: "LimitsDocument", *, seconds: float) -> None:
    """Write a document and wait for the gate's answer."""
    from pipeline.cli.sending import answer_of, conclude, open_watch
    from pipeline.outputs.confirmation import limits_judge
    from pipeline.outputs.reader import OutputReader
    from pipeline.streams.admin.limits_log import first_instead_of, write_document
    from pipeline.streams.settings import Settings

    settings, answer = Settings.from_environment(), None
    with ExitStack() as stack:
        reader = OutputReader(settings)
        watch = open_watch(reader, document.account_id, stack) if seconds else None
        address = write_document(settings, document)
        written_s = time.monotonic()
        _require_first(document, first_instead_of(settings, document, address))
        if watch is not None:
            answer = answer_of(watch, partial(limits_judge, document), seconds)
    name = f"Version {document.version} for {document.account_id}"
    conclude(name, address, answer=answer, waited=seconds, since_s=written_s)


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
        say(_source(None, profile).read_text("utf-8").rstrip("\n"))
    elif account is None or document:
        _show_documents(account)
    else:
        _show_in_force(account)


def _show_documents(account: str | None) -> None:
    from pipeline.cli.limits_text import as_yaml

    documents = _published().in_force
    wanted = [documents[name] for name in sorted(documents) if account in {None, name}]
    for document in wanted:
        say(as_yaml(document))
    if not wanted:
        say(f"There is no document for {account or 'any account'}.", err=True)


def _show_in_force(account: str) -> None:
    from pipeline.outputs.limit_words import in_force_rows, labels
    from pipeline.risk.limits.listing import listing

    log = _published()
    warning = None if account == EVERYONE else _warning(account, log)
    own = "{}" if account == EVERYONE else log.rules_of(account)
    rows = in_force_rows(listing(log.rules_of(EVERYONE), own), labels(log, account))
    say_table(("parameter", "value", "from"), rows)
    if warning is not None:
        say(warning, err=True)
        raise typer.Exit(exit_codes.DIFFERENT)


def _warning(account: str, log: "Published") -> str | None:
    """Return a warning about an account without events.

    Print a remark, which is not an error, when its last decision used older limits.
    """
    from pipeline.outputs.limit_words import documents_of
    from pipeline.streams.admin.known_accounts import newest_row
    from pipeline.streams.settings import Settings

    row = newest_row(Settings.from_environment(), account)
    if row is None:
        return f"riskgate: account {account} has never had an event; these limits would apply to it"
    versions = [document.version if document else 0 for document in documents_of(log, account)]
    newest = ".".join(str(version) for version in versions)
    if row.limits_version != newest:
        say(
            f"remark: the last decision for {account} used version {row.limits_version}; {newest} "
            "applies from its next event",
            err=True,
        )
    return None


def _change(path: Path, account: str) -> "Change":
    from pipeline.cli.limits_judged import Change, accepted_rules

    if account == EVERYONE:  # Validate before asking Kafka: nothing lies below this document.
        return Change(account, accepted_rules(path, account, None), _published())
    log = _published()
    return Change(account, accepted_rules(path, account, log), log)


def _published() -> "Published":
    from pipeline.streams.admin.limits_log import published
    from pipeline.streams.settings import Settings

    return published(Settings.from_environment())


def _require_first(document: "LimitsDocument", other: "LimitsDocument | None") -> None:
    """Exit when somebody else published the same version first: this one is not in force."""
    if other is None:
        return
    say(
        f"Version {document.version} for {document.account_id} came too late: {other.author} had "
        f"published version {other.version} ({other.reason}), which is in force; compare with it "
        "by riskgate limits diff, then apply again",
        err=True,
    )
    raise typer.Exit(exit_codes.DIFFERENT)


def _source(file: Path | None, profile: str | None) -> Path:
    """Return the path of FILE or of a profile. Raise BadParameter unless exactly one is given."""
    from pipeline.profiles import profile_path

    if (file is None) == (profile is None):
        raise typer.BadParameter("name either FILE or --profile")
    return profile_path(profile) if file is None and profile is not None else Path(str(file))


def _warn_of_allowances(old: "Rules", new: "Rules") -> None:
    """Warn when a document removes an amount that `riskgate budgets` may have put there."""
    for rule, parameter in (
        ("gross_exposure", "gross_exposure_max"),
        ("daily_loss", "daily_loss_max"),
    ):
        if parameter in old.get(rule, {}) and parameter not in new.get(rule, {}):
            say(f"rules.{rule}.{parameter} is removed; a budget may rely on it", err=True)
