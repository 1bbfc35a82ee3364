"""The peer to compare with: quixstreams alone, copying one topic to another exactly-once.

Besides application.py the only file that imports quixstreams, because here it is what is measured.
"""

import warnings
from pathlib import Path

# A library that quixstreams imports warns about another one and ignores warning filters.
with warnings.catch_warnings(record=True):
    from quixstreams import Application

__all__ = ["null_passthrough"]

COMMIT_SECONDS = 1.0  # What riskgate uses when it is far behind.


def null_passthrough(  # noqa: PLR0913 - All of them are needed.
    brokers: str,
    *,
    group: str,
    source: str,
    target: str,
    folder: Path,
    commit_seconds: float = COMMIT_SECONDS,
) -> Application:
    """Return an application that copies `source` to `target` when it is run.

    `folder` must be its own: quixstreams creates a state directory although it keeps no state.
    """
    app = Application(
        brokers,
        consumer_group=group,
        state_dir=folder,
        auto_offset_reset="earliest",
        commit_interval=commit_seconds,
        consumer_poll_timeout=0.01,
        processing_guarantee="exactly-once",
        auto_create_topics=False,
        loglevel=None,
    )
    stream = app.dataframe(app.topic(source, value_deserializer="bytes"))
    stream.to_topic(app.topic(target, value_serializer="bytes", key_serializer="bytes"))
    return app
