"""What fills realized before the opening of their account is no result of a later position."""

import pytest

from tests import given
from tests.driver import Driver
from topics.fills import Fill

ONE_LOSS = given.only("circuit_breaker", consecutive_losses_max=1, cooldown_ms=3_600_000)


def sends(driver: Driver, *fills: Fill) -> None:
    """Send fills one after the other, each with an id of its own and after the opening's time."""
    for number, fill in enumerate(fills):
        driver.now_ms += 1000
        driver.send(given.stamped(fill, driver.now_ms), at_ms=driver.now_ms + number)


def verdict_after(early: list[Fill], *late: Fill) -> str:
    """Return the verdict on an entry after fills before and after the opening."""
    driver = Driver()
    driver.send(given.limits(ONE_LOSS), given.instrument(), given.price(100))
    sends(driver, *early)
    driver.send(given.account())
    sends(driver, *late)
    driver.send(given.price(100))
    return driver.decide(given.signal("buy", 1)).verdict


def fill(side: given.Side, quantity: int, price: int) -> Fill:
    """Return a fill whose id says what it is."""
    return given.fill(side, quantity, price, fill_id=f"{side}-{quantity}-{price}")


@pytest.mark.parametrize(("closes_at", "verdict"), [(89, "approved"), (91, "rejected")])
def test_result_of_a_flipped_position_leaves_out_what_was_lost_before(
    closes_at: int, verdict: str
) -> None:
    early = [fill("buy", 3, 100), fill("sell", 10, 90)]  # Loses 30, and is short 7 at 90.

    assert verdict_after(early, fill("buy", 7, closes_at)) == verdict


@pytest.mark.parametrize(("closes_at", "verdict"), [(91, "approved"), (89, "rejected")])
def test_result_of_a_position_begun_again_leaves_out_what_was_lost_before(
    closes_at: int, verdict: str
) -> None:
    early = [fill("buy", 3, 100), fill("sell", 3, 90), fill("buy", 7, 90)]

    assert verdict_after(early, fill("sell", 7, closes_at)) == verdict


@pytest.mark.parametrize(("reduced_at", "verdict"), [(110, "approved"), (80, "rejected")])
def test_result_counts_what_the_same_position_realized_before_the_opening(
    reduced_at: int, verdict: str
) -> None:
    early = [fill("buy", 5, 100), fill("sell", 4, reduced_at)]

    assert verdict_after(early, fill("sell", 1, 100)) == verdict
