"""What the console spends on rows of accounts, in processor time: it hardly depends on what else
the machine does, unlike how old its newest row is.
"""

import time
from decimal import Decimal

from pipeline.console.desk import DeskQuery, desk
from pipeline.console.feed import HELD_SECONDS_MAX, NewestRows
from pipeline.console.kept import KEPT_SECONDS
from pipeline.console.model import Model
from pipeline.outputs.reader import OutputReader
from pipeline.streams.settings import Settings
from topics.account_states import TOPIC

__all__ = ["cores_needed"]

ROWS_MIN = 50_000


def cores_needed(settings: Settings, *, accounts: int, rows_per_second: int) -> Decimal:
    """Return how many cores a console needs that reads so many rows of so many accounts.

    It reads each row, decodes each account's newest one as rarely as it may, and works out the
    order of the desk as often as it may.
    """
    model = Model()
    rows, count, began_s = NewestRows(model), 0, time.process_time()
    while count < ROWS_MIN:
        count += sum(map(rows.hold, OutputReader(settings).read(TOPIC.name)))
    read_s, began_s = time.process_time() - began_s, time.process_time()
    rows.hand_on()
    taken_s, began_s = time.process_time() - began_s, time.process_time()
    assert len(model.rows.accounts) == accounts
    desk(model, DeskQuery(), 0)
    ordered_s = time.process_time() - began_s
    cores = read_s / count * rows_per_second
    cores += taken_s / (HELD_SECONDS_MAX + taken_s) + ordered_s / max(KEPT_SECONDS, 5 * ordered_s)
    return round(Decimal(cores), 2)
