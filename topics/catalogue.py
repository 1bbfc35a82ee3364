"""Every topic by its name, in the order of the documentation."""

from types import ModuleType

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
    shadows,
    signals,
    snapshots,
)
from topics.further import kind_of
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
    shadows,
    dead_letters,
)


def _about(module: ModuleType) -> str:
    """Return what a topic's module says of it, in one or two sentences."""
    text = (module.__doc__ or "").partition("\n\n")[0].partition(": ")[2]
    return " ".join(f"{text[:1].upper()}{text[1:]}".split())


TOPICS: dict[str, Topic] = {module.TOPIC.name: module.TOPIC for module in _MODULES}
ABOUT: dict[str, str] = {module.TOPIC.name: _about(module) for module in _MODULES}
INPUTS: tuple[Topic, ...] = tuple(topic for topic in TOPICS.values() if topic.direction == "in")


def topic_of(name: str) -> Topic:
    """Return the topic whose messages a topic of this name holds. Raise KeyError if unknown."""
    return TOPICS[kind_of(name) or name]
