"""Settings that bound what others may send, and how often a process mends itself.

Apart from settings.py because they belong together and that file is long.
"""

from pydantic_settings import BaseSettings

from pipeline.streams.setting import setting

__all__ = ["BoundSettings"]


class BoundSettings(BaseSettings):
    """Bounds of a process."""

    event_bytes_max: int = setting(
        262_144, "bytes", "A larger event becomes a dead letter.", ge=4096, le=1_000_000
    )
    signal_rate_max: int = setting(
        500,
        "1/s",
        "Signals that ingest passes on of one account in one topic, ten times as many at once; the "
        "others become a dead letter a second.",
        ge=1,
        le=1_000_000,
    )
    sessions_mended_max: int = setting(
        10,
        "",
        "Lost sessions with Kafka that a process mends by itself within ten minutes; one more ends "
        "it.",
        ge=0,
        le=1000,
    )
