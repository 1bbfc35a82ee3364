"""Limits documents as YAML files.

Numbers are written with exactly the digits they have: a float on the way would change limits.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from pipeline.outputs.limit_words import text_of
from topics.codec import plain
from topics.limits import LimitsDocument

__all__ = ["as_yaml", "is_same"]

Rules = Mapping[str, Mapping[str, object]]

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


def is_same(old: Rules, new: Rules) -> bool:
    """Whether two documents are equal when 0.05, "0.05" and 0.0500 count as one number."""
    return _flat(old) == _flat(new)


def as_yaml(document: LimitsDocument) -> str:
    """Format a document's rules as a limits file, with author and reason in a comment."""
    yaml, text = YAML(typ="safe", pure=True), StringIO()
    yaml.Representer = _Exact
    yaml.default_flow_style, yaml.width = False, 1000
    yaml.dump(_readable(document.rules), text)
    # On one line: a newline in the reason would end the comment and become part of the limits.
    origin = " ".join(f"{document.author}: {document.reason}".split())
    return f"# {document.account_id} version {document.version}, {origin}\n{text.getvalue()}"


class _Exact(SafeRepresenter):
    """Represent Decimal as a plain YAML number with all its digits."""


def _written_out(representer: SafeRepresenter, number: Decimal) -> ScalarNode:
    text = plain(number)
    kind = "float" if "." in text else "int"
    return representer.represent_scalar(f"tag:yaml.org,2002:{kind}", text)


_Exact.add_representer(Decimal, _written_out)


def _flat(rules: Rules) -> dict[str, str]:
    return {
        f"{rule}.{parameter}": text_of(value)
        for rule, parameters in rules.items()
        for parameter, value in parameters.items()
    }


def _readable(value: object) -> object:
    """Sort names, and turn numbers that were sent as strings back into numbers."""
    if isinstance(value, Mapping):
        return {key: _readable(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return list(value)
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value
