"""`riskgate budgets`: divide budgets among groups of accounts and keep them divided.

Reading and dividing is in pipeline/budgets; this file only parses arguments and prints.
"""

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
Author = Annotated[str, typer.Option(help="Who is responsible for the change.")]
Reason = Annotated[str, typer.Option(help="Why the change is made.")]


@app.command()
def check(file: File) -> None:
    """Validate a budgets file without Kafka; exit with 1 when it is invalid."""
    _load(file)
    say(f"{file} is valid.")


@app.command()
def show(file: File) -> None:
    """Show each account's share; exit with 1 while a budget does not yet bound its accounts."""
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
    """Publish, once, the allowances that may change now."""
    budgets = _load(file)
    _turn(_rebalancer(author, reason), budgets)


@app.command()
def run(
    file: File,
    author: Author,
    reason: Reason,
    interval_ms: Annotated[
        int, typer.Option(min=100, help="Pause between two rounds, in milliseconds.")
    ] = 10_000,
    turns: Annotated[
        int | None, typer.Option(min=1, help="Exit after this many rounds; by default never.")
    ] = None,
) -> None:
    """Keep moving unused allowance to where it is needed; the file is read again each round."""
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
    status = "in force" if is_held(part.seats) else "not in force yet"
    say(f"{part.group}: {part.dimension} {plain(part.budget)} {status}, {left} left")
    for name, seat in sorted(part.seats.items()):
        amounts = (seat.newest, seat.held, seat.used)
        allowed, held, used = ("-" if each is None else plain(each) for each in amounts)
        say(f"  {name}: allowance {allowed}, claims {held}, uses {used}")


def _load(file: Path) -> "Budgets":
    """Read a budgets file, or print what is wrong with it and exit with 1."""
    from pipeline.budgets.budget_file import load_budgets
    from pipeline.streams.admin.yaml_file import YamlFileError

    try:
        return load_budgets(file)
    except YamlFileError as error:
        say(f"riskgate: {error}", err=True)
        raise typer.Exit(exit_codes.DIFFERENT) from None


def _rebalancer(author: str, reason: str) -> "Rebalancer":
    from pipeline.budgets.rebalancer import Rebalancer
    from pipeline.streams.settings import Settings

    return Rebalancer(Settings.from_environment(), author=author, reason=reason)
