"""The alert rules as they stand in helm/alerts."""

import re
from pathlib import Path
from typing import Any

import yaml

from pipeline.streams.observe.metrics import metric_table

ROOT = Path(__file__).parent.parent.parent
RULE_FILES = sorted((ROOT / "helm" / "alerts").glob("*.yaml"))
_SUFFIXES = ("_bucket", "_count", "_sum", "")

Rule = dict[str, Any]


def rules() -> list[Rule]:
    """Return every recording and alerting rule, file by file."""
    files = (yaml.safe_load(path.read_text()) for path in RULE_FILES)
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alerts() -> list[Rule]:
    """Return the alerting rules."""
    return [rule for rule in rules() if "alert" in rule]


def unknown_metrics(expression: str) -> set[str]:
    """Return what an expression names although no metric and no recording rule is called so."""
    known = {rule["record"] for rule in rules() if "record" in rule}
    for row in metric_table():
        suffixes = _SUFFIXES if row.kind == "histogram" else ("",)
        known |= {f"{row.name}{suffix}" for suffix in suffixes}
    return set(re.findall(r"\briskgate[_:][a-z0-9_:]+", expression)) - known
