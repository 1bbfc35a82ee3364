"""The result of a comparison as lines of text."""

from collections.abc import Iterator
from datetime import UTC, datetime

from pipeline.replay.comparison import COMPARED
from pipeline.replay.counts import Counts, Difference

__all__ = ["describe"]

NOTHING = "nothing"


def describe(counts: Counts, rules_version: str) -> Iterator[str]:
    """Yield the counts, the outputs of other rules versions, and the first difference."""
    yield f"{counts.events} events decided again by rules_version {rules_version}"
    if counts.skipped:
        yield f"{counts.skipped} events are older than the first snapshot of their account"
    for topic in COMPARED:
        yield f"{topic}: {counts.equal[topic]} equal, {counts.different[topic]} different"
    for version, others in sorted(counts.others.items(), key=lambda item: item[1].first_ms):
        yield (
            f"decided by another rules_version, {version}: {others.outputs} outputs "
            f"from {_time(others.first_ms)} to {_time(others.last_ms)}"
        )
    if counts.first is not None:
        yield from _first(counts.first)
        if counts.skipped:
            yield (
                "  (an account that starts from a snapshot does not know the ids before it, so an "
                "input that repeats one of them differs, and so does everything after it)"
            )


def _first(difference: Difference) -> Iterator[str]:
    where = difference.where
    yield (
        f"first difference: {where.topic} of account {where.account_id} at sequence "
        f"{where.sequence}, partition {where.partition}"
    )
    yield f"  recorded {_text(difference.recorded)}"
    yield f"  decided  {_text(difference.decided)}"


def _text(value: bytes | None) -> str:
    return NOTHING if value is None else value.decode(errors="backslashreplace")


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
