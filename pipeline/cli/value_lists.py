"""A grid of parameters as an operator types it: rule.parameter=value,value,…"""

from itertools import product

import typer

__all__ = ["Point", "grid_of"]

Point = tuple[str, ...]  # One value for each parameter, as typed.
OPENING, CLOSING = "[{", "]}"


def grid_of(parameters: list[str]) -> tuple[list[str], list[Point]]:
    """Return the names, and every combination of their values; the last one varies fastest.

    Raise BadParameter for what is not of the form.
    """
    names: list[str] = []
    values: list[list[str]] = []
    for text in parameters:
        name, equals, tail = text.partition("=")
        listed = _split(tail)
        if not equals or not all(listed):
            raise typer.BadParameter(
                f"{text!r} is not RULE.PARAMETER=VALUE,VALUE, as in "
                "drawdown.drawdown_ratio_max=0.02,0.04"
            )
        if name.strip() in names:
            raise typer.BadParameter(f"{name.strip()} is named twice; list its values after one =")
        names.append(name.strip())
        values.append(listed)
    return names, list(product(*values))


def _split(text: str) -> list[str]:
    """Split at commas that stand outside of brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if letter == "," and not depth and not quote:
            parts.append("")
            continue
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        else:
            depth += (letter in OPENING) - (letter in CLOSING)
        parts[-1] += letter
    return [part.strip() for part in parts]
