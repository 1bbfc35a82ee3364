"""`riskgate limits apply | set | propose | approve`: publish limits, alone or with a second author.

What a document leads to is decided in pipeline/risk, also whether one author is enough.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.limits import (
    Account,
    File,
    Profile,
    change_of,
    published_now,
    source_of,
)
from pipeline.cli.limits_asking import confirm_change, show_change
from pipeline.cli.limits_sending import Said, document_of, publish
from pipeline.cli.sending import EVERYONE, WAIT, NoWait, Wait, wait_seconds
from pipeline.cli.terminal import say
from pipeline.cli.times import duration_ms

if TYPE_CHECKING:
    from pipeline.outputs.limits_change import Change
    from pipeline.streams.admin.limits_log import Published
    from topics.limits import LimitsDocument

__all__ = ["apply", "approve", "end", "propose", "set_limits"]

ALLOWANCES = (("gross_exposure", "gross_exposure_max"), ("daily_loss", "daily_loss_max"))

Author = Annotated[str, typer.Option(help="Who is responsible for the change.")]
Reason = Annotated[str, typer.Option(help="Why the limits change.")]
Named = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="Account; '*' (quoted) means every account.")
]
Expected = Annotated[
    int | None,
    typer.Option(min=0, help="Version that must be in force, 0 for none; else it is refused."),
]
Lasts = Annotated[
    str | None,
    typer.Option("--for", help="End it by itself this long after the gate applied it: 30m, 4h."),
]
Hours = Annotated[
    int | None,
    typer.Option(
        "--against-hours",
        min=1,
        max=720,
        help="First show what the last so many hours would have been, and ask.",
    ),
]
Proposed = Annotated[
    bool, typer.Option("--propose", help="Only propose it; another author approves it.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before it is published.")]


def apply(
    author: Author,
    reason: Reason,
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
    expect_version: Expected = None,
    against_hours: Hours = None,
    yes: Yes = False,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
) -> None:
    """Publish a file as the next version; what it leaves out falls back to the level below.

    Exits with 1 when risk refuses it or does not confirm it.
    """
    from pipeline.outputs.limits_yaml import is_same

    change = change_of(source_of(file, profile), account)
    held = change.log.in_force.get(account)
    if only_if_changed and held is not None and is_same(held.rules, change.rules):
        say(f"Version {held.version} for {account} is the same; nothing was published.")
        return
    _judge(change, only_over=only_over, never_looser=never_looser)
    if against_hours is not None:
        confirm_change(change, against_hours, yes=yes)
    document = document_of(change, Said(author, reason, expect_version))
    publish(document, seconds=wait_seconds(wait, no_wait=no_wait))


def _judge(change: "Change", *, only_over: str | None, never_looser: bool) -> None:
    """Print remarks; exit when a document is not to be published."""
    from pipeline.cli.limits_judged import refuse_looser, refuse_over_others, remark_on_accounts

    if only_over is not None:
        refuse_over_others(change, only_over)
    if never_looser:
        refuse_looser(change)
    remark_on_accounts(change)
    _warn_of_allowances(change)


def propose(
    author: Author,
    reason: Reason,
    file: File = None,
    profile: Profile = None,
    account: Account = EVERYONE,
    lasts: Lasts = None,
    against_hours: Hours = None,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
) -> None:
    """Publish a file as a proposal: it has no effect until another author approves it."""
    change = _lasting(change_of(source_of(file, profile), account), lasts)
    _warn_of_allowances(change)
    show_change(change, against_hours)
    said = Said(author, reason, change.log.of(account).version, "propose")
    publish(document_of(change, said), seconds=wait_seconds(wait, no_wait=no_wait))


def set_limits(
    account: Named,
    parameters: Annotated[
        list[str], typer.Argument(metavar="RULE.PARAMETER=VALUE...", help="Values as in a file.")
    ],
    author: Author,
    reason: Reason,
    *,
    lasts: Lasts = None,
    expect_version: Expected = None,
    as_proposal: Proposed = False,
    against_hours: Hours = None,
    yes: Yes = False,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
) -> None:
    """Change single parameters of an account, for good or for a while; shows the difference first.

    Refused when somebody else changed the limits of the account in the meantime.
    """
    from pipeline.cli.limits_judged import changed
    from pipeline.cli.limits_values import assigned

    rules, lasts_ms = assigned(parameters), None if lasts is None else duration_ms(lasts)
    log = published_now()
    change = changed(account, rules, log, lasts_ms)
    _warn_of_allowances(change)
    confirm_change(change, against_hours, yes=yes)
    version = log.of(account).version if expect_version is None else expect_version
    said = Said(author, reason, version, "propose" if as_proposal else None)
    publish(document_of(change, said), seconds=wait_seconds(wait, no_wait=no_wait))


def end(
    account: Named,
    author: Author,
    reason: Reason,
    *,
    as_proposal: Proposed = False,
    yes: Yes = False,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
) -> None:
    """End all temporary limits of an account now; shows the difference first."""
    from pipeline.outputs.limits_change import Change

    log = published_now()
    change = Change(account, {}, log, duration_ms=1)
    confirm_change(change, None, yes=yes)
    said = Said(author, reason, log.of(account).version, "propose" if as_proposal else None)
    publish(document_of(change, said), seconds=wait_seconds(wait, no_wait=no_wait))


def approve(
    account: Named,
    author: Author,
    reason: Reason,
    *,
    against_hours: Hours = None,
    yes: Yes = False,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
) -> None:
    """Approve what another author proposed for an account; shows the difference first."""
    from pipeline.outputs.limits_change import Change

    log = published_now()
    proposal = _proposed(log, account)
    say(
        f"Version {proposal.version} for {account}, proposed by {proposal.author}: "
        f"{proposal.reason}"
    )
    change = Change(account, proposal.rules, log, proposal.duration_ms)
    confirm_change(change, against_hours, yes=yes)
    said = Said(author, reason, log.of(account).version, "approve")
    document = document_of(change, said, version=proposal.version)
    publish(document, seconds=wait_seconds(wait, no_wait=no_wait))


def _proposed(log: "Published", account: str) -> "LimitsDocument":
    """Return the proposal that waits. Exit with 1 when there is none."""
    proposed = log.of(account).proposed
    if proposed is None:
        say(f"riskgate: nothing is proposed for {account}", err=True)
        raise typer.Exit(exit_codes.DIFFERENT)
    return log.passing[account, proposed.version]


def _lasting(change: "Change", lasts: str | None) -> "Change":
    return change if lasts is None else change._replace(duration_ms=duration_ms(lasts))


def _warn_of_allowances(change: "Change") -> None:
    """Warn when a document removes or covers an amount that `riskgate budgets` may have set."""
    held = change.log.in_force.get(change.account)
    old = {} if held is None else held.rules
    for rule, parameter in ALLOWANCES:
        is_named = parameter in change.rules.get(rule, {})
        if change.duration_ms is not None:
            if is_named:
                say(f"remark: budgets do not see a temporary {rule}.{parameter}", err=True)
        elif parameter in old.get(rule, {}) and not is_named:
            say(f"rules.{rule}.{parameter} is removed; a budget may rely on it", err=True)
