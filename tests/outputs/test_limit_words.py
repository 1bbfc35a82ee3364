"""The limits of an account say which documents they come from, and what is left of a loss limit."""

from decimal import Decimal

from pipeline.outputs.limit_words import in_force
from pipeline.streams.admin.limits_log import Published
from tests import given
from tests.outputs.recorded import outputs, rows_of
from tests.outputs.test_stops import HISTORY


def test_what_is_left_stands_beside_the_limit_alone() -> None:
    row = rows_of(outputs(*HISTORY[:5], given.price(99), given.price(99), given.price(99)))
    log = Published()
    log.take(given.limits(given.only("daily_loss", daily_loss_ratio_max="0.02")), given.T0_MS)

    found = in_force(log, row.accounts[given.ACCOUNT])

    left = {each.name: each.headroom_ratio for each in found if each.headroom_ratio is not None}
    assert left == {"daily_loss.daily_loss_ratio_max": Decimal("0.5")}
    assert any(each.name == "daily_loss.on_breach" for each in found)
