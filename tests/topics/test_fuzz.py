"""Whatever the bytes are, the codec answers with a message or a DecodeError, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from topics.catalogue import INPUTS, TOPICS
from topics.codec import DecodeError, decode, encode, encode_event
from topics.topic import Topic

every_input = pytest.mark.parametrize("topic", INPUTS, ids=lambda topic: topic.name)
fuzz = settings(max_examples=100, deadline=None)

_odd_texts = st.sampled_from(
    ["1_0", " 1", "NaN", "-Infinity", "sNaN9", "1e999999999999999999999", "\x00", "*", "9" * 5000]
)
_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text()
    | _odd_texts
)
_json = st.recursive(
    _leaves, lambda part: st.lists(part) | st.dictionaries(st.text(), part), max_leaves=8
)


def assert_decodes_or_says_why(topic: Topic, value: bytes) -> None:
    """Decode; what decodes travels on, what does not says why in one line."""
    outcome = message_or_error(topic, value)

    if isinstance(outcome, DecodeError):
        assert 0 < len(str(outcome)) < 1000
        assert "\n" not in outcome.error
        assert (outcome.path or "$").startswith("$")
    else:
        assert encode(decode(topic, encode(outcome))) == encode(outcome)
        assert encode_event(outcome)


def message_or_error(topic: Topic, value: bytes) -> Struct | DecodeError:
    """Decode, or return the error."""
    try:
        return decode(topic, value)
    except DecodeError as error:
        return error


@every_input
@given(value=st.binary(max_size=300))
@fuzz
def test_only_decode_errors_come_when_bytes_are_arbitrary(topic: Topic, value: bytes) -> None:
    assert_decodes_or_says_why(topic, value)


@every_input
@given(at=st.integers(0, 10_000), length=st.integers(0, 8), inserted=st.binary(max_size=8))
@fuzz
def test_only_decode_errors_come_when_bytes_of_a_message_are_replaced(
    topic: Topic, at: int, length: int, inserted: bytes
) -> None:
    value = encode(topic.example)
    at %= len(value)

    assert_decodes_or_says_why(topic, value[:at] + inserted + value[at + length :])


@every_input
@given(data=st.data())
@fuzz
def test_only_decode_errors_come_when_fields_have_other_values(
    topic: Topic, data: st.DataObject
) -> None:
    fields: dict[str, Any] = json.loads(encode(topic.example))
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(fields)), _json, max_size=3))

    assert_decodes_or_says_why(topic, json.dumps(fields | changed).encode("utf-8", "surrogatepass"))


@given(rules=st.dictionaries(st.text(), st.dictionaries(st.text(), _json) | _leaves))
@fuzz
def test_only_decode_errors_come_when_parameters_have_any_shape(rules: dict[str, Any]) -> None:
    fields = json.loads(encode(TOPICS["limits"].example)) | {"rules": rules}

    assert_decodes_or_says_why(
        TOPICS["limits"], json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")
    )


@pytest.mark.parametrize("number", ["1e99999999999999999999", "-1e-99999999999999999999", "1e400"])
def test_path_is_named_when_a_parameter_is_beyond_every_number(number: str) -> None:
    example = encode(TOPICS["limits"].example)
    value = example.replace(b'"0.05"', number.encode())

    outcome = message_or_error(TOPICS["limits"], value)

    assert value != example
    assert isinstance(outcome, DecodeError)
    assert (outcome.path or "").startswith("$")
