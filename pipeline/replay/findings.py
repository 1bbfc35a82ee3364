"""The result of a comparison as lines of text."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from pipeline.replay.comparison import COMPARED
from pipeline.replay.counts import Counts, Difference

__all__ = ["describe"]

NOTHING = "nothing"


def describe(
    counts: Counts, rules_version: str, *, topics: Iterable[str] = COMPARED
) -> Iterator[str]:
    """Yield the counts, the outputs of other rules versions, and the first difference.

    topics: those that were compared.
    """
    yield f"{counts.events} events decided again by rules_version {rules_version}"
    if counts.skipped:
        yield f"{counts.skipped} events are older than the first snapshot of their account"
    for topic in topics:
        yield f"{topic}: {counts.equal[topic]} equal, {counts.different[topic]} different"
    yield from _stretches(counts, rules_version)
    if counts.first is not None:
        yield from _first(counts.first)
        if counts.skipped:
            yield (
                "  (an account that starts from a snapshot does not know the ids before it, so an "
                "input that repeats one of them differs, and so does everything after it)"
            )


def _stretches(counts: Counts, rules_version: str) -> Iterator[str]:
    """Yield who published what, unless this release did all of it."""
    stretches = counts.stretches.in_order()
    if {each.rules_version for each in stretches} - {rules_version}:
        for each in stretches:
            is_own = each.rules_version == rules_version
            who = "this rules_version" if is_own else f"another rules_version, {each.rules_version}"
            yield (
                f"decided by {who}: {each.outputs} outputs "
                f"from {_time(each.first_ms)} to {_time(each.last_ms)}"
            )
    for at_ms, version in counts.stretches.activations():
        yield f"the log activates rules_version {version} at {_time(at_ms)}"


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
