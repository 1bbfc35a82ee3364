"""What the judge says at the end: how much it judged, and how often it could not."""

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from pipeline.verify.partition import PartitionJudge
from pipeline.verify.records import EVENTS

__all__ = ["Summary", "sentences", "summary_of"]


class Summary(Struct, frozen=True):
    """Totals over all partitions; times in milliseconds."""

    findings: int
    events: int
    outputs: int
    signals_decided: int
    signals_waiting: int  # Behind what risk has decided.
    equal_doubles: int
    decision_ms_max: int  # Longest time from a signal's append to its decision's record.
    heartbeat_gap_ms_max: int
    replay_equal: int | None  # Outputs decided again to the same bytes; None: not decided again.
    other_versions: dict[str, int]  # Outputs by rules_version, which this release need not equal.
    unjudged: dict[str, int]  # Outputs whose books were in doubt, by invariant.


def summary_of(judges: Iterable[PartitionJudge], findings: int) -> Summary:
    """Add up all partitions."""
    judges = list(judges)
    asked = [judge.invariants for judge in judges]
    replays = [each.redecided for each in asked if each.redecided is not None]
    counts = sum((judge.counts for judge in judges), Counter[str]())
    others = sum((replay.others for replay in replays), Counter[str]())
    return Summary(
        findings=findings,
        events=counts[EVENTS],
        outputs=counts.total() - counts[EVENTS],
        signals_decided=sum(each.answers.decided for each in asked),
        signals_waiting=sum(len(each.answers) for each in asked),
        equal_doubles=sum(judge.doubles.equal for judge in judges),
        decision_ms_max=max((each.answers.slowest_ms for each in asked), default=0),
        heartbeat_gap_ms_max=max((each.heartbeats.longest_gap_ms for each in asked), default=0),
        replay_equal=sum(each.equal for each in replays) if replays else None,
        other_versions=dict(others),
        unjudged=dict(sum((each.unjudged for each in asked), Counter[str]())),
    )


def sentences(summary: Summary) -> Iterator[str]:
    """Describe a summary in lines for people."""
    yield (
        f"{summary.events} events, {summary.outputs} outputs, {summary.signals_decided} signals "
        f"decided, {summary.signals_waiting} waiting, {summary.equal_doubles} equal doubles"
    )
    yield (
        f"longest time from a signal to its decision {summary.decision_ms_max} ms, "
        f"between two heartbeats {summary.heartbeat_gap_ms_max} ms"
    )
    if summary.replay_equal is None:
        yield "not decided again: that needs the log from its first event"
    else:
        yield f"decided again: {summary.replay_equal} outputs equal"
    for version, count in sorted(summary.other_versions.items()):
        yield f"{count} outputs by rules_version {version} were not compared with this release's"
    for invariant, count in sorted(summary.unjudged.items()):
        yield f"{count} outputs not judged for {invariant}: their books were in doubt"
    yield "no findings" if not summary.findings else f"{summary.findings} findings"
