"""Records from a file: one JSON line each, in the form of `riskgate replay`, any topic of riskgate.

`partition` and `offset` may be left out: partition 0, and the number of the line in its topic.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Raw, Struct

from pipeline.errors import StartupError
from pipeline.verify.finding import Finding
from pipeline.verify.partition import PartitionJudge
from pipeline.verify.records import EVENTS, OUTPUTS, Record
from pipeline.verify.redecided import Redecided
from topics.catalogue import TOPICS

__all__ = ["judge_lines", "judges_of_lines"]

ALL = 2**63


class _Line(Struct, frozen=True):
    topic: str
    timestamp_ms: int
    value: Raw
    partition: int = 0
    offset: int | None = None


_DECODER = msgspec.json.Decoder(_Line)


def judges_of_lines(lines: Iterable[bytes], *, replay: bool) -> list[PartitionJudge]:
    """Read all lines into judges, one per partition. Raise StartupError at one of another form."""
    judges: dict[int, PartitionJudge] = {}
    offsets: defaultdict[tuple[str, int], int] = defaultdict(int)
    for number, text in enumerate(lines, start=1):
        if text.isspace():
            continue
        line = _decode(text, number)
        if line.topic not in {EVENTS, *OUTPUTS}:
            continue
        judge = judges.get(line.partition)
        if judge is None:
            again = Redecided(partition=line.partition) if replay else None
            judge = judges[line.partition] = PartitionJudge(whole=True, redecided=again)
        place = line.topic, line.partition
        offset = offsets[place] if line.offset is None else line.offset
        offsets[place] = offset + 1
        judge.offer(
            Record(line.topic, line.partition, offset, bytes(line.value), line.timestamp_ms)
        )
    if not any(judge.counts[EVENTS] for judge in judges.values()):
        raise StartupError(
            "The file holds no line of the topic events, so there is nothing to judge"
        )
    return list(judges.values())


def judge_lines(judges: Iterable[PartitionJudge]) -> Iterator[Finding]:
    """Judge everything that was read; risk is taken to have decided all events."""
    for judge in judges:
        for topic in (EVENTS, *OUTPUTS):
            judge.end(topic)
        yield from judge.finish(ALL)


def _decode(text: bytes, number: int) -> _Line:
    try:
        line = _DECODER.decode(text)
    except msgspec.DecodeError as error:
        raise StartupError(f"line {number} is not a recorded message: {error}") from None
    if line.topic not in TOPICS:
        raise StartupError(f"line {number} names no topic of riskgate: {line.topic!r}")
    return line
