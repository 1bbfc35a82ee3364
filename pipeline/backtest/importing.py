"""Files of prices, signals, fills and whatever else came, as one file of recorded inputs.

Lines are ordered by the time of each message; of one time, what others depend on comes first.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from pipeline.backtest.csv_rows import TIME_OF, Names, messages_of
from pipeline.errors import StartupError
from pipeline.replay.line_files import written
from pipeline.replay.lines import encode_line
from pipeline.replay.machine import Line
from topics.accounts import TOPIC as ACCOUNTS
from topics.accounts import CashFlow
from topics.catalogue import TOPICS
from topics.codec import encode, key_of

__all__ = ["IMPORTED", "Opening", "Source", "import_files"]

# In the order of one moment: an order follows what is known then, and a fill follows its order.
IMPORTED = ("instruments", "accounts", "prices", "positions", "signals", "orders", "fills")


class Source(Struct, frozen=True):
    """A file of one topic."""

    topic: str
    path: Path
    names: Names = Names()


class Opening(Struct, frozen=True):
    """An account that begins with an amount of money."""

    account_id: str
    amount: Decimal
    currency: str


def import_files(
    sources: Sequence[Source], openings: Sequence[Opening], out: Path
) -> Mapping[str, int]:
    """Write the files' rows as recorded inputs; return how many of each topic.

    Raise StartupError that names file, line and column of what is wrong; nothing is written then.
    """
    lines: list[tuple[int, int, Line]] = []
    timeless: list[Line] = []
    for source in sources:
        topic, time = TOPICS[source.topic], TIME_OF.get(source.topic)
        for message, content in messages_of(source.path, topic, source.names):
            key = key_of(topic, message).encode()
            at_ms = 0 if time is None else getattr(message, time)
            line = Line(topic.name, key, at_ms, content)
            if time is None:
                timeless.append(line)
            else:
                lines.append((at_ms, IMPORTED.index(topic.name), line))
    if not lines:
        raise StartupError("nothing with a time was named; name --prices, --signals or --fills")
    lines.sort(key=lambda each: each[:2])  # Stable: rows of a file keep their order.
    begin_ms = max(0, lines[0][0] - 1)  # Fills up to an opening's time would not count.
    opened = [_opened(each, begin_ms) for each in openings]
    begun = [each._replace(timestamp_ms=begin_ms) for each in timeless]
    whole = [*begun, *opened, *(line for _, _, line in lines)]
    with written(out) as file:
        file.writelines(map(encode_line, whole))
    return {name: n for name in IMPORTED if (n := sum(each.topic == name for each in whole))}


def _opened(opening: Opening, at_ms: int) -> Line:
    flow = CashFlow(
        account_id=opening.account_id,
        kind="opening",
        flow_id="opening",
        currency=opening.currency,
        amount=opening.amount,
        as_of_ms=at_ms,
    )
    return Line(ACCOUNTS.name, opening.account_id.encode(), at_ms, encode(flow))
