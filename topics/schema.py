"""The contract for other languages: JSON Schema of each message, AsyncAPI of all topics.

Both follow from the message types, so they cannot say anything else than the codec does.
"""

from importlib.metadata import version
from typing import Any

import msgspec

from topics.bounds import SPELLING
from topics.catalogue import ABOUT, TOPICS
from topics.codec import EXTENSION, encode
from topics.fields import DECIMAL
from topics.topic import Topic

__all__ = ["asyncapi", "json_schema", "json_schemas"]

JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
COMPONENT = "#/components/schemas/{name}"
KAFKA_BINDING = "0.5.0"
TAG = "Tells the kinds of messages of one topic apart."

PLAIN_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$"  # As riskgate writes every number.
_NOT_BELOW_ZERO = rf"^(?!-[^eE]*[1-9]){SPELLING}$"
_ABOVE_ZERO = rf"^(?!-)(?=[^eE]*[1-9]){SPELLING}$"
_UP_TO_ONE = r"^([+-]?0*\.?0*|\+?0*\.[0-9]+|\+?0*1(\.0*)?|\+?[0-9]*\.?[0-9]*[eE][+-]?[0-9]+)$"

Document = dict[str, Any]  # JSON.


def json_schemas() -> Document:
    """Return the JSON Schema of every topic's message by the topic's name."""
    return {name: json_schema(topic) for name, topic in TOPICS.items()}


def json_schema(topic: Topic) -> Document:
    """Return the JSON Schema of a topic's message."""
    schema = {**msgspec.json.schema(topic.message), **topic.schema_extra}
    head = {"title": topic.name, "description": ABOUT[topic.name]}
    return {"$schema": JSON_SCHEMA, **head, **_exact(schema, topic)}


def asyncapi(prefix: str, *, partitions: int = 24) -> Document:
    """Return an AsyncAPI 3 document of every topic, from riskgate's side."""
    schemas, components = _components()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "riskgate",
            "version": version("riskgate-kafka"),
            "description": "A trading risk gate: strategies ask, execution engines obey.",
        },
        "defaultContentType": "application/json",
        "channels": {
            name: _channel(topic, f"{prefix}{name}", partitions) for name, topic in TOPICS.items()
        },
        "operations": {
            f"{action}_{name}": _operation(topic, action)
            for name, topic in TOPICS.items()
            for action in _actions(topic)
        },
        "components": {
            "schemas": components,
            "messages": {name: _message(topic, schemas[name]) for name, topic in TOPICS.items()},
        },
    }


def _components() -> tuple[Document, Document]:
    """Return each topic's schema and, by name, those that they refer to."""
    topics = list(TOPICS.values())
    schemas: Document = {}
    components: Document = {}
    for written in (True, False):
        chosen = [topic for topic in topics if (topic.direction == "out") is written]
        found, named = msgspec.json.schema_components(
            [topic.message for topic in chosen], ref_template=COMPONENT
        )
        exact = _exact(named, chosen[0])
        components |= exact
        schemas |= {
            topic.name: _exact({**schema, **topic.schema_extra}, topic)
            for topic, schema in zip(chosen, found, strict=True)
        }
    return schemas, components


def _exact(schema: Any, topic: Topic) -> Any:
    """Say at every exact number how it is spelt in this topic."""
    if isinstance(schema, list):
        return [_exact(part, topic) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.keys() == {"enum"} and len(schema["enum"]) == 1:  # A tag, which no field describes.
        return {"description": TAG, **schema}
    if schema.get("format") == DECIMAL:
        return _written(schema) if topic.direction == "out" else _read(schema)
    if schema.get("additionalProperties") is False:
        schema = {**schema, "patternProperties": {f"^{EXTENSION}": {}}}
    # Every variant states its tag; what msgspec adds is OpenAPI's own.
    return {name: _exact(part, topic) for name, part in schema.items() if name != "discriminator"}


def _written(schema: Document) -> Document:
    return {**schema, "type": "string", "pattern": PLAIN_NUMBER}


def _read(schema: Document) -> Document:
    """Accept text and JSON numbers; a bound stands in the pattern for text, as a bound for them."""
    return {**schema, "type": ["string", "number"], "pattern": _pattern(schema)}


def _pattern(schema: Document) -> str:
    if "exclusiveMinimum" in schema:
        return _ABOVE_ZERO
    if "maximum" in schema:
        return _UP_TO_ONE
    return _NOT_BELOW_ZERO if "minimum" in schema else rf"^{SPELLING}$"


def _channel(topic: Topic, address: str, partitions: int) -> Document:
    settings = {
        "cleanup.policy": ["compact" if topic.compacted else "delete"],
        "retention.ms": topic.retention_ms,
        "max.message.bytes": topic.message_bytes_max,
    }
    kafka = {
        "topic": address,
        "partitions": partitions,
        "topicConfiguration": settings,
        "bindingVersion": KAFKA_BINDING,
    }
    return {
        "address": address,
        "description": f"{ABOUT[topic.name]} Written by {_list(topic.writers)}; read by "
        f"{_list(topic.readers)}.",
        "messages": {topic.name: {"$ref": f"#/components/messages/{topic.name}"}},
        "bindings": {"kafka": kafka},
    }


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _actions(topic: Topic) -> tuple[str, ...]:
    return {"in": ("receive",), "between": ("send", "receive"), "out": ("send",)}[topic.direction]


def _operation(topic: Topic, action: str) -> Document:
    return {"action": action, "channel": {"$ref": f"#/channels/{topic.name}"}}


def _message(topic: Topic, schema: Document) -> Document:
    key = {"type": "string", "description": topic.key}
    return {
        "name": topic.name,
        "contentType": "application/json",
        "payload": schema,
        "bindings": {"kafka": {"key": key, "bindingVersion": KAFKA_BINDING}},
        "examples": [
            {"name": type(example).__name__, "payload": msgspec.json.decode(encode(example))}
            for example in topic.examples
        ],
    }
