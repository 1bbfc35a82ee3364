"""The log decides who is the source of a pair, whatever order the tables of a process have."""

from decimal import Decimal

import pytest

from pipeline.risk.account import rate_sources
from tests import given
from tests.risk.log import T0_MS, Log
from topics.alerts import Alert
from topics.events import InstrumentsEvent, Rate
from topics.fields import EVERYONE


def tell(log: Log, *sources: str, base: str = "EUR", **fields: object) -> list[str]:
    """Tell everyone who names a pair; return the messages of the alerts."""
    second = given.instrument(sources[:2][-1], base_currency=base)
    event = InstrumentsEvent(account_id=EVERYONE, body=second, sources=sources, **fields)  # type: ignore[arg-type]
    outputs = log.append(event, T0_MS).outputs
    return [output.message for output in outputs if isinstance(output, Alert)]


def counted(log: Log, *sources: str) -> list[str | None]:
    """Return the sources of the rates that count of those offered."""
    rates = tuple(
        Rate(base="EUR", quote="USD", rate=Decimal(1), as_of_ms=T0_MS, source=source)
        for source in sources
    )
    return [rate.source for rate in rate_sources.counted(rates, log.shared)]


def test_source_of_the_first_conflict_stays_when_another_process_has_another_order() -> None:
    log = Log()
    tell(log, "A", "B")

    messages = tell(log, "B", "A")

    assert (messages, counted(log, "B", "A")) == ([], ["A"])


def test_no_rate_counts_before_the_log_knows_of_the_conflict() -> None:
    assert counted(Log(), "A", "B") == []


def test_next_is_the_source_when_the_first_was_withdrawn() -> None:
    log = Log()
    tell(log, "A", "B", "C")

    messages = tell(log, "B", "C", withdrawn="A")

    assert (len(messages), counted(log, "B", "C")) == (1, ["B"])


@pytest.mark.parametrize(("others", "source"), [(0, ["B"]), (1, [])])
def test_next_instrument_is_the_source_when_the_first_is_not_there(
    others: int, source: list[str]
) -> None:
    log = Log()
    tell(log, "A", "B", "C")

    tell(log, "B", "C", others=others)

    assert counted(log, "B", "C") == source


def test_next_conflict_is_told_again_when_only_one_was_left() -> None:
    log = Log()
    tell(log, "A", "B")
    left = tell(log, "B", withdrawn="A")

    messages = tell(log, "B", "A")

    assert left == []
    assert messages == [
        "A names the currency pair EUR/USD that B named before: its price is no rate"
    ]


def test_pair_beyond_the_bound_has_no_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_sources, "RATE_SOURCES_MAX", 1)
    log = Log()
    tell(log, "X", "Y", base="GBP")

    tell(log, "A", "B")

    assert counted(log, "A", "B") == []
