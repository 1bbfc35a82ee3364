"""The whole pipeline in one process: revaluations at their time, for every partition."""

from typing import Any

import pytest
from hypothesis import given as drawn_from
from hypothesis import settings

from pipeline.replay.lines import decode_line
from pipeline.replay.machine import Line, Machine
from tests import given
from tests.driver import Driver, of
from tests.replay.histories import ACCOUNTS, lines_of, messages
from topics.account_states import AccountState
from topics.alerts import Alert
from topics.dead_letters import DeadLetter
from topics.emergency_stops import EmergencyStop

T0_MS = given.T0_MS


def holding(*accounts: str) -> Driver:
    """Accounts of 1000 that hold 5 at 100, under the drawdown rule alone."""
    driver = Driver(partitions=3)
    limits = given.limits(given.only("drawdown", drawdown_ratio_max="0.05"))
    driver.send(limits, given.instrument(), given.price(100))
    for name in accounts:
        driver.send(given.account(name, balance=1000), given.fill("buy", 5, account_id=name))
    driver.wait(1000)
    return driver


def test_account_hears_of_a_price_when_it_does_nothing_itself() -> None:
    driver = holding("a")

    driver.send(given.price(110))
    driver.wait(0)

    assert str(driver.state("a").equity) == "1050"


def test_every_account_stops_at_once_when_a_control_names_all() -> None:
    driver = holding(*ACCOUNTS)

    driver.send(given.control("halt", account_id="*"))
    out = driver.wait(0)

    stops = [(stop.account_id, stop.at_ms) for stop in of(EmergencyStop, out)]
    assert stops == [("a", T0_MS + 1000), ("b", T0_MS + 1000), ("c", T0_MS + 1000)]


@pytest.mark.parametrize("account_id", ["a", "*"])
def test_halt_acts_when_the_clock_of_another_operator_is_ahead(account_id: str) -> None:
    driver = holding("a")
    ahead_ms = driver.now_ms + 60_000
    driver.send(given.control("reduce", account_id=account_id, issued_at_ms=ahead_ms))
    driver.wait(1000)

    driver.send(given.control("halt", control_id="second", account_id=account_id))
    driver.wait(0)

    assert driver.state("a").trading_state == "halted"
    assert [alert for alert in driver.all(Alert) if alert.rule == "control"] == []


def test_stop_comes_with_the_confirming_price_when_an_account_loses_too_much() -> None:
    driver = holding("a")

    driver.send(given.price(80))
    driver.wait(500)
    driver.send(given.price(80))
    driver.wait(500)

    # 1000 - 5 x 20 is 10 % below the peak; the second bad mark counts a second after the first.
    (stop, *_) = driver.all(EmergencyStop)
    assert (stop.status, stop.rule, stop.at_ms) == ("triggered", "drawdown", T0_MS + 2000)


def test_alert_about_everyone_comes_once_when_there_are_several_partitions() -> None:
    driver = holding()

    out = driver.send(given.limits({}, version=1))

    assert [alert.account_id for alert in of(Alert, out)] == ["*"]


def test_price_is_a_dead_letter_when_its_key_is_another_symbol() -> None:
    driver = Driver()

    out = driver.feed("prices", "ETH-USD", b'{"symbol":"BTC-USD","last":1,"as_of_ms":1}')

    assert [letter.path for letter in of(DeadLetter, out)] == ["$.symbol"]


def test_days_roll_by_themselves_when_nothing_happens() -> None:
    driver = holding("a")

    out = driver.wait(3 * 86_400_000)

    days = [state.daily.day for state in of(AccountState, out) if state.daily]
    assert days == ["2026-01-02", "2026-01-03", "2026-01-04"]


@drawn_from(messages)
@settings(max_examples=30, deadline=None)
def test_account_gets_the_same_when_there_are_more_partitions(drawn: Any) -> None:
    lines = [decode_line(text, 1) for text in lines_of(drawn)]

    def outputs(partitions: int) -> dict[bytes | None, list[Line]]:
        machine = Machine(partitions=partitions)
        out = [line for each in lines for line in machine.feed(each)] + machine.finish()
        return {key: [line for line in out if line.key == key] for key in {o.key for o in out}}

    assert outputs(1) == outputs(4)


def test_row_of_everyone_is_not_printed_when_accounts_begin_and_limits_change() -> None:
    driver = holding(*ACCOUNTS)

    driver.send(given.limits(given.only(), version=2))
    driver.wait(1000)

    assert {row.account_id for row in driver.all(AccountState)} == {*ACCOUNTS}
