"""The message types of a topic, those inside them included, and their fields."""

from collections.abc import Iterator
from typing import Any, cast, get_args, get_type_hints

from msgspec import Meta, Struct, structs

from topics.hints import metas
from topics.topic import Topic


def message_types(topic: Topic) -> list[type[Struct]]:
    """Return the types that a topic carries, each before those that it holds."""
    return list(dict.fromkeys(_types(topic.message)))


def kinds(topic: Topic) -> list[type[Struct]]:
    """Return the types that a topic's messages have, without those inside them."""
    return list(get_args(topic.message)) or [cast(type[Struct], topic.message)]


def _types(hint: object) -> Iterator[type[Struct]]:
    if isinstance(hint, type) and issubclass(hint, Struct):
        yield hint
        for inner in get_type_hints(hint, include_extras=True).values():
            yield from _types(inner)
    for part in get_args(hint):
        yield from _types(part)


def fields_of_type(message: type[Struct]) -> list[tuple[structs.FieldInfo, Any]]:
    """Return each field of a message type with its annotation."""
    hints = get_type_hints(message, include_extras=True)
    return [(field, hints[field.name]) for field in structs.fields(message)]


def described(hint: object) -> Meta | None:
    """Return what describes a field, None where nothing does."""
    return next((meta for meta in metas(hint) if meta.description is not None), None)
