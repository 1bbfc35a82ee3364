"""Every topic by its name, in the order of the documentation."""

from topics import (
    account_states,
    accounts,
    alerts,
    controls,
    dead_letters,
    decisions,
    emergency_stops,
    events,
    fills,
    instruments,
    limits,
    orders,
    positions,
    prices,
    signals,
    snapshots,
)
from topics.topic import Topic

_MODULES = (
    signals,
    orders,
    fills,
    positions,
    accounts,
    limits,
    controls,
    prices,
    instruments,
    events,
    decisions,
    emergency_stops,
    alerts,
    account_states,
    snapshots,
    dead_letters,
)

TOPICS: dict[str, Topic] = {module.TOPIC.name: module.TOPIC for module in _MODULES}
INPUTS: tuple[Topic, ...] = tuple(topic for topic in TOPICS.values() if topic.direction == "in")
KEYED_BY_ACCOUNT: tuple[Topic, ...] = tuple(t for t in INPUTS if t.key == "account_id")
