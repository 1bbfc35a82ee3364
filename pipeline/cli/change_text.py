"""A change of limits as lines: what was in force, and what is since."""

from collections.abc import Iterator

from pipeline.cli.limits_text import changes
from pipeline.outputs.limit_words import Labels
from pipeline.outputs.limits_changes import LimitsChange
from pipeline.risk.limits.listing import listing
from topics.fields import EVERYONE

__all__ = ["change_head", "change_lines"]


def change_head(change: LimitsChange) -> str:
    """Say whose document it is, who published it and why."""
    document = change.document
    said = f"{document.account_id} v{document.version} by {document.author}: {document.reason}"
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
