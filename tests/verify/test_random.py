"""The judge finds nothing in what riskgate publishes, whatever its accounts are sent."""

from hypothesis import given as drawn
from hypothesis import settings
from msgspec import Struct

from tests import given
from tests.driver import Driver
from tests.replay.histories import ACCOUNTS, LOOSE, messages
from tests.verify.recorded import Recording

RULES = LOOSE | {"trading_state": {"enabled": True}}  # Without it, a stop stops nothing.


@settings(max_examples=25, deadline=None)
@drawn(messages)
def test_nothing_is_found_when_riskgate_published_a_log(sent: list[tuple[Struct, int]]) -> None:
    def act(driver: Driver) -> None:
        driver.send(given.limits(RULES), given.instrument(), given.price(100))
        driver.send(*(given.account(name, balance=1000) for name in ACCOUNTS))
        for message, passed_ms in sent:
            driver.wait(passed_ms)
            driver.send(message)
        driver.wait(10_000)

    recording = Recording(act)

    assert [found.sentence() for found in recording.judge()] == []
