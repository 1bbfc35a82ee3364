"""Every field of every message says what it is, in its type and in what is made from it."""

import json
import re
from decimal import Decimal
from typing import Annotated, Any

import pytest
from msgspec import Struct
from msgspec import json as json_codec
from msgspec.structs import FieldInfo
from typer.testing import CliRunner

from pipeline.cli.app import app
from tests.topics.message_tables import messages_page
from tests.topics.message_types import described, fields_of_type, message_types
from topics.bounds import check_message
from topics.catalogue import TOPICS
from topics.codec import DecodeError, decode_as, encode
from topics.fields import Number, Positive, Quantity, Share, Written, doc
from topics.schema import asyncapi
from topics.topic import Topic

every_topic = pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)


def fields(topic: Topic) -> list[tuple[str, FieldInfo, Any]]:
    """Return every field of a topic's messages with its path and its annotation."""
    return [
        (f"{message.__name__}.{field.name}", field, hint)
        for message in message_types(topic)
        for field, hint in fields_of_type(message)
    ]


def text_of(hint: object) -> str:
    """Return a field's description."""
    found = described(hint)
    return "" if found is None else found.description or ""


def objects(part: object) -> list[dict[str, Any]]:
    """Return every object that a JSON Schema describes."""
    if isinstance(part, list):
        return [found for item in part for found in objects(item)]
    if not isinstance(part, dict):
        return []
    own = [part] if isinstance(part.get("properties"), dict) and "title" in part else []
    return own + [found for item in part.values() for found in objects(item)]


@every_topic
def test_every_field_is_described_in_its_type(topic: Topic) -> None:
    bare = [path for path, _, hint in fields(topic) if not text_of(hint)]

    assert bare == []


@every_topic
def test_description_says_more_than_the_name_of_its_field(topic: Topic) -> None:
    short = [
        path
        for path, field, hint in fields(topic)
        if set(text_of(hint).lower().rstrip(".").split()) <= {"the", *field.name.split("_")}
        or not text_of(hint).endswith((".", ")"))
    ]

    assert short == []


@every_topic
def test_description_says_what_happens_when_a_field_may_be_absent_or_null(topic: Topic) -> None:
    silent = [
        path
        for path, field, hint in fields(topic)
        if (topic.direction == "in" and not field.required and "If absent" not in text_of(hint))
        or (topic.direction == "out" and "None" in str(hint) and "Null" not in text_of(hint))
    ]

    assert silent == []


@every_topic
def test_number_and_time_name_their_unit(topic: Topic) -> None:
    silent = [
        path
        for path, field, hint in fields(topic)
        if ("Decimal" in str(hint) or field.name.endswith("_ms")) and "Unit: " not in text_of(hint)
    ]

    assert set(silent) <= {"AccountState.statistics"}  # Of several units; its text names them.


@every_topic
def test_every_description_is_in_the_printed_schema(topic: Topic) -> None:
    printed = CliRunner().invoke(app, ["topics", "schema", topic.name]).stdout
    found = {each["title"]: each["properties"] for each in objects(json.loads(printed))}

    for message in message_types(topic):
        for field, hint in fields_of_type(message):
            assert found[message.__name__][field.encode_name]["description"] == text_of(hint)


@every_topic
def test_every_property_of_the_asyncapi_document_is_described(topic: Topic) -> None:
    document = asyncapi("risk.")
    payload = document["components"]["messages"][topic.name]["payload"]

    bare = [
        f"{each['title']}.{name}"
        for each in objects([payload, document["components"]["schemas"]])
        for name, field in each["properties"].items()
        if not field.get("description")
    ]

    assert bare == []


class Item(Struct, frozen=True, kw_only=True):
    exact: Annotated[Quantity | None, doc("An exact number.")]
    shown: Annotated[Number, doc("A rounded number.")]


class Described(Written, frozen=True, kw_only=True):
    positive: Annotated[Positive | None, doc("A number above zero.")] = None
    share: Annotated[Share, doc("A share.")] = Decimal(0)
    parameters: Annotated[dict[str, Any] | None, doc("A tree.")] = None
    items: Annotated[tuple[Item, ...], doc("Several items.")] = ()


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("$.positive", Described(positive=Decimal(0))),
        ("$.positive", Described(positive=Decimal("NaN"))),
        ("$.share", Described(share=Decimal("1.1"))),
        ("$.parameters", Described(parameters={"x": "x" * 501})),
    ],
)
def test_bound_holds_when_a_field_is_described(path: str, wrong: Described) -> None:
    with pytest.raises(DecodeError) as caught:
        check_message(wrong)

    assert (caught.value.path or "").startswith(path)


def test_quantity_stays_exact_when_its_fields_are_described() -> None:
    long = Decimal("0.1234567890123456789")

    written = json_codec.decode(encode(Described(items=(Item(exact=long, shown=long),))))

    assert written["items"] == [{"exact": "0.1234567890123456789", "shown": "0.123456789012345679"}]


def test_message_decodes_the_same_when_its_fields_are_described() -> None:
    value = b'{"positive":"2","share":"0.5","items":[{"exact":null,"shown":"1"}]}'

    assert decode_as(Described, value) == Described(
        positive=Decimal(2), share=Decimal("0.5"), items=(Item(exact=None, shown=Decimal(1)),)
    )


def test_description_joins_meaning_unit_and_absence() -> None:
    meta = doc("Fee of the fill.", unit="fee_currency", absent="there is no fee", null="never")

    assert meta.description == (
        "Fee of the fill. Unit: fee_currency. If absent, there is no fee. Null never."
    )
    assert (doc("Net.").description, doc("Net.").extra) == ("Net.", {"meaning": "Net.", "unit": ""})


@every_topic
def test_page_of_messages_lists_every_field(topic: Topic) -> None:
    page = messages_page()

    missing = [path for path, field, _ in fields(topic) if f"| `{field.encode_name}` |" not in page]

    assert missing == []
    assert f"\n## {topic.name}\n" in f"\n{page}"


def test_page_marks_what_is_internal() -> None:
    sections = {part.partition("\n")[0]: part for part in messages_page().split("## ")}

    assert {name for name in TOPICS if "**Internal.**" in sections[name]} == {"events", "snapshots"}


def test_every_link_of_the_page_leads_to_a_heading() -> None:
    page = messages_page()
    headings = set(re.findall(r"^#+ (\w+)$", page, re.MULTILINE))

    linked = set(re.findall(r"\]\(#(\w+)\)", page))

    assert {"instruments", "check", "quote"} <= linked <= {name.lower() for name in headings}
