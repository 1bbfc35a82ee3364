"""Discovers the rules: one file per rule, and the file's name is the rule's name.

A rule that remembers something is a folder of that name: rule.py, and how its record moves in
transition.py. Discovery refuses to start on any doubt: a module without its one rule, or two rules
in one place.
"""

from importlib import import_module
from pkgutil import iter_modules

from pipeline.risk.rules.half import Half, half_of
from pipeline.risk.rules.rule import Rule
from topics.decisions import Check

_NOT_RULES = {"half", "loss_limit", "measure", "rule"}


def _discover() -> dict[str, type[Rule]]:
    found: dict[str, type[Rule]] = {}
    for module_info in iter_modules(__path__):
        if module_info.name not in _NOT_RULES:
            found[module_info.name] = _rule_of(module_info.name)
    ordered = sorted(found.items(), key=lambda item: item[1].PLACE)
    places = [rule.PLACE for _, rule in ordered]
    if len(set(places)) != len(places):
        raise ImportError(f"two rules share a place in the gate: {places}")
    return dict(ordered)


def _rule_of(name: str) -> type[Rule]:
    module = import_module(f"{__name__}.{name}")
    if hasattr(module, "__path__"):
        module = import_module(f"{__name__}.{name}.rule")
    rules = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Rule) and item.__module__ == module.__name__
    ]
    if len(rules) != 1 or rules[0].PLACE <= 0:
        raise ImportError(f"rules/{name}.py must define exactly one Rule with a PLACE")
    rules[0].NAME = name
    rules[0].PASSED = Check(name, "pass")
    rules[0].BREACHED = Check(name, "breach")
    return rules[0]


RULES: dict[str, type[Rule]] = _discover()
# Stand-ins for rules that need several parameters together.
HALVES: dict[str, Half] = {
    name: half_of(rule)
    for name, rule in RULES.items()
    if any(len(needed) > 1 for needed in rule.NEEDED)
}
