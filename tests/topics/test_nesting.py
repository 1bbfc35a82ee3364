"""JSON of strangers has a bound of nesting that is ours, not that of Python's stack."""

import sys
from collections.abc import Iterator

import pytest

from pipeline.replay.lines import LineError, decode_line
from tests.topics.messages import error_of
from topics.catalogue import INPUTS, TOPICS
from topics.codec import DecodeError, decode, decode_plain, encode
from topics.nesting import check_depth
from topics.topic import Topic

TOO_DEEP = (None, "JSON is nested too deeply")
every_input = pytest.mark.parametrize("topic", INPUTS, ids=lambda topic: topic.name)


@pytest.fixture(params=[1000, 20_000])
def stack(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let Python recurse as deeply as one version or another may."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(request.param)
    yield
    sys.setrecursionlimit(usual)


def nested(levels: int) -> bytes:
    """Lists within lists; many brackets stand beside them."""
    return b"[" + b"[]," * 50 + b"[" * (levels - 1) + b"]" * levels


@every_input
@pytest.mark.usefixtures("stack")
def test_input_is_refused_when_an_unknown_field_is_33_levels_deep(topic: Topic) -> None:
    value = encode(topic.example)[:-1] + b',"x_own":%b}'

    assert decode(topic, value % nested(31)) == topic.example
    error = error_of(topic, value % nested(32))
    assert (error.path, error.error) == TOO_DEEP


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("levels", [33, 200, 1200, 100_000])
def test_limits_are_refused_when_what_explains_an_error_would_recurse(levels: int) -> None:
    deep = b"[" * levels + b"]" * levels
    value = encode(TOPICS["limits"].example).replace(b'"cash":{', b'"a":1,"b":' + deep + b',"c":{')

    error = error_of(TOPICS["limits"], value)

    assert (error.path, error.error) == TOO_DEEP


@pytest.mark.parametrize("text", [b"[" * 50, b'\\"' + b"[{" * 50, b"]" * 50 + b"[" * 50])
def test_brackets_are_not_counted_when_they_stand_in_a_text(text: bytes) -> None:
    check_depth(b'{"reason":"%b","a":[[1]]}' % text)

    with pytest.raises(DecodeError):
        check_depth(b'{"reason":"%b","a":%b}' % (text, nested(32)))


def test_parameters_are_refused_when_a_stored_document_is_too_deep() -> None:
    with pytest.raises(DecodeError, match="nested too deeply"):
        decode_plain(nested(33))


def test_line_is_refused_when_its_value_is_too_deep() -> None:
    line = b'{"topic":"signals","key":null,"timestamp_ms":0,"value":%b}'

    assert decode_line(line % nested(32), 1).value == nested(32)
    with pytest.raises(
        LineError, match="line 7 is not a recorded input: JSON is nested too deeply"
    ):
        decode_line(line % nested(33), 7)
