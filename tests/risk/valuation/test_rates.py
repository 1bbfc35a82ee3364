"""Rates that the account knows, when an event brings none."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests import given
from tests.risk.log import T0_MS, Log
from topics.events import FillEvent, Rate, SignalEvent

EURO = given.instrument(settlement_currency="EUR")


def log_with_rate(rate: str) -> Log:
    """Return a log of an account in dollars that heard of a rate at its opening."""
    log = Log()
    log.open()
    heard = Rate(base="EUR", quote="USD", rate=Decimal(rate), as_of_ms=T0_MS)
    body = replace(given.signal("hold"), created_at_ms=T0_MS)
    event = SignalEvent(
        account_id=given.ACCOUNT, source=log.source(), instrument=EURO, rates=(heard,), body=body
    )
    log.append(event, T0_MS)
    return log


@pytest.mark.parametrize(("after_ms", "paid"), [(60_000, "-6"), (60_001, "0")])
def test_fill_is_booked_at_the_known_rate_while_that_is_fresh(after_ms: int, paid: str) -> None:
    log = log_with_rate("1.2")
    body = replace(given.fill("buy", 1, 100, fee=5), executed_at_ms=T0_MS + after_ms)

    event = FillEvent(account_id=given.ACCOUNT, source=log.source(), instrument=EURO, body=body)
    log.append(event, T0_MS + after_ms)

    # 5 x 1.2.
    assert log.account is not None
    assert log.account.capital.realized == Decimal(paid)
