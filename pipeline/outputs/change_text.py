"""A change of limits as lines: what was in force, and what is since."""

from collections.abc import Iterator, Mapping

from pipeline.outputs.limit_words import Labels, Passing, value_text
from pipeline.outputs.limits_changes import LimitsChange
from pipeline.outputs.words import lasting
from pipeline.risk.limits.listing import Level, Listing, listing
from topics.fields import EVERYONE

__all__ = ["change_head", "change_lines", "changes"]

_DEPTHS: dict[Level, int] = {"default": 0, "everyone": 1, "own": 2}


def change_head(change: LimitsChange) -> str:
    """Say whose document it is, who published it and why."""
    document = change.document
    said = f"{document.account_id} v{document.version} by {document.author}: {document.reason}"
    if document.duration_ms is not None:
        said += f"; temporary, for {lasting(document.duration_ms)}"
    if change.waits:
        said += "; PROPOSED, waits for another author"
    return said if change.refused is None else f"{said}; REFUSED: {change.refused}"


def change_lines(change: LimitsChange) -> Iterator[str]:
    """Yield what a document changed for its account; nothing when it was refused."""
    if change.refused is not None:
        return
    name, (everyone, own) = change.document.account_id, change.versions
    labels: Labels = {
        "default": "default",
        "everyone": f"{EVERYONE} v{everyone}",
        "own": f"{name} v{own}",
    }
    found = list(changes(listing(*change.before), listing(*change.after), labels))
    yield from found or ["nothing changed"]


def changes(
    before: Listing, after: Listing, labels: Labels, *, passing: Passing | None = None
) -> Iterator[str]:
    """Yield a line for each changed parameter, then for each rule that starts or stops applying.

    passing: of the parameters that temporary documents set before.
    """
    for place, was in before.parameters.items():
        now = after.parameters[place]
        old, new = value_text(*place, was.value), value_text(*place, now.value)
        if (old, was.level) == (new, now.level):
            continue
        back = f"back to {new} ({labels[now.level]})"
        is_back = _DEPTHS[now.level] < _DEPTHS[was.level]
        origin = (passing or {}).get((was.level, *place), labels[was.level])
        yield f"{'.'.join(place)}: {old} ({origin}) -> {back if is_back else new}"
    yield from _moved(before.idle, after.idle, "does not apply")
    yield from _moved(before.halves, after.halves, "rejects every entry")


def _moved(before: Mapping[str, str], after: Mapping[str, str], status: str) -> Iterator[str]:
    for rule in sorted(before.keys() | after.keys()):
        if before.get(rule) != after.get(rule):
            ways = (
                f"{status}: {each[rule]}" if rule in each else "applies" for each in (before, after)
            )
            yield f"{rule}: {' -> '.join(ways)}"
