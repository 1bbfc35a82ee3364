"""A limits file: YAML, {rule: {parameter: value}}, every number exactly as it is written."""

import re
from collections.abc import Hashable
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import StartupError

__all__ = ["LimitsFileError", "Rules", "load_rules", "load_tree"]

# The values are untyped here: each rule checks its own parameters.
Rules = dict[str, dict[str, Any]]


class LimitsFileError(StartupError):
    """Say what is wrong with a limits file and where."""


def load_rules(path: Path) -> Rules:
    """Read a limits file. Raise LimitsFileError where it cannot be read; rules are not judged."""
    rules = load_tree(path)
    _check_shape(path, rules)
    return {str(rule): parameters or {} for rule, parameters in rules.items()}


def load_tree(path: Path) -> Any:  # YAML of any shape.
    """Read a YAML file with exact numbers. Raise LimitsFileError where it cannot be read."""
    try:
        # A SafeLoader: it makes nothing but plain values.
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_ExactLoader)
    except OSError as error:
        raise LimitsFileError(
            f"{path} cannot be read ({error.strerror}); name a limits file"
        ) from error
    except UnicodeDecodeError as error:
        raise LimitsFileError(f"{path} is not UTF-8; save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise LimitsFileError(f"{path} is no YAML: {_where(error)}") from error
    except (ArithmeticError, TypeError, ValueError, RecursionError) as error:
        raise LimitsFileError(
            f"{path} holds a value that cannot be read ({type(error).__name__}); see docs/limits.md"
        ) from error


def _check_shape(path: Path, rules: object) -> None:
    if not isinstance(rules, dict):
        raise LimitsFileError(f"{path} must hold rules with their parameters, as in: cash: {{}}")
    for rule, parameters in rules.items():
        if not isinstance(parameters, dict | None):
            raise LimitsFileError(
                f"{path}: {rule} must hold parameters with their values, not {parameters!r}"
            )


def _where(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return str(error).splitlines()[0]


class _ExactLoader(yaml.SafeLoader):
    """Read numbers from their digits, times and NO as text, and refuse a key that comes twice."""

    # YAML 1.1 takes 17:00 for 1020, 010 for 8, and the symbols NO and ON for booleans.
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - The base declares it so.

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's own signature.
        seen: set[object] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value!r} comes twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _construct_decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)))


_FORMS = {
    "null": (r"null|~|", ["n", "~", ""]),
    "bool": (r"true|false", ["t", "f"]),
    "int": (r"-?(0|[1-9]\d*)", list("-0123456789")),
    "float": (r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", list("-0123456789")),
}
for _form, (_pattern, _first) in _FORMS.items():
    _ExactLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_form}", re.compile(rf"({_pattern})\Z"), _first
    )
_ExactLoader.add_constructor("tag:yaml.org,2002:float", _construct_decimal)
