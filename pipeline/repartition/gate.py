"""Close topics to all writers, and open them again.

A closed topic takes no message: its `max.message.bytes` is below the size of any batch, so every
writer gets an error and none a success that nobody would read.
"""

import time
from collections.abc import Mapping

from confluent_kafka.admin import AdminClient

from pipeline.streams.admin.topic_configs import configs_of, set_configs

__all__ = ["ADVICE", "CLOSED", "SIZE", "close_topics", "open_topics"]

SIZE = "max.message.bytes"
CLOSED = "0"
ADVICE = "use one that may create, configure, read and write all topics of both prefixes"
EVERYWHERE_SECONDS = 1.0  # After the broker that was asked knows it, so do the leaders.


def close_topics(admin: AdminClient, topics: list[str]) -> list[str]:
    """Close topics, and return those that were open. Raise BrokerError when one stays open."""
    found = configs_of(admin, topics, advice=ADVICE)
    still_open = [topic for topic in topics if found[topic][SIZE] != CLOSED]
    set_configs(admin, {topic: {SIZE: CLOSED} for topic in still_open}, advice=ADVICE)
    if still_open:
        time.sleep(EVERYWHERE_SECONDS)
    return still_open


def open_topics(admin: AdminClient, sizes: Mapping[str, str]) -> None:
    """Open topics again with the size that each had."""
    set_configs(admin, {topic: {SIZE: size} for topic, size in sizes.items()}, advice=ADVICE)
