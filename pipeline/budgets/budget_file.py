"""A budgets file: groups of accounts in YAML with the maximum amounts of each and of the firm.

Validation without Kafka; what accounts use and how a budget is divided is decided elsewhere.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from pipeline.streams.admin.yaml_file import Tree, YamlFileError, load_tree
from topics.codec import plain
from topics.fields import Id

__all__ = ["Budgets", "BudgetsFileError", "Group", "load_budgets"]

DIMENSIONS = ("gross_exposure_max", "daily_loss_max")
ACCOUNTS_MAX = 10_000
AMOUNT_MAX = Decimal("1e30")

Accounts = Annotated[tuple[Id, ...], Meta(min_length=1, max_length=ACCOUNTS_MAX)]


class BudgetsFileError(YamlFileError):
    """Report what is wrong with a budgets file."""


class Amounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Maximum amounts in the file's currency; None: no budget."""

    gross_exposure_max: Decimal | None = None
    daily_loss_max: Decimal | None = None


class Group(Amounts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    accounts: Accounts


class Budgets(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    currency: Id  # The currency of every account in the file.
    groups: Annotated[dict[Id, Group], Meta(min_length=1)]
    firm: Amounts | None = None  # The maximum of all groups together.


def load_budgets(path: Path) -> Budgets:
    """Read a budgets file. Raise BudgetsFileError when it is invalid."""
    tree = load_tree(path)
    try:
        budgets = msgspec.convert(tree.value, Budgets, strict=False)
    except msgspec.ValidationError as error:
        raise BudgetsFileError(f"{path}: {_where(tree) or error}") from None
    for group in (*budgets.groups.values(), *([budgets.firm] if budgets.firm else [])):
        _check_amounts(path, group)
    _check_accounts(path, budgets)
    _check_firm(path, budgets)
    return budgets


def _where(tree: Tree) -> str | None:
    """Return the invalid group and its line; None when the fault is not in a group."""
    groups = tree.value.get("groups") if isinstance(tree.value, dict) else None
    for name, group in groups.items() if isinstance(groups, dict) else ():
        try:
            msgspec.convert(group, Group, strict=False)
        except msgspec.ValidationError as error:
            return f"line {tree.line_of(('groups', name))}: groups.{name}: {error}"
    return None


def _check_amounts(path: Path, group: Amounts) -> None:
    amounts = [getattr(group, name) for name in DIMENSIONS]
    if all(amount is None for amount in amounts):
        raise BudgetsFileError(f"{path}: a budget needs {' or '.join(DIMENSIONS)}")
    for amount in amounts:
        if amount is not None and not (amount.is_finite() and 0 <= amount <= AMOUNT_MAX):
            shown = plain(amount) if amount.is_finite() else amount
            raise BudgetsFileError(f"{path}: {shown} must be a number from 0 to 1e30")


def _check_accounts(path: Path, budgets: Budgets) -> None:
    seen: set[str] = set()
    for group in budgets.groups.values():
        for account_id in group.accounts:
            if account_id in seen:
                raise BudgetsFileError(
                    f"{path}: {account_id} is named twice; an account belongs to one group"
                )
            seen.add(account_id)


def _check_firm(path: Path, budgets: Budgets) -> None:
    for name in DIMENSIONS if budgets.firm else ():
        most = getattr(budgets.firm, name)
        parts = [getattr(group, name) for group in budgets.groups.values()]
        if most is not None and None in parts:
            raise BudgetsFileError(f"{path}: the firm sets {name}, so every group must set it too")
        if most is not None and sum(parts) > most:
            total = plain(sum(parts, Decimal(0)))
            raise BudgetsFileError(
                f"{path}: {name} of the groups adds up to {total}, but the firm's is {plain(most)}"
            )
