"""The contract for other languages: JSON Schema of each message, AsyncAPI of all topics.

Both follow from the message types, so they cannot say anything else than the codec does.
"""

from importlib.metadata import version
from typing import Any

import msgspec

from topics.catalogue import TOPICS
from topics.codec import encode
from topics.topic import Topic

__all__ = ["asyncapi", "json_schema"]

JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
COMPONENT = "#/components/schemas/{name}"

Document = dict[str, Any]  # JSON.


def json_schema(topic: Topic) -> Document:
    """Return the JSON Schema of a topic's message."""
    return {"$schema": JSON_SCHEMA, "title": topic.name, **msgspec.json.schema(topic.message)}


def asyncapi(prefix: str) -> Document:
    """Return an AsyncAPI 3 document of every topic, from riskgate's side."""
    topics = list(TOPICS.values())
    schemas, components = msgspec.json.schema_components(
        [topic.message for topic in topics], ref_template=COMPONENT
    )
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "riskgate", "version": version("riskgate")},
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic, prefix) for topic in topics},
        "operations": {topic.name: _operation(topic) for topic in topics},
        "components": {
            "schemas": components,
            "messages": {
                topic.name: _message(topic, schema)
                for topic, schema in zip(topics, schemas, strict=True)
            },
        },
    }


def _channel(topic: Topic, prefix: str) -> Document:
    settings = {
        "cleanup.policy": ["compact" if topic.compacted else "delete"],
        "retention.ms": topic.retention_ms,
        "max.message.bytes": topic.message_bytes_max,
    }
    return {
        "address": f"{prefix}{topic.name}",
        "messages": {topic.name: {"$ref": f"#/components/messages/{topic.name}"}},
        "bindings": {"kafka": {"topicConfiguration": settings, "bindingVersion": "0.5.0"}},
    }


def _operation(topic: Topic) -> Document:
    return {
        "action": "receive" if topic.direction == "in" else "send",
        "channel": {"$ref": f"#/channels/{topic.name}"},
    }


def _message(topic: Topic, schema: Document) -> Document:
    example = msgspec.json.decode(encode(topic.example))
    return {
        "name": topic.name,
        "contentType": "application/json",
        "payload": schema,
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": topic.key},
                "bindingVersion": "0.5.0",
            }
        },
        "examples": [{"payload": example}],
    }
