"""Let the log name the release that publishes, where a worker activated itself.

Apart from broadcast.py: this only makes the event.
"""

from pipeline.streams.roles.broadcast.owned_partition import OwnedPartition
from topics.controls import Control
from topics.events import ControlEvent
from topics.fields import EVERYONE

__all__ = ["activation"]

AUTHOR = "riskgate"


def activation(version: str, owned: OwnedPartition) -> ControlEvent:
    """Return the event that names the release which publishes in a partition.

    Its id is of the row that it follows, so two broadcasts write one control.
    """
    row = owned.reported
    sequence, at_ms = (0, 0) if row is None else (row.sequence, row.at_ms)
    control = Control(
        control_id=f"auto-{version}-{sequence}".replace("+", "-"),
        account_id=EVERYONE,
        command="activate",
        author=AUTHOR,
        reason="RISKGATE_ACTIVATE is auto, and workers of this release publish",
        issued_at_ms=at_ms,
        version=version,
    )
    return ControlEvent(account_id=EVERYONE, body=control)
