"""Dead letters: whatever a stranger sends, its dead letter can be written."""

from pipeline.streams.dead_letter import dead_key, dead_letter
from tests.streams.fakes import record
from topics import codec
from topics.codec import DecodeError
from topics.dead_letters import TOPIC


def test_dead_letter_fits_its_topic_when_every_part_of_the_message_is_huge() -> None:
    huge = record("risk.signals", b"\x00" * 10_000_000, key=b"\x00" * 900_000)
    error = DecodeError("x" * 900_000, "$." + "y" * 900_000)

    letter = dead_letter(huge, error, topic="signals", topic_id="id")
    key = dead_key(huge.key)

    assert len(codec.encode(letter)) + len(key or b"") < TOPIC.message_bytes_max / 20
    assert letter.raw_bytes == 10_000_000


def test_dead_letter_says_what_was_wrong_with_which_bytes_when_they_are_few() -> None:
    garbage = record("risk.fills", b"abc", key=b"acct-\xff", partition=1, offset=7)

    letter = dead_letter(garbage, DecodeError("no JSON", "$"), topic="fills", topic_id="id")

    assert (letter.error, letter.path, letter.raw, letter.raw_bytes) == ("no JSON", "$", b"abc", 3)
    assert letter.raw_digest == "cf4ab791c62b8d2b2109c90275287816"
    assert (letter.source.key, letter.source.partition, letter.source.offset) == (
        "acct-\\xff",
        1,
        7,
    )


def test_dead_letter_is_made_when_the_message_has_neither_key_nor_value() -> None:
    letter = dead_letter(
        record("risk.fills", None, key=None), DecodeError("no value"), topic="fills", topic_id="id"
    )

    assert (letter.source.key, letter.raw, letter.raw_bytes, letter.path) == (None, b"", 0, None)
