"""Remarks on a valid limits document: values that are legal but probably not intended."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pipeline.risk.account.documents import Rules, merge
from pipeline.risk.limits.document import NAMES, converted
from pipeline.risk.numbers import EXACT
from pipeline.risk.parameters import ALL_OTHERS, Parameters, PerSymbol
from pipeline.risk.rules.margin import Margin
from pipeline.risk.rules.rule import AccountLimit, Rule
from topics.codec import plain

__all__ = ["remarks"]

LEVERAGE_USUAL_MAX = 20
# Pairs of limits (rule, parameter) of which the first also caps what the second caps.
WIDE_AND_NARROW = (
    (("weekly_loss", "weekly_loss_ratio_max"), ("daily_loss", "daily_loss_ratio_max")),
    (("gross_exposure", "gross_exposure_ratio_max"), ("position_ratio", "position_ratio_max")),
)

Kinds = Mapping[str, Parameters]


def remarks(rules: Rules, *, below: Rules | None = None) -> list[str]:
    """Return one remark per value that a person should check again.

    below: the rules of the document underneath.
    """
    merged = merge(below or {}, rules)
    kinds = {name: converted(name, merged.get(name, {}), kind) for name, kind in NAMES.items()}
    found: list[str] = []
    for name, values in rules.items():
        parameters = kinds[name]
        if getattr(parameters, "enabled", True):
            for parameter in values:
                found += _of_parameter(parameters, parameter, f"{name}.{parameter}")
                found += _of_rule(parameters, parameter, f"{name}.{parameter}")
    return found + list(_of_two_rules(kinds, rules))


def _of_parameter(parameters: Parameters, name: str, path: str) -> Iterator[str]:
    value = getattr(parameters, name)
    numbers = value if isinstance(value, dict) else {"": value}
    if "ratio" in name.split("_"):
        for key, number in numbers.items():
            if isinstance(number, Decimal) and number > parameters.RATIO_USUAL_MAX:
                yield _percent(f"{path}.{key}" if key else path, number)
    if isinstance(value, dict) and ALL_OTHERS not in value:
        yield f'{path} has no "{ALL_OTHERS}": names that it does not list have no limit'


def _percent(path: str, ratio: Decimal) -> str:
    percent, intended = plain(EXACT.scaleb(ratio, 2)), plain(EXACT.scaleb(ratio, -2))
    return f"{path} is {plain(ratio)} ({percent} %); did you mean {plain(ratio)} % ({intended})?"


def _of_rule(parameters: Parameters, name: str, path: str) -> Iterator[str]:
    value = getattr(parameters, name)
    if (
        isinstance(parameters, AccountLimit)
        and parameters.LOSS
        and (name, value) == ("on_breach", "warn")
    ):
        yield f"{path} is warn: entries are rejected, but no loss stops the account"
    if isinstance(parameters, Margin) and name == "leverage" and value > LEVERAGE_USUAL_MAX:
        yield f"{path} is {plain(value)}; did you mean {plain(value)} times equity?"
    widest = value.get(ALL_OTHERS) if isinstance(value, dict) else value
    if isinstance(parameters, Rule) and name.endswith("_max") and widest == 0:
        off = name in parameters.OFF_AT_ZERO
        yield f"{path} is 0: {'that turns the rule off' if off else 'anything above 0 breaches it'}"


def _of_two_rules(kinds: Kinds, rules: Rules) -> Iterator[str]:
    """Remark on a limit that cannot be reached because a wider one is smaller."""
    for wide, narrow in WIDE_AND_NARROW:
        if {wide[0], narrow[0]} & rules.keys() and _is_on(kinds, wide) and _is_on(kinds, narrow):
            outer, inner = (_largest(getattr(kinds[rule], name)) for rule, name in (wide, narrow))
            if outer is not None and inner is not None and outer < inner:
                yield (
                    f"{'.'.join(wide)} is {plain(outer)}, so {'.'.join(narrow)} of "
                    f"{plain(inner)} is never reached"
                )


def _is_on(kinds: Kinds, place: tuple[str, str]) -> bool:
    rule = kinds[place[0]]
    return isinstance(rule, Rule) and rule.judges


def _largest(limit: PerSymbol | None) -> Decimal | None:
    return max(limit.values(), default=None) if isinstance(limit, dict) else limit
