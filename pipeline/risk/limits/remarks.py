"""Remarks on a valid limits document: what is legal and yet most likely not what was meant."""

from collections.abc import Iterator
from decimal import Decimal

from pipeline.risk.limits.document import NAMES, Rules, converted
from pipeline.risk.limits.parameters import ALL_OTHERS, Parameters, StopPrices
from pipeline.risk.numbers import EXACT
from topics.codec import plain

__all__ = ["remarks"]


def remarks(rules: Rules, *, atr_periods: int) -> list[str]:
    """Return what a person should look at once more; atr_periods: those of the tables."""
    found: list[str] = []
    for name, values in rules.items():
        parameters = converted(name, values, NAMES[name])
        if getattr(parameters, "enabled", True):
            for parameter in values:
                found += _of_parameter(parameters, parameter, f"{name}.{parameter}")
    return found + list(_of_tables(rules, atr_periods))


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


def _of_tables(rules: Rules, atr_periods: int) -> Iterator[str]:
    values = rules.get("stop", {})
    wanted = converted("stop", values, StopPrices).atr_periods
    if "atr_periods" in values and wanted != atr_periods:
        yield (
            f"stop.atr_periods is {wanted} and has no effect: ingest and broadcast build the ATR "
            f"of RISKGATE_ATR_PERIODS bars, {atr_periods} here"
        )
