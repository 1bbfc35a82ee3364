"""Recorded lines: what is read, and which ones are refused with a sentence."""

import pytest

from pipeline.replay.lines import LineError, decode_line, encode_line
from pipeline.replay.machine import Line


def test_value_keeps_its_bytes_when_it_is_json() -> None:
    text = b'{"topic":"fills","key":"a","timestamp_ms":7,"value":{"price": 1.10, "x": 1e0}}'

    assert decode_line(text, 1) == Line("fills", b"a", 7, b'{"price": 1.10, "x": 1e0}')


def test_value_is_what_the_base64_says_when_it_is_raw() -> None:
    text = b'{"topic":"fills","key":null,"timestamp_ms":7,"raw":"/wA="}'

    assert decode_line(text, 1) == Line("fills", None, 7, b"\xff\x00")


def test_there_is_no_value_when_it_is_null() -> None:
    text = b'{"topic":"fills","key":"a","timestamp_ms":7,"value":null}'

    assert decode_line(text, 1) == Line("fills", b"a", 7, None)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"{", "line 3 is not a recorded input: Input data was truncated"),
        (b"[]", "line 3 is not a recorded input: Expected `object`, got `array`"),
        (
            b'{"topic":"fills","key":"a","value":1}',
            "line 3 is not a recorded input: Object missing required field `timestamp_ms`",
        ),
        (
            b'{"topic":"fills","key":"a","timestamp_ms":1}',
            "line 3 is not a recorded input: it needs either value or raw",
        ),
        (
            b'{"topic":"fills","key":"a","timestamp_ms":1,"value":1,"raw":""}',
            "line 3 is not a recorded input: it needs either value or raw",
        ),
        (
            b'{"topic":"fill","key":"a","timestamp_ms":1,"value":1}',
            "line 3 has no input topic: 'fill', did you mean fills?",
        ),
        (
            b'{"topic":"events","key":"a","timestamp_ms":1,"value":1}',
            (
                "line 3 has no input topic: 'events'; inputs are signals, orders, fills, "
                "positions, accounts, limits, controls, prices, instruments"
            ),
        ),
    ],
)
def test_line_is_refused_when_it_is_not_of_the_form(text: bytes, sentence: str) -> None:
    with pytest.raises(LineError) as refused:
        decode_line(text, 3)

    assert str(refused.value) == sentence


def test_line_is_read_as_it_was_when_it_was_written() -> None:
    line = Line("signals", b'a"b', 7, b'{"x":1}')

    written = encode_line(line)

    assert written == b'{"topic":"signals","key":"a\\"b","timestamp_ms":7,"value":{"x":1}}\n'
    assert decode_line(written, 1) == line
