"""The schemas accept what the codec accepts and refuse what it refuses."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from topics.catalogue import INPUTS, TOPICS
from topics.codec import encode
from topics.schema import asyncapi, json_schema, json_schemas
from topics.topic import Topic

every_topic = pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
every_input = pytest.mark.parametrize("topic", INPUTS, ids=lambda topic: topic.name)


def accepts(topic: str, **changed: object) -> bool:
    """Tell whether a topic's schema accepts its example with changed fields."""
    fields = json.loads(encode(TOPICS[topic].example)) | changed
    return Draft202012Validator(json_schema(TOPICS[topic])).is_valid(fields)


@every_topic
def test_schema_is_one_and_accepts_every_example(topic: Topic) -> None:
    schema = json_schemas()[topic.name]

    Draft202012Validator.check_schema(schema)
    errors = [
        error.message
        for example in topic.examples
        for error in Draft202012Validator(schema).iter_errors(json.loads(encode(example)))
    ]

    assert errors == []


@every_input
def test_schema_refuses_when_a_required_field_is_missing(topic: Topic) -> None:
    name = topic.key
    fields = json.loads(encode(topic.example))
    del fields[name]

    errors = list(Draft202012Validator(json_schema(topic)).iter_errors(fields))

    assert f"'{name}' is a required property" in [error.message for error in errors]


@every_input
def test_schema_ignores_fields_when_a_writer_adds_its_own(topic: Topic) -> None:
    assert accepts(topic.name, x_added={"deep": [None]})


@every_input
def test_schema_refuses_unknown_fields_of_signals_alone(topic: Topic) -> None:
    assert accepts(topic.name, added_later={"deep": [None]}) == (topic.name != "signals")


@pytest.mark.parametrize("good", [1, 0.5, "1", "0.50", "+1", ".5", "1e3", "1E-3", "1."])
def test_schema_accepts_when_a_quantity_is_a_number_or_its_text(good: object) -> None:
    assert accepts("signals", quantity=good)


@pytest.mark.parametrize(
    "bad", [0, -1, "0", "-1", "0.00", "0e5", "1_000", " 1", "1 ", "NaN", "Infinity", "", True, [1]]
)
def test_schema_refuses_when_a_quantity_is_none(bad: object) -> None:
    assert not accepts("signals", quantity=bad)


@pytest.mark.parametrize(
    ("share", "accepted"),
    [
        (0, True), (1, True), ("0", True), ("1.000", True), ("0.85", True), ("1e-2", True),
        (1.01, False), (-0.1, False), ("1.01", False), ("-0.1", False), ("2", False),
    ],
)  # fmt: skip
def test_schema_bounds_a_confidence_from_0_to_1(share: object, *, accepted: bool) -> None:
    assert accepts("signals", confidence=share) == accepted


@pytest.mark.parametrize(
    ("topic", "changed", "accepted"),
    [
        ("signals", {"side": 2}, True),
        ("signals", {"side": 3}, False),
        ("signals", {"account_id": "*"}, False),
        ("signals", {"signal_id": "a:1"}, True),
        ("signals", {"symbol": "a:1"}, True),
        ("signals", {"symbol": "BRK B"}, True),
        ("signals", {"symbol": "BRK "}, False),
        ("signals", {"account_id": "a:1"}, False),
        ("signals", {"created_at_ms": -1}, False),
        ("signals", {"created_at_ms": 1.5}, False),
        ("orders", {"filled_quantity": "-1"}, False),
        ("orders", {"filled_quantity": "-0"}, True),
        ("limits", {"account_id": "*"}, True),
        ("limits", {"version": 0}, False),
        ("limits", {"reason": ""}, False),
        ("limits", {"reason": "x" * 501}, False),
        ("limits", {"rules": {"cash": 5}}, False),
        ("controls", {"command": "stop"}, False),
        ("accounts", {"amount": "-1", "kind": "funding"}, True),
        ("accounts", {"amount": "-1", "kind": "deposit"}, False),
        ("accounts", {"amount": -1, "kind": "withdrawal"}, False),
        ("prices", {"bid": None, "ask": None, "mark": None, "last": None}, False),
        ("prices", {"bid": None, "ask": None, "mark": None}, True),
        ("positions", {"average_price": None}, False),
        ("positions", {"average_price": None, "quantity": "-0.00"}, True),
        ("positions", {"average_price": None, "quantity": 0}, True),
        ("positions", {"average_price": None, "quantity": 0.1}, False),
        ("positions", {"average_price": None, "quantity": "0.01"}, False),
        ("decisions", {"approved_quantity": "1.50"}, False),
        ("decisions", {"approved_quantity": 1.5}, False),
        ("decisions", {"equity": None}, True),
        ("decisions", {"verdict": "maybe"}, False),
        ("decisions", {"kind": "exit"}, False),
    ],
)
def test_schema_says_the_same_as_the_contract(
    topic: str, changed: dict[str, object], *, accepted: bool
) -> None:
    assert accepts(topic, **changed) == accepted


@every_topic
def test_document_gives_each_topic_its_address_partitions_and_retention(topic: Topic) -> None:
    channel = asyncapi("desk.", partitions=6)["channels"][topic.name]

    assert channel["address"] == f"desk.{topic.name}"
    assert channel["bindings"]["kafka"] == {
        "topic": f"desk.{topic.name}",
        "partitions": 6,
        "topicConfiguration": {
            "cleanup.policy": ["compact" if topic.compacted else "delete"],
            "retention.ms": topic.retention_ms,
            "max.message.bytes": topic.message_bytes_max,
        },
        "bindingVersion": "0.5.0",
    }


def test_operations_say_what_riskgate_reads_and_writes() -> None:
    operations = asyncapi("risk.")["operations"]

    assert operations["receive_signals"]["action"] == "receive"
    assert operations["send_decisions"]["channel"] == {"$ref": "#/channels/decisions"}
    assert {name for name in operations if name.endswith("_events")} == {
        "send_events",
        "receive_events",
    }


def test_every_reference_leads_somewhere_in_the_document() -> None:
    document = asyncapi("risk.")
    references = _references(document)

    assert len(references) > 2 * len(TOPICS)
    for reference in references:
        part: Any = document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


@every_topic
def test_payload_in_the_document_accepts_every_example(topic: Topic) -> None:
    document = asyncapi("risk.")
    message = document["components"]["messages"][topic.name]

    validator = Draft202012Validator({**message["payload"], "components": document["components"]})

    assert [validator.is_valid(example["payload"]) for example in message["examples"]] == [
        True for _ in topic.examples
    ]


def _references(part: object) -> list[str]:
    if isinstance(part, list):
        return [found for item in part for found in _references(item)]
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for item in part.values() for found in _references(item)]
    return []
