"""The bytes of every message as they once went out: they do not change and stay readable."""

from pathlib import Path
from typing import cast, get_args

import pytest
from msgspec import Struct

from topics.catalogue import TOPICS
from topics.codec import decode_as, encode
from topics.topic import Topic

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = [(topic, example) for topic in TOPICS.values() for example in topic.examples]


def path_of(topic: Topic, example: Struct) -> Path:
    """Return where an example's bytes are kept."""
    tag = example.__struct_config__.tag
    return GOLDEN / (f"{topic.name}.{tag}.json" if tag else f"{topic.name}.json")


@pytest.mark.parametrize(("topic", "example"), EXAMPLES, ids=lambda each: type(each).__name__)
def test_bytes_are_the_golden_ones_when_an_example_is_encoded(
    topic: Topic, example: Struct
) -> None:
    encoded = encode(example)

    assert encoded == path_of(topic, example).read_bytes()


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_message_decodes_when_its_bytes_are_golden_however_old(path: Path) -> None:
    topic = TOPICS[path.name.partition(".")[0]]

    message: object = decode_as(cast(type, topic.message), path.read_bytes())

    assert message in topic.examples


def test_every_message_type_has_an_example_when_a_topic_carries_several() -> None:
    types = {name: {type(example) for example in topic.examples} for name, topic in TOPICS.items()}
    carried = {name: set(get_args(topic.message)) for name, topic in TOPICS.items()}

    several = {name: kinds for name, kinds in carried.items() if kinds}
    assert {name: types[name] for name in several} == several
    assert set(several) == {"events", "decisions", "shadows"}
