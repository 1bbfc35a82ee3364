"""Checks of a limits document before it is published: is it valid, looser, or somebody else's?

Apart from `limits` because these checks read two documents and print, but never publish.
"""

from collections.abc import Iterator
from pathlib import Path

import typer

from pipeline.cli import exit_codes
from pipeline.cli.terminal import say
from pipeline.outputs.limit_words import value_text
from pipeline.outputs.limits_change import Change, left_alone
from pipeline.risk.account.documents import Rules, merge
from pipeline.risk.limits.document import NAMES, Fault, LimitsError, validate
from pipeline.risk.limits.listing import listing
from pipeline.risk.limits.looser import looser
from pipeline.risk.limits.remarks import remarks
from pipeline.streams.admin.limits_file import LimitsFile, load_limits
from pipeline.streams.admin.limits_log import Published
from pipeline.streams.admin.yaml_file import YamlFileError
from topics.codec import decode_plain
from topics.fields import EVERYONE

__all__ = [
    "accepted_rules", "changed", "refuse_looser", "refuse_over_others",
    "remark_on_accounts",
]  # fmt: skip

LINES_MAX = 20


def accepted_rules(path: Path, account: str, log: Published | None) -> Rules:
    """Return a file's rules and print remarks; print every fault and exit when it has any.

    log: the documents below it; None for the document of `*`, which has none below.
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
        _print_faults(path, file, error.faults)
        raise typer.Exit(exit_codes.DIFFERENT) from None
    _remark(file.rules, below)
    return file.rules


def changed(account: str, rules: Rules, log: Published, duration_ms: int | None) -> Change:
    """Return a change of single parameters, and print remarks.

    rules: those parameters alone. Print every fault and exit when there is any.
    """
    held = log.in_force.get(account)
    below: Rules = {} if account == EVERYONE else decode_plain(log.rules_of(EVERYONE))
    whole = rules
    if duration_ms is not None:
        below = merge(below, decode_plain(log.rules_of(account)))
    elif held is not None:
        whole = merge(held.rules, rules)
    try:
        validate(whole, below)
    except LimitsError as error:
        for fault in error.faults:
            say(f"riskgate: {str(fault).removeprefix('rules.')}", err=True)
        _print_names(error.faults)
        raise typer.Exit(exit_codes.DIFFERENT) from None
    _remark(rules, merge(below, whole))
    return Change(account, whole, log, duration_ms)


def _remark(rules: Rules, below: Rules) -> None:
    for remark in remarks(rules, below=below):
        say(f"remark: {remark}", err=True)


def _print_faults(path: Path, file: LimitsFile, faults: tuple[Fault, ...]) -> None:
    for fault in faults:
        say(f"{path}: line {file.tree.line_of(fault.place)}: {fault}", err=True)
    _print_names(faults)


def _print_names(faults: tuple[Fault, ...]) -> None:
    """Print the names that exist beside one that does not."""
    if any(fault.unknown and len(fault.place) == 1 for fault in faults):
        say(f"Rules and groups are: {', '.join(sorted(NAMES))}.", err=True)
    for name in sorted({fault.place[0] for fault in faults if fault.unknown and fault.place[1:]}):
        say(f"Parameters of {name}: {', '.join(NAMES[name].__struct_fields__)}.", err=True)


def remark_on_accounts(change: Change) -> None:
    """Print the accounts whose own document needs a parameter that the new `*` document drops."""
    for remark in left_alone(change):
        say(f"remark: {remark}", err=True)


def refuse_over_others(change: Change, author: str) -> None:
    """Exit when the document in force was written by somebody else."""
    held = change.log.in_force.get(change.account)
    if held is None or held.author == author:
        return
    say(
        f"Version {held.version} for {change.account} was written by {held.author} "
        f"({held.reason}), not by {author}, so nothing was published; show it with: "
        f"riskgate limits show '{change.account}' --document",
        err=True,
    )
    raise typer.Exit(exit_codes.DIFFERENT)


def refuse_looser(change: Change) -> None:
    """Exit when the document loosens a limit in force for any account."""
    found = list(dict.fromkeys(_looser_lines(change)))
    for line in found[:LINES_MAX]:
        say(line, err=True)
    if len(found) > LINES_MAX:
        say(f"and {len(found) - LINES_MAX} more", err=True)
    if found:
        say("This is looser than the limits in force, so nothing was published.", err=True)
        raise typer.Exit(exit_codes.DIFFERENT)


def _looser_lines(change: Change) -> Iterator[str]:
    for account in change.concerned():
        before, after = change.before(account), change.after(account)
        old, new = listing(*before), listing(*after)
        for rule, parameter in looser(before, after):
            if parameter is None:
                yield f"{account}: {rule} would no longer apply: {new.idle[rule]}"
                continue
            place = (rule, parameter)
            was, now = (value_text(*place, each.parameters[place].value) for each in (old, new))
            yield f"{account}: {rule}.{parameter} {was} -> {now}"
