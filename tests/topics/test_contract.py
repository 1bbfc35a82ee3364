"""What holds for every topic, asked of each one in the catalogue."""

import json

import msgspec
import pytest

from tests.topics.messages import error_of, fields_of, with_literal
from topics.catalogue import INPUTS, TOPICS
from topics.codec import DecodeError, decode, encode, key_of, unknown_fields
from topics.topic import DAY_MS, FOREVER, Topic

KEYED_BY_ACCOUNT = [topic for topic in INPUTS if topic.key == "account_id"]

every_input = pytest.mark.parametrize("topic", INPUTS, ids=lambda topic: topic.name)


@every_input
def test_example_decodes_to_itself_when_encoded(topic: Topic) -> None:
    assert decode(topic, encode(topic.example)) == topic.example


@every_input
def test_own_fields_of_a_writer_change_nothing_when_it_adds_them(topic: Topic) -> None:
    fields = {"x_added": [{"deep": None}], **fields_of(topic), "x_quantity_of_what": "x"}

    message = decode(topic, json.dumps(fields).encode())

    assert message == topic.example


@every_input
def test_unknown_fields_are_counted_or_refused_when_a_writer_adds_them(topic: Topic) -> None:
    fields = {"added_later": [{"deep": None}], **fields_of(topic), "quantity_of_what": "x"}
    value = json.dumps(fields).encode()

    if topic.name == "signals":
        assert error_of(topic, value).path == "$.added_later"
    else:
        assert decode(topic, value) == topic.example
        assert unknown_fields(topic, value) == 2
    assert unknown_fields(topic, encode(topic.example)) == 0


@every_input
def test_error_names_the_field_when_a_required_one_is_missing(topic: Topic) -> None:
    required = [field for field in msgspec.structs.fields(topic.example) if field.required]

    for field in required:
        fields = fields_of(topic)
        del fields[field.encode_name]
        error = error_of(topic, json.dumps(fields).encode())

        assert error.path == f"$.{field.encode_name}"
        assert field.encode_name in error.error


@every_input
def test_error_names_the_field_when_its_type_is_wrong(topic: Topic) -> None:
    for name, right in fields_of(topic).items():
        wrongs: tuple[object, ...] = ({}, True, ["x"])
        for wrong in wrongs:
            if isinstance(right, type(wrong)):
                continue
            error = error_of(topic, json.dumps(fields_of(topic) | {name: wrong}).encode())

            assert (error.path or "").startswith(f"$.{name}"), (name, wrong)


@every_input
def test_optional_field_may_be_left_out_when_it_has_a_default(topic: Topic) -> None:
    fields = fields_of(topic)
    optional = [f for f in msgspec.structs.fields(topic.example) if not f.required]
    keep = {"bid", "average_price"}  # A price needs one, and a position that is held.

    for field in optional:
        if field.encode_name not in keep:
            fields.pop(field.encode_name, None)
    message = decode(topic, json.dumps(fields).encode())

    assert all(
        getattr(message, field.name) == field.default
        for field in optional
        if field.name not in {*keep, "groups"}
    )


def accepts(topic: Topic, value: bytes) -> bool:
    """Tell whether a value decodes."""
    try:
        decode(topic, value)
    except DecodeError:
        return False
    return True


# Ids that riskgate made out of an account's id come back in these: they may be longer.
GIVEN_BACK = {("orders", "signal_id"), ("fills", "signal_id"), ("controls", "stop_id")}
IDS = [
    (topic, name)
    for topic in INPUTS
    for name in fields_of(topic)
    if name.endswith(("_id", "currency", "session")) or name == "symbol"
]
WITH_COLON = {"signal_id", "order_id", "fill_id", "stop_id", "flow_id", "control_id"}
NAMES = {"symbol", "strategy_id"}  # As exchanges and people write them.


@pytest.mark.parametrize(("topic", "name"), IDS)
@pytest.mark.parametrize(
    "wrong", ["", " a", "a ", "a\tb", "a\n", "\n", "ü", "a|b", 'a"', "a\x00", "x" * 161, "**"]
)
def test_path_is_named_when_an_id_has_other_characters(topic: Topic, name: str, wrong: str) -> None:
    error = error_of(topic, json.dumps(fields_of(topic) | {name: wrong}).encode())

    assert error.path == f"$.{name}"


@pytest.mark.parametrize(("topic", "name"), IDS)
@pytest.mark.parametrize("written", ["BRK B", "BTC/USDT:USDT", "A&B", "ES=F", "NQ #1", "C+P"])
def test_blank_stands_only_in_symbols_and_strategies(topic: Topic, name: str, written: str) -> None:
    value = json.dumps(fields_of(topic) | {name: written}).encode()
    is_an_id = written == "BTC/USDT:USDT" and name in WITH_COLON

    assert accepts(topic, value) == (name in NAMES or is_an_id)


