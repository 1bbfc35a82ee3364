"""`riskgate budgets`: divide budgets among groups of accounts, and keep them divided."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.budgets.budget_file import Budgets
    from pipeline.budgets.rebalancer import Divided, Rebalancer
    from topics.limits import LimitsDocument

app = typer.Typer(help="Divide budgets among groups of accounts.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="YAML: groups of accounts with their budgets.")]
Author = Annotated[str, typer.Option(help="Who answers for it.")]
Reason = Annotated[str, typer.Option(help="Why.")]


@app.command()
def check(file: File) -> None:
    """Validate a budgets file, exit with 1 when it is wrong; nothing is asked of Kafka."""
    _load(file)
    say(f"{file} is good.")


@app.command()
def show(file: File) -> None:
    """Show every account's part; exit with 1 while a budget does not bound its accounts yet."""
    from pipeline.budgets.allowances import is_held, room_of
    from pipeline.budgets.rebalancer import read_divided
    from pipeline.streams.settings import Settings

    parts, _ = read_divided(Settings.from_environment(), _load(file))
    for part in parts:
        _show(part)
    if not all(is_held(part.seats) and room_of(part.budget, part.seats) >= 0 for part in parts):
        raise typer.Exit(exit_codes.DIFFERENT)


@app.command()
def apply(file: File, author: Author, reason: Reason) -> None:
    """Publish the allowances that may change now, once."""
    budgets = _load(file)
    _turn(_rebalancer(author, reason), budgets)


@app.command()
def run(
    file: File,
    author: Author,
    reason: Reason,
    interval_ms: Annotated[int, typer.Option(min=100, help="Pause between turns.")] = 10_000,
    turns: Annotated[int | None, typer.Option(min=1, help="End after so many.")] = None,
) -> None:
    """Move unused allowance to where it is used, again and again; the file is read each time."""
    budgets = _load(file)
    rebalancer = _rebalancer(author, reason)
    done = 0
    while True:
        _turn(rebalancer, budgets)
        done += 1
        if done == turns:
            return
        time.sleep(interval_ms / 1000)
        budgets = _load(file)


def _turn(rebalancer: "Rebalancer", budgets: "Budgets") -> None:
    for document in rebalancer.turn(budgets):
        say(_line(document))


def _line(document: "LimitsDocument") -> str:
    from pipeline.budgets.seats import RULE_OF

    amounts = [
        f"{dimension} {document.rules[rule][dimension]}"
        for dimension, rule in RULE_OF.items()
        if dimension in document.rules.get(rule, {})
    ]
    return f"{document.account_id} version {document.version}: {', '.join(amounts)}"


def _show(part: "Divided") -> None:
    from pipeline.budgets.allowances import is_held, room_of
    from topics.codec import plain

    left = plain(room_of(part.budget, part.seats))
    bound = "bounds" if is_held(part.seats) else "does not bound yet"
    say(f"{part.group}: {part.dimension} {plain(part.budget)} {bound}, {left} left")
    for name, seat in sorted(part.seats.items()):
        amounts = (seat.newest, seat.held, seat.used)
        allowed, held, used = ("-" if each is None else plain(each) for each in amounts)
        say(f"  {name}: allowance {allowed}, claims {held}, uses {used}")


def _load(file: Path) -> "Budgets":
    """Read a budgets file, or say what is wrong with it and exit."""
    from pipeline.budgets.budget_file import load_budgets
    from pipeline.streams.yaml_file import YamlFileError

    try:
        return load_budgets(file)
    except YamlFileError as error:
        say(f"riskgate: {error}", err=True)
        raise typer.Exit(exit_codes.DIFFERENT) from None


def _rebalancer(author: str, reason: str) -> "Rebalancer":
    from pipeline.budgets.rebalancer import Rebalancer
    from pipeline.streams.settings import Settings

    return Rebalancer(Settings.from_environment(), author=author, reason=reason)
