"""The peers to compare with: quixstreams alone, copying one topic to another, and with a state.

Besides application.py the only file that imports quixstreams, because here it is what is measured.
"""

import warnings
from pathlib import Path
from typing import Any

# A library that quixstreams imports warns about another one and ignores warning filters.
with warnings.catch_warnings(record=True):
    from quixstreams import Application, State

__all__ = ["null_passthrough", "stateful_count"]

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
    app = _application(brokers, group=group, folder=folder, commit_seconds=commit_seconds)
    stream = app.dataframe(app.topic(source, value_deserializer="bytes"))
    stream.to_topic(app.topic(target, value_serializer="bytes", key_serializer="bytes"))
    return app


def stateful_count(  # noqa: PLR0913 - As above.
    brokers: str,
    *,
    group: str,
    source: str,
    target: str,
    folder: Path,
    commit_seconds: float = COMMIT_SECONDS,
) -> Application:
    """Return an application that keeps a small state for each key and writes a row per message."""
    app = _application(
        brokers, group=group, folder=folder, commit_seconds=commit_seconds, creates_changelog=True
    )
    stream = app.dataframe(app.topic(source, value_deserializer="json"))
    stream = stream.apply(count_event, stateful=True)
    stream.to_topic(app.topic(target, value_serializer="json"))
    return app


def count_event(event: dict[str, Any], state: "State[Any, Any]") -> dict[str, Any]:
    """Keep how many events an account had and its newest bid of each symbol; decide nothing."""
    account = state.get("account", default={"sequence": 0, "bids": {}})
    account["sequence"] += 1
    if quote := event.get("quote"):
        account["bids"][quote["symbol"]] = quote["bid"]
    state.set("account", account)
    return {"signal_id": event["body"].get("signal_id"), "sequence": account["sequence"]}


def _application(  # noqa: PLR0913 - As above.
    brokers: str,
    *,
    group: str,
    folder: Path,
    commit_seconds: float,
    creates_changelog: bool = False,
) -> Application:
    return Application(
        brokers,
        consumer_group=group,
        state_dir=folder,
        auto_offset_reset="earliest",
        commit_interval=commit_seconds,
        consumer_poll_timeout=0.01,
        processing_guarantee="exactly-once",
        auto_create_topics=creates_changelog,
        loglevel=None,
    )
