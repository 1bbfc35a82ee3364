"""What must hold of a simulated world, whatever happened in it.

pipeline/verify judges the logs as it judges a deployment's: one decision for each signal, chains
and sequences without gap or fork, doubles equal to the byte, and all of it what riskgate's own
core makes of the log. Beside that: offsets, transactions and state, which only the world sees.
"""

from collections.abc import Iterator, Mapping

from pipeline.verify.partition import PartitionJudge
from pipeline.verify.records import DECISIONS, EVENTS, OUTPUTS, Record, message_of
from pipeline.verify.redecided import Redecided
from tests.simulation.deployment import Deployment
from topics.codec import DecodeError, decode_as
from topics.decisions import Decision
from topics.signals import TOPIC as SIGNALS
from topics.signals import Signal

__all__ = ["Verdict", "judge_endings", "judge_logs", "judge_signals"]


# What a worker says when a log or a state does not fit: nothing of the kind happened here.
LOST = ("was lost", "lost the end", "truncated", "no longer begins", "were deleted", "was cut")


class Verdict:
    """What was found, and how much was judged."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.events = 0
        self.decided = 0
        self.doubles = 0
        self.slowest_ms = 0


def judge_logs(deployment: Deployment, decided: Mapping[int, int]) -> Verdict:
    """Judge everything that is in the logs; decided: the first offset of each that risk lacks."""
    verdict = Verdict()
    for number in range(deployment.settings.partitions):
        judge = PartitionJudge(whole=True, redecided=Redecided(partition=number))
        for record in _records(deployment, number):
            judge.offer(record)
        for topic in (EVENTS, *OUTPUTS):
            judge.end(topic)
        verdict.violations += [found.sentence() for found in judge.finish(decided[number])]
        verdict.events += judge.counts[EVENTS]
        verdict.decided += judge.invariants.answers.decided
        verdict.doubles += judge.doubles.equal
        verdict.slowest_ms = max(verdict.slowest_ms, judge.invariants.answers.slowest_ms)
    return verdict


def judge_signals(deployment: Deployment) -> Iterator[str]:
    """Judge from outside: each signal that was sent has a decision."""
    decided = {
        message.signal_id
        for record in _all(deployment, DECISIONS)
        if isinstance(message := message_of(DECISIONS, record.value), Decision)
    }
    for record in _all(deployment, SIGNALS.name):
        try:
            signal = decode_as(Signal, record.value)
        except DecodeError:
            continue
        if signal.signal_id not in decided:
            yield f"signal {signal.signal_id} of {signal.account_id} was sent, but never decided"


def _all(deployment: Deployment, topic: str) -> Iterator[Record]:
    for log in deployment.cluster.topics[deployment.settings.topic(topic)].logs:
        for entry in log.read(0, committed=False):
            if not entry.is_marker and entry.value is not None:
                yield Record(topic, log.number, entry.offset, entry.value, entry.timestamp_ms)


def _records(deployment: Deployment, number: int) -> Iterator[Record]:
    for topic in (*OUTPUTS, EVENTS):
        yield from (record for record in _all(deployment, topic) if record.partition == number)


def judge_endings(deployment: Deployment) -> list[str]:
    """Return how workers ended that should not have: without a sentence, or for what was not so."""
    found = []
    for worker in deployment.workers.values():
        found += [f"{worker.name} ended by {error!r}" for error in worker.errors]
        found += [
            f"{worker.name} ended for no reason: {sentence}"
            for sentence in worker.endings
            if any(words in sentence for words in LOST)
        ]
    return found