@pytest.mark.parametrize(
    ("topic", "name"),
    [(topic, name) for topic, name in IDS if (topic.name, name) not in GIVEN_BACK],
)
def test_path_is_named_when_an_id_is_too_long(topic: Topic, name: str) -> None:
    error = error_of(topic, json.dumps(fields_of(topic) | {name: "x" * 129}).encode())

    assert error.path == f"$.{name}"


@pytest.mark.parametrize(("topic", "name"), IDS)
def test_id_is_kept_when_it_has_every_allowed_character(topic: Topic, name: str) -> None:
    longest = ("AZaz09._/@-" * 12)[:128]

    message = decode(topic, json.dumps(fields_of(topic) | {name: longest}).encode())

    assert getattr(message, name) == longest


@pytest.mark.parametrize(("topic", "name"), IDS)
def test_colon_stands_in_all_but_accounts_currencies_and_sessions(topic: Topic, name: str) -> None:
    value = json.dumps(fields_of(topic) | {name: "a:1"}).encode()

    assert accepts(topic, value) == (name in WITH_COLON | NAMES)


@every_input
def test_star_stands_only_in_limits_and_controls_when_it_is_the_account(topic: Topic) -> None:
    if "account_id" not in fields_of(topic):
        assert topic not in KEYED_BY_ACCOUNT
        return
    value = json.dumps(fields_of(topic) | {"account_id": "*"}).encode()

    if topic.name in {"limits", "controls"}:
        assert key_of(topic, decode(topic, value)) == "*"
    else:
        assert error_of(topic, value).path == "$.account_id"


TEXTS = [(TOPICS[topic], name) for topic in ("limits", "controls") for name in ("author", "reason")]


@pytest.mark.parametrize(("topic", "name"), TEXTS)
@pytest.mark.parametrize(("length", "kept"), [(0, False), (1, True), (500, True), (501, False)])
def test_free_text_is_kept_when_it_has_1_to_500_characters(
    topic: Topic, name: str, length: int, *, kept: bool
) -> None:
    value = json.dumps(fields_of(topic) | {name: "é" * length}).encode()

    if kept:
        assert len(getattr(decode(topic, value), name)) == length
    else:
        assert error_of(topic, value).path == f"$.{name}"


@pytest.mark.parametrize("wrong", [-1, 253_402_300_800_000, 1.5, "1767225600000", 1e400])
@every_input
def test_path_is_named_when_a_time_is_none(topic: Topic, wrong: object) -> None:
    for name in [name for name in fields_of(topic) if name.endswith("_ms")]:
        literal = "1e400" if wrong == 1e400 else json.dumps(wrong)
        error = error_of(topic, with_literal(topic, name, literal))

        assert error.path == f"$.{name}"


def test_every_topic_is_as_the_documentation_says() -> None:
    inputs = {topic.name: (topic.key, topic.retention_ms, topic.compacted) for topic in INPUTS}
    outputs = {name for name, topic in TOPICS.items() if topic.direction == "out"}

    week = 7 * DAY_MS
    assert inputs == {
        **{topic.name: ("account_id", week, False) for topic in KEYED_BY_ACCOUNT},
        "limits": ("account_id", TOPICS["limits"].retention_ms, False),
        "prices": ("symbol", week, False),
        "instruments": ("symbol", FOREVER, True),
    }
    assert outputs == {
        "decisions", "emergency_stops", "alerts", "account_states", "snapshots", "shadows",
        "dead_letters",
    }  # fmt: skip
    assert (TOPICS["events"].retention_ms, TOPICS["events"].append_time) == (30 * DAY_MS, True)
    assert TOPICS["limits"].retention_ms in {week, FOREVER}
    assert TOPICS["account_states"].compacted


@pytest.mark.parametrize("topic", [t for t in TOPICS.values() if t.direction == "out"])
def test_output_ends_with_its_place_in_the_log_when_it_is_no_dead_letter(topic: Topic) -> None:
    for example in topic.examples:
        names = example.__struct_fields__

        if topic.name == "dead_letters":
            assert "sequence" not in names
        else:
            assert names[-4:] == ("sequence", "chain", "rules_version", "at_ms")


@pytest.mark.parametrize("signal_id", ["acct-1:4:2", "acct-1:10:1"])
def test_signal_is_refused_when_its_id_has_the_form_of_our_own(signal_id: str) -> None:
    signals = TOPICS["signals"]

    error = error_of(signals, json.dumps(fields_of(signals) | {"signal_id": signal_id}).encode())

    assert error.path == "$.signal_id"


@pytest.mark.parametrize("signal_id", ["acct-1:4", "acct-2:4:2", "acct-1:4:x", "4:2"])
def test_signal_is_read_when_its_id_only_resembles_our_own(signal_id: str) -> None:
    signals = TOPICS["signals"]

    message = decode(signals, json.dumps(fields_of(signals) | {"signal_id": signal_id}).encode())

    assert [message.signal_id] == [signal_id]  # type: ignore[attr-defined]
