"""A limits document that somebody wrote in the console: is it valid, and what would it change?

Pure apart from what it is given: the documents in force.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pipeline.outputs.durations import milliseconds
from pipeline.outputs.limits_change import Change, differences, left_alone
from pipeline.risk.account.documents import Rules, merge
from pipeline.risk.limits.document import LimitsError, validate
from pipeline.risk.limits.remarks import remarks
from pipeline.streams.admin.limits_log import Published
from pipeline.streams.admin.yaml_file import Tree, YamlFileError, tree_of
from topics.codec import decode_plain
from topics.fields import EVERYONE

__all__ = ["Draft", "Judged", "difference_by_account", "judged"]

NAME = Path("the document")
LOOKED_AT_MAX = 200  # Accounts with a document of their own: each takes milliseconds.
LINES_MAX = 200


class Draft(NamedTuple):
    """What a person wrote."""

    account: str
    text: str  # YAML: each rule with its parameters.
    lasts: str = ""  # Such as 4h: it lies over the lasting document for so long.


class Judged(NamedTuple):
    """What is wrong with a draft, or what is remarkable about it."""

    faults: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    change: Change | None = None  # None when there are faults.


def judged(draft: Draft, log: Published) -> Judged:
    """Check a draft as `riskgate limits check` and `diff` do."""
    duration_ms = milliseconds(draft.lasts)
    if draft.lasts and duration_ms is None:
        return Judged((f"{draft.lasts} is no duration; write for example 30m or 4h",))
    try:
        tree = tree_of(draft.text, NAME)
        rules = _rules(tree)
        below = _below(draft, log)
        validate(rules, below)
    except YamlFileError as error:
        return Judged((str(error),))
    except LimitsError as error:
        return Judged(tuple(f"line {tree.line_of(fault.place)}: {fault}" for fault in error.faults))
    change = Change(draft.account, rules, log, duration_ms)
    found = [*remarks(rules, below=below), *islice(left_alone(change), LINES_MAX)]
    return Judged((), tuple(found), change)


def _rules(tree: Tree) -> Rules:
    """Return the rules of a document. Raise YamlFileError if it holds something else."""
    if tree.value is None:
        return {}
    if not isinstance(tree.value, dict):
        raise YamlFileError(f"{NAME} must hold rules with their parameters, as in: cash: {{}}")
    for rule, parameters in tree.value.items():
        if not isinstance(parameters, dict | None):
            raise YamlFileError(
                f"{NAME}: line {tree.line_of((rule,))}: {rule} must hold parameters and their "
                f"values, not {parameters!r}"
            )
    return {rule: each or {} for rule, each in tree.value.items()}


def _below(draft: Draft, log: Published) -> Rules:
    """Return what the document lies on."""
    everyone: Rules = decode_plain(log.rules_of(EVERYONE))
    own = draft.account != EVERYONE
    if not draft.lasts:
        return everyone if own else {}
    return merge(everyone, decode_plain(log.rules_of(draft.account))) if own else everyone


def difference_by_account(change: Change) -> Iterator[tuple[str, list[str]]]:
    """Yield each account whose limits in force would change, with a line for each of them.

    `*` stands for all accounts without a document of their own.
    """
    left = LINES_MAX
    for account in islice(change.concerned(), LOOKED_AT_MAX):
        lines = differences(change, account)
        if lines:
            yield account, lines[:left]
            left -= len(lines)
        if left <= 0:
            return
