"""Messages made from the examples, and the errors that they meet."""

import json
from typing import Any

import pytest

from topics.codec import DecodeError, decode, encode
from topics.topic import Topic


def fields_of(topic: Topic) -> dict[str, Any]:
    """Return the JSON of a topic's example."""
    fields: dict[str, Any] = json.loads(encode(topic.example))
    return fields


def error_of(topic: Topic, value: bytes) -> DecodeError:
    """Return the error that decoding raises."""
    with pytest.raises(DecodeError) as caught:
        decode(topic, value)
    return caught.value


def with_literal(topic: Topic, name: str, literal: str) -> bytes:
    """Return the example's bytes with a field's value written as given."""
    fields = fields_of(topic)
    fields[name] = "HERE"
    return json.dumps(fields).replace('"HERE"', literal).encode()
