"""Outputs of a replay, as the reader of Kafka would hand them on."""

from collections import Counter

import orjson
from msgspec import Struct

from pipeline.outputs.accounts import Rows
from pipeline.outputs.record import Output
from tests import given
from tests.replay.histories import line_of, replayed

STEP_MS = 1000


def outputs(*messages: Struct) -> list[Output]:
    """Decide messages, a second apart, and return everything that comes out in its order."""
    lines = [
        line_of(message, given.T0_MS + number * STEP_MS) for number, message in enumerate(messages)
    ]
    offsets: Counter[str] = Counter()
    found = []
    for text in replayed(lines).splitlines():
        line = orjson.loads(text)
        topic, value = line["topic"], line["value"]
        raw = text.partition(b'"value":')[2].removesuffix(b"}")
        at_ms = value.get("at_ms") or line["timestamp_ms"]
        sequence = value.get("sequence", 0)
        found.append(Output(topic, 0, offsets[topic], at_ms, line["key"], sequence, raw))
        offsets[topic] += 1
    return found


def of_topic(found: list[Output], topic: str) -> list[Output]:
    return [output for output in found if output.topic == topic]


def rows_of(found: list[Output]) -> Rows:
    """Take the rows of account_states among outputs."""
    rows = Rows()
    for output in of_topic(found, "account_states"):
        rows.take(output)
    return rows
