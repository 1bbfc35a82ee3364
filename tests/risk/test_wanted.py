"""The second door: what the core asks the shell to look up before a step, and what it gets."""

from decimal import Decimal
from typing import Any

import pytest

from pipeline.replay.memory import MemoryStore
from pipeline.risk.account.holding import Execution
from pipeline.risk.account.kept_fills import KeptFill, WantedFills
from pipeline.risk.account.position import Position
from pipeline.risk.step import Lookup, Remembered, wanted
from pipeline.streams.roles.decide.account_store import AccountStore
from tests import given
from tests.risk.log import T0_MS, Log
from topics.events import (
    ControlEvent,
    Event,
    FillEvent,
    Revaluation,
    RevaluationEvent,
    SignalEvent,
)

ME, X = given.ACCOUNT, given.SYMBOL
FILL, BUST = f"fill|{X}|buy|f1", f"bust|{X}|buy|f1"


def lookup(log: Log, event: Event, at_ms: int = T0_MS + 9) -> Lookup:
    return wanted(log.account, log.shared, event, at_ms=at_ms)


def fill_event(**fields: Any) -> FillEvent:
    return FillEvent(account_id=ME, body=given.fill(fill_id="f1", **fields))


def signal_event() -> SignalEvent:
    return SignalEvent(account_id=ME, body=given.signal())


def opened(rules: given.Rules | None = None) -> Log:
    log = Log()
    log.open()
    log.limit(rules or given.only("cash"))
    return log


def kept(number: int) -> KeptFill:
    execution = Execution(f"f{number}", "buy", Decimal(1), Decimal(100), Decimal(0), None, T0_MS)
    return KeptFill(X, number, execution, Position())


def store_of_three_fills() -> AccountStore:
    """A store whose second fill is f1."""
    store = AccountStore(MemoryStore())
    for number in range(3):
        store.fills.write(ME, kept(number))
    store.remember(ME, Remembered("fills", 1, FILL, T0_MS, "1\n1|100|0||0"))
    return store


def test_only_the_id_is_wanted_when_a_signal_comes() -> None:
    assert lookup(opened(), signal_event()) == Lookup(ME, "signal:signal-1", "signals")


@pytest.mark.parametrize(
    "event",
    [
        RevaluationEvent(account_id=ME, body=Revaluation()),
        ControlEvent(account_id="*", body=given.control("halt", account_id="*")),
    ],
    ids=["revaluation", "control for everyone"],
)
def test_nothing_is_wanted_when_an_event_has_no_id_of_its_own(event: Event) -> None:
    assert lookup(opened(), event) == Lookup(event.account_id)


def test_oldest_places_of_the_ring_are_wanted_when_it_is_full() -> None:
    log = opened(given.only("cash") | {"dedupe": {"dedupe_max": 1}})

    log.ask("s1", T0_MS + 1)

    found = lookup(log, signal_event())

    # One id of a signal is kept, that of s1; what comes now takes its place.
    assert found == Lookup(ME, "signal:signal-1", "signals", oldest=(0,))


def test_no_place_is_wanted_when_only_another_kind_is_full() -> None:
    log = opened(given.only("cash") | {"dedupe": {"dedupe_max": 1}})

    assert lookup(log, signal_event()).oldest == ()


def test_oldest_places_are_wanted_when_past_the_horizon() -> None:
    log = opened(given.only("cash") | {"dedupe": {"dedupe_horizon_ms": 10}})
    log.ask("s1", T0_MS)

    found = [lookup(log, signal_event(), T0_MS + age_ms).oldest for age_ms in (9, 10)]

    assert found == [(), (0,)]


def test_bust_and_signal_are_wanted_when_a_fill_comes() -> None:
    fill = fill_event(signal_id="s1")

    assert lookup(Log(), fill) == Lookup(
        ME, FILL, "fills", counterpart=BUST, signal="signal:s1", changed=FILL
    )


def test_no_signal_is_wanted_when_its_order_is_reserved() -> None:
    log = opened()
    log.ask("s1", T0_MS + 1)

    assert lookup(log, fill_event(signal_id="s1")).signal is None


def test_kept_fills_are_wanted_when_one_is_busted() -> None:
    log = opened()
    log.fill("f0", 1, T0_MS + 1)
    log.fill("f1", 1, T0_MS + 2)

    assert lookup(log, fill_event(kind="bust")) == Lookup(
        ME, BUST, "fills", counterpart=FILL, fills=WantedFills(X, 0, 2), changed=FILL
    )


@pytest.mark.parametrize(("own", "counterpart"), [(BUST, FILL), (FILL, BUST)])
def test_later_fills_are_given_when_one_is_busted_or_corrected(own: str, counterpart: str) -> None:
    asked = Lookup(ME, own, counterpart=counterpart, fills=WantedFills(X, 0, 3), changed=FILL)

    assert store_of_three_fills().recall(asked).fills == (kept(1), kept(2))


def test_times_of_bust_and_signal_are_given_when_both_were_remembered() -> None:
    store = store_of_three_fills()
    store.remember(ME, Remembered("fills", 2, BUST, T0_MS + 2, "2\nsaid"))
    store.remember(ME, Remembered("signals", 3, "signal:s1", T0_MS + 3))

    found = store.recall(Lookup(ME, FILL, counterpart=BUST, signal="signal:s1", changed=FILL))

    assert (found.seen_at_ms, found.counterpart_at_ms, found.signal_at_ms) == (
        T0_MS, T0_MS + 2, T0_MS + 3,
    )  # fmt: skip
    assert found.counterpart_content == "2\nsaid"
