"""Judgements on a limits document before it is published: may it be, and is it what is meant?"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import typer

from pipeline.cli import exit_codes
from pipeline.cli.limits_text import value_text
from pipeline.cli.terminal import say
from pipeline.risk.limits.document import NAMES, Fault, LimitsError, Rules, canonical, validate
from pipeline.risk.limits.listing import listing
from pipeline.risk.limits.looser import looser
from pipeline.risk.limits.remarks import remarks
from pipeline.streams.limits_file import LimitsFile, load_limits
from pipeline.streams.limits_log import Published
from pipeline.streams.settings import Settings
from pipeline.streams.yaml_file import YamlFileError
from topics.codec import decode_plain
from topics.fields import EVERYONE

__all__ = ["Change", "accepted_rules", "refuse_looser", "refuse_over_others", "remark_on_accounts"]

LINES_MAX = 20


class Change(NamedTuple):
    """A document that would take the place of another one."""

    account: str
    rules: Rules
    log: Published

    def before(self, account: str) -> tuple[str, str]:
        """Return what is in force for an account: the documents of `*` and its own."""
        own = "{}" if account == EVERYONE else self.log.rules_of(account)
        return self.log.rules_of(EVERYONE), own

    def after(self, account: str) -> tuple[str, str]:
        """Return what would be."""
        everyone, own = self.before(account)
        rules = canonical(self.rules)
        return (rules, own) if self.account == EVERYONE else (everyone, rules)

    def concerned(self) -> Iterator[str]:
        """Name the accounts that it may change something for; `*` is all without a document."""
        yield self.account
        if self.account == EVERYONE:
            yield from sorted(name for name in self.log.in_force if name != EVERYONE)


def accepted_rules(path: Path, account: str, log: Published | None) -> Rules:
    """Return a file's rules and remark on them, or say all that is wrong with them and exit.

    log: what they stand on; None: nothing, as the document of `*`.
    """
    below: Rules = {}
    if log is not None and account != EVERYONE:
        below = decode_plain(log.rules_of(EVERYONE))
    try:
        file = load_limits(path)
        validate(file.rules, below)
    except YamlFileError as error:
        say(f"riskgate: {error}", err=True)
        raise typer.Exit(exit_codes.DIFFERENT) from None
    except LimitsError as error:
        _say_faults(path, file, error.faults)
        raise typer.Exit(exit_codes.DIFFERENT) from None
    periods = Settings.from_environment().atr_periods
    for remark in remarks(file.rules, below=below, atr_periods=periods):
        say(f"remark: {remark}", err=True)
    return file.rules


def _say_faults(path: Path, file: LimitsFile, faults: tuple[Fault, ...]) -> None:
    for fault in faults:
        say(f"{path}: line {file.tree.line_of(fault.place)}: {fault}", err=True)
    if any(fault.unknown and len(fault.place) == 1 for fault in faults):
        say(f"The rules and groups are {', '.join(sorted(NAMES))}.", err=True)
    for name in sorted({fault.place[0] for fault in faults if fault.unknown and fault.place[1:]}):
        say(f"{name} has {', '.join(NAMES[name].__struct_fields__)}.", err=True)


def remark_on_accounts(change: Change) -> None:
    """Name the accounts whose own document relies on what a document of `*` takes away."""
    for account in change.concerned():
        old, new = (listing(*each(account)).halves for each in (change.before, change.after))
        for rule in new:
            if account != change.account and rule not in old:
                say(
                    f"remark: {account} relies on {EVERYONE}: its {rule} {new[rule]}, "
                    "or every entry is refused",
                    err=True,
                )


def refuse_over_others(change: Change, author: str) -> None:
    """Exit unless what is in force was written by this author, or nothing is."""
    held = change.log.in_force.get(change.account)
    if held is None or held.author == author:
        return
    say(
        f"Version {held.version} for {change.account} was written by {held.author} "
        f"({held.reason}), not by {author}, so nothing was published; see what it says with: "
        f"riskgate limits show '{change.account}' --document",
        err=True,
    )
    raise typer.Exit(exit_codes.DIFFERENT)


def refuse_looser(change: Change) -> None:
    """Exit when the document lets more through than what is in force, for any account."""
    found = list(dict.fromkeys(_looser_lines(change)))
    for line in found[:LINES_MAX]:
        say(line, err=True)
    if len(found) > LINES_MAX:
        say(f"and {len(found) - LINES_MAX} more", err=True)
    if found:
        say("This is looser than what is in force, so nothing was published.", err=True)
        raise typer.Exit(exit_codes.DIFFERENT)


def _looser_lines(change: Change) -> Iterator[str]:
    for account in change.concerned():
        before, after = change.before(account), change.after(account)
        old, new = listing(*before), listing(*after)
        for rule, parameter in looser(before, after):
            if parameter is None:
                yield f"{account}: {rule} would no longer judge, {new.idle[rule]}"
                continue
            place = (rule, parameter)
            was, now = (value_text(*place, each.parameters[place].value) for each in (old, new))
            yield f"{account}: {rule}.{parameter} {was} -> {now}"
