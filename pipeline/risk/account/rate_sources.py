"""Whose price is the rate of a currency pair that several instruments name.

The log decides: the source that the first conflict told of stays, whatever order the documents
have in the tables of another process, until it names the pair no more.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from pipeline.risk.account.account import Shared
from pipeline.risk.account.cause import Cause
from topics.events import InstrumentsEvent, Rate

RATE_SOURCES_MAX = 1000  # Pairs; of one more no rate counts.


def apply_conflict(shared: Shared, event: InstrumentsEvent) -> tuple[Shared, Cause | None]:
    """Note the source of a pair; return what a person is told of, once for each source."""
    second, known = event.body, shared.rate_sources
    pair = _name(second.base_currency or "", second.settlement_currency)
    source = known.get(pair)
    full = source is None and len(known) >= RATE_SOURCES_MAX
    if full or (source is not None and not _is_gone(source, event)):
        return shared, None
    source = event.sources[0]
    if second.symbol == source:  # Only one is left: its price is the rate, nothing is in doubt.
        left = {name: symbol for name, symbol in known.items() if name != pair}
        return replace(shared, rate_sources=left), None
    reason = (
        f"{second.symbol} names the currency pair {second.base_currency}/"
        f"{second.settlement_currency} that {source} named before: its price is no rate"
    )
    sources = {**known, pair: source}
    return replace(shared, rate_sources=sources), Cause("instrument", reason)


def _is_gone(source: str, event: InstrumentsEvent) -> bool:
    """Whether the source that is known names the pair no more."""
    return source == event.withdrawn or (source not in event.sources and not event.others)


def counted(rates: tuple[Rate, ...], shared: Shared) -> tuple[Rate, ...]:
    """Leave out rates of instruments that are not the source of their pair."""
    if all(rate.source is None for rate in rates):
        return rates
    return tuple(_counted(rates, shared.rate_sources))


def _counted(rates: tuple[Rate, ...], sources: dict[str, str]) -> Iterable[Rate]:
    for rate in rates:
        if rate.source is None or sources.get(_name(rate.base, rate.quote)) == rate.source:
            yield rate


def _name(first: str, second: str) -> str:
    """Name a pair, the same either way round; a slash may stand in a currency, a bar may not."""
    return f"{first}|{second}" if first < second else f"{second}|{first}"
