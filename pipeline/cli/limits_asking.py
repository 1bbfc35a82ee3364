"""What a change of limits means, shown before it is published, and the question that follows."""

import sys
from typing import TYPE_CHECKING

import typer

from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.outputs.limits_change import Change

__all__ = ["confirm_change", "show_change"]


def show_change(change: "Change", hours: int | None) -> None:
    """Show what would change, and what the last hours would have been; exit if nothing changes."""
    from pipeline.outputs.limits_change import differences

    lines = differences(change, change.account)
    if not lines:
        say("Nothing would change; nothing was published.")
        raise typer.Exit
    for line in lines:
        say(line)
    if hours is not None:
        from pipeline.cli.lately_text import say_lately

        say_lately(change, hours)


def confirm_change(change: "Change", hours: int | None, *, yes: bool) -> None:
    """Show what would change, and ask; exit unless the answer is yes."""
    from pipeline.outputs.words import lasting

    show_change(change, hours)
    if yes:
        return
    for_a_while = change.duration_ms if change.rules else None  # Without rules it ends others.
    for_ = "" if for_a_while is None else f" for {lasting(for_a_while)}"
    question = f"Publish this for {change.account}{for_}?"
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{question} Without a terminal nobody can say so: add --yes")
    typer.confirm(question, abort=True, err=True)
