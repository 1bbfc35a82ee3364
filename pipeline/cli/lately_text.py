"""What the last hours would have been under other limits, before anybody publishes them."""

import time

from pipeline.cli.otherwise_text import print_otherwise
from pipeline.cli.terminal import say
from pipeline.errors import NothingFoundError
from pipeline.outputs.limits_change import Change
from pipeline.outputs.words import count
from pipeline.replay.lately import lately_under, lines
from pipeline.streams.settings import Settings

__all__ = ["say_lately"]

HOUR_MS = 3_600_000


def say_lately(change: Change, hours: int) -> None:
    """Print how the last hours would have been decided with a change, and how they were."""
    rules = change.rules_after()
    from_ms = time.time_ns() // 1_000_000 - hours * HOUR_MS
    try:
        found = lately_under(Settings.from_environment(), change.account, rules, from_ms=from_ms)
    except NothingFoundError as error:
        say(f"remark: the last {count(hours, 'hour')} cannot be compared: {error}", err=True)
        return
    say(f"The last {count(hours, 'hour')}, as decided -> with this change:")
    for line in lines(found):
        say(f"  {line}")
    print_otherwise(found)
