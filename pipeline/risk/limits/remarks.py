"""Remarks on a valid limits document: what is legal and yet most likely not what was meant."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pipeline.risk.limits.document import NAMES, Rules, converted, over
from pipeline.risk.numbers import EXACT
from pipeline.risk.parameters import ALL_OTHERS, Parameters, PerSymbol, StopPrices
from pipeline.risk.rules.margin import Margin
from pipeline.risk.rules.rule import AccountLimit, Rule
from topics.codec import plain

__all__ = ["remarks"]

LEVERAGE_USUAL_MAX = 20
# Rule and parameter of two limits of which the first holds the second as well.
WIDE_AND_NARROW = (
    (("weekly_loss", "weekly_loss_ratio_max"), ("daily_loss", "daily_loss_ratio_max")),
    (("gross_exposure", "gross_exposure_ratio_max"), ("position_ratio", "position_ratio_max")),
)

Kinds = Mapping[str, Parameters]


def remarks(rules: Rules, *, below: Rules | None = None, atr_periods: int) -> list[str]:
    """Return what a person should look at once more.

    below: the rules that the document stands on; atr_periods: those of the tables.
    """
    merged = over(below or {}, rules)
    kinds = {name: converted(name, merged.get(name, {}), kind) for name, kind in NAMES.items()}
    found: list[str] = []
    for name, values in rules.items():
        parameters = kinds[name]
        if getattr(parameters, "enabled", True):
            for parameter in values:
                found += _of_parameter(parameters, parameter, f"{name}.{parameter}")
                found += _of_rule(parameters, parameter, f"{name}.{parameter}")
    return found + list(_of_two_rules(kinds, rules)) + list(_of_tables(rules, atr_periods))


def _of_parameter(parameters: Parameters, name: str, path: str) -> Iterator[str]:
    value = getattr(parameters, name)
    numbers = value if isinstance(value, dict) else {"": value}
    if "ratio" in name.split("_"):
        for key, number in numbers.items():
            if isinstance(number, Decimal) and number > parameters.RATIO_USUAL_MAX:
                yield _percent(f"{path}.{key}" if key else path, number)
    if isinstance(value, dict) and ALL_OTHERS not in value:
        yield f'{path} has no "{ALL_OTHERS}": whatever it does not name is without this limit'


def _percent(path: str, ratio: Decimal) -> str:
    hundredfold, hundredth = EXACT.scaleb(ratio, 2), EXACT.scaleb(ratio, -2)
    said, meant = plain(ratio), plain(hundredth)
    return f"{path} is {said}: that is {plain(hundredfold)} %, is {said} % ({meant}) meant?"


def _of_rule(parameters: Parameters, name: str, path: str) -> Iterator[str]:
    value = getattr(parameters, name)
    if (
        isinstance(parameters, AccountLimit)
        and parameters.LOSS
        and (name, value) == ("on_breach", "warn")
    ):
        yield f"{path} is warn: entries are refused, but no loss stops the account"
    if isinstance(parameters, Margin) and name == "leverage" and value > LEVERAGE_USUAL_MAX:
        yield f"{path} is {plain(value)}: is {plain(value)} times the equity of the account meant?"
    widest = value.get(ALL_OTHERS) if isinstance(value, dict) else value
    if isinstance(parameters, Rule) and name.endswith("_max") and widest == 0:
        off = name in parameters.OFF_AT_ZERO
        yield f"{path} is 0: {'that turns the rule off' if off else 'anything at all breaches it'}"


def _of_two_rules(kinds: Kinds, rules: Rules) -> Iterator[str]:
    """Remark on a limit that another one never lets anybody reach."""
    for wide, narrow in WIDE_AND_NARROW:
        if {wide[0], narrow[0]} & rules.keys() and _is_on(kinds, wide) and _is_on(kinds, narrow):
            outer, inner = (_largest(getattr(kinds[name], each)) for name, each in (wide, narrow))
            if outer is not None and inner is not None and outer < inner:
                yield (
                    f"{'.'.join(wide)} is {plain(outer)}, below {'.'.join(narrow)}, which is "
                    f"{plain(inner)} and is never reached"
                )


def _is_on(kinds: Kinds, place: tuple[str, str]) -> bool:
    rule = kinds[place[0]]
    return isinstance(rule, Rule) and rule.judges


def _largest(limit: PerSymbol | None) -> Decimal | None:
    return max(limit.values(), default=None) if isinstance(limit, dict) else limit


def _of_tables(rules: Rules, atr_periods: int) -> Iterator[str]:
    values = rules.get("stop", {})
    wanted = converted("stop", values, StopPrices).atr_periods
    if "atr_periods" in values and wanted != atr_periods:
        yield (
            f"stop.atr_periods is {wanted} and has no effect: ingest and broadcast build the ATR "
            f"of RISKGATE_ATR_PERIODS bars, {atr_periods} here"
        )
