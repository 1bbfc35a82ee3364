"""JSON Schema and AsyncAPI documents as text, for a topic that the command line names."""

import orjson

from pipeline.errors import StartupError
from pipeline.streams.settings import Settings
from topics.catalogue import TOPICS
from topics.schema import asyncapi, json_schema
from topics.text import nearest

__all__ = ["schema_text"]


def schema_text(topic: str | None, *, as_asyncapi: bool) -> str:
    """Return a document as indented JSON, without a topic all of them.

    Raise StartupError for an unknown topic.
    """
    document: object
    if as_asyncapi:
        document = asyncapi(Settings.from_environment().topic_prefix)
    elif topic is None:
        document = {name: json_schema(known) for name, known in TOPICS.items()}
    elif topic in TOPICS:
        document = json_schema(TOPICS[topic])
    else:
        raise StartupError(f"{topic} is not a topic of riskgate; {_advice(topic)}")
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _advice(topic: str) -> str:
    near = nearest(topic, TOPICS)
    return f"did you mean {near}?" if near else f"topics are: {', '.join(TOPICS)}"
