"""A limits file: YAML, {rule: {parameter: value}}; the rules themselves are judged elsewhere."""

from pathlib import Path
from typing import Any, NamedTuple

from pipeline.streams.admin.yaml_file import Tree, YamlFileError, load_tree

__all__ = ["LimitsFile", "LimitsFileError", "Rules", "load_limits", "load_rules"]

# The values are untyped here: each rule checks its own parameters.
Rules = dict[str, dict[str, Any]]


class LimitsFileError(YamlFileError):
    """Say what is wrong with a limits file and where."""


class LimitsFile(NamedTuple):
    """The rules of a file, and where in it each stands."""

    rules: Rules
    tree: Tree


def load_rules(path: Path) -> Rules:
    """Read a limits file. Raise YamlFileError where it cannot be read; rules are not judged."""
    return load_limits(path).rules


def load_limits(path: Path) -> LimitsFile:
    """Read a limits file with the lines of its rules."""
    tree = load_tree(path)
    if not isinstance(tree.value, dict):
        raise LimitsFileError(f"{path} must hold rules with their parameters, as in: cash: {{}}")
    for rule, parameters in tree.value.items():
        if not isinstance(parameters, dict | None):
            raise LimitsFileError(
                f"{path}: line {tree.line_of((rule,))}: {rule} must hold parameters with their "
                f"values, not {parameters!r}"
            )
    return LimitsFile({rule: each or {} for rule, each in tree.value.items()}, tree)
