"""The fuzzer without coverage: its inputs repeat, and it names what is wrong."""

from random import Random

import pytest

from tests.fuzz import __main__ as fuzz
from tests.fuzz.changes import changed, examples
from topics.catalogue import INPUTS
from topics.codec import DecodeError, decode


def test_every_example_decodes_before_it_is_changed() -> None:
    for data in examples():
        assert decode(INPUTS[data[0]], data[1:]) == INPUTS[data[0]].example


def test_inputs_are_the_same_when_the_seed_is() -> None:
    drawn = [[changed(data, Random(seed)) for data in examples()] for seed in (1, 1, 2)]

    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_decoders_raise_only_their_own_error_when_examples_are_changed() -> None:
    assert fuzz.by_chance(0, seed=1) == fuzz.FEWEST


def test_input_is_named_when_a_decoder_raises_another_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def decode_badly(_: object, value: bytes) -> None:
        raise KeyError(value) if b"null" in value else DecodeError("no", "$")

    monkeypatch.setattr(fuzz, "decode", decode_badly)

    with pytest.raises(KeyError):
        fuzz.by_chance(0, seed=1)

    assert "of seed 1 raises" in capsys.readouterr().out
