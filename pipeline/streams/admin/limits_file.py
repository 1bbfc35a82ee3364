"""A limits file: YAML, {rule: {parameter: value}}. Its rules are validated elsewhere."""

from pathlib import Path
from typing import Any, NamedTuple

from pipeline.streams.admin.yaml_file import Tree, YamlFileError, load_tree

__all__ = ["LimitsFile", "LimitsFileError", "Rules", "load_limits", "load_rules"]

# The values are untyped here: each rule checks its own parameters.
Rules = dict[str, dict[str, Any]]


class LimitsFileError(YamlFileError):
    """Say what is wrong with a limits file and where."""


class LimitsFile(NamedTuple):
    """The rules of a file, and the line of each."""

    rules: Rules
    tree: Tree


def load_rules(path: Path) -> Rules:
    """Read a limits file without validating its rules. Raise YamlFileError if that fails."""
    return load_limits(path).rules


def load_limits(path: Path) -> LimitsFile:
    """Read a limits file and the lines of its rules."""
    tree = load_tree(path)
    if not isinstance(tree.value, dict):
        raise LimitsFileError(f"{path} must hold rules with their parameters, as in: cash: {{}}")
    for rule, parameters in tree.value.items():
        if not isinstance(parameters, dict | None):
            raise LimitsFileError(
                f"{path}: line {tree.line_of((rule,))}: {rule} must hold parameters and their "
                f"values, not {parameters!r}"
            )
    return LimitsFile({rule: each or {} for rule, each in tree.value.items()}, tree)
