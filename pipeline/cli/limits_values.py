"""Parameters with their values as an operator types them: rule.parameter=value."""

from pathlib import Path

import typer

from pipeline.streams.admin.limits_file import Rules
from pipeline.streams.admin.yaml_file import YamlFileError, tree_of

__all__ = ["assigned"]


def assigned(parameters: list[str]) -> Rules:
    """Read parameters with their values. Raise BadParameter when one is not of the form."""
    rules: Rules = {}
    for text in parameters:
        name, equals, value = text.partition("=")
        rule, dot, parameter = name.strip().partition(".")
        if not (rule and dot and parameter and equals):
            raise typer.BadParameter(
                f"{text!r} is not RULE.PARAMETER=VALUE, as in drawdown.drawdown_ratio_max=0.04"
            )
        try:
            found = tree_of(value, Path(name)).value
        except YamlFileError as error:
            raise typer.BadParameter(str(error)) from None
        if parameter in rules.setdefault(rule, {}):
            raise typer.BadParameter(f"{name} is named twice")
        rules[rule][parameter] = found
    return rules
