"""The oracle and the program agree on random histories; a difference is found and shortened."""

import json
from typing import Any

import pytest

from tests.oracle.__main__ import run
from tests.oracle.history import generate
from tests.oracle.model.watches import ACTIONS
from tests.oracle.shrink import shrunk

SEEDS_PER_TEST = 25


@pytest.mark.parametrize("first", range(0, 250, SEEDS_PER_TEST))
def test_oracle_and_program_agree_on_random_histories(first: int) -> None:
    differing = {
        seed: found
        for seed in range(first, first + SEEDS_PER_TEST)
        if (found := generate(seed).difference) is not None
    }

    assert differing == {}


def test_history_is_the_same_when_its_seed_is() -> None:
    assert generate(3).lines == generate(3).lines
    assert generate(3).lines != generate(4).lines


def test_differing_history_is_shrunk_to_the_lines_that_matter(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(ACTIONS, "halt", [])  # The oracle is wrong about one thing.
    seed = next(seed for seed in range(50) if generate(seed).difference is not None)

    code = run(seed, seed + 1)

    printed = capsys.readouterr().out.splitlines()
    lines = [json.loads(line) for line in printed if line.startswith("{")]
    assert (code, printed[1]) == (1, f"repeat it with: make oracle SEEDS={seed}:{seed + 1}")
    assert lines[-1]["value"]["command"] == "halt"
    assert len(lines) == 1  # A halt acts on an account that has not begun, too.


def test_shrinking_keeps_a_line_that_the_difference_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    history: list[dict[str, Any]] = [{"n": n} for n in range(20)]
    needed = [{"n": 3}, {"n": 17}]

    def difference(lines: list[dict[str, Any]]) -> str | None:
        return "row" if all(line in lines for line in needed) else "another difference"

    monkeypatch.setattr("tests.oracle.shrink.difference", difference)

    assert shrunk(history) == needed
