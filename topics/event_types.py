"""The types of events by their name, the field `type` of the log.

Apart from events.py because this is derived from the messages there, so that nobody lists them
again.
"""

from typing import get_args

from topics.events import Event

__all__ = ["EVENT_TYPES", "type_of"]


def type_of(kind: type[Event]) -> str:
    """Return the name of a type of events; for an input it is the name of its topic."""
    return str(kind.__struct_config__.tag)


EVENT_TYPES: dict[str, type[Event]] = {type_of(kind): kind for kind in get_args(Event)}
