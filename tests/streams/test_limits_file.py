from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.streams.limits_file import LimitsFileError, load_rules


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "limits.yaml"


def test_numbers_keep_every_digit_when_a_file_is_read(file: Path) -> None:
    file.write_text("cash: {fee_ratio: 0.1000000000000000000000000001, a: 1e3, b: -2, c: 7.50}\n")

    parameters = load_rules(file)["cash"]

    assert parameters == {
        "fee_ratio": Decimal("0.1000000000000000000000000001"),
        "a": Decimal(1000),
        "b": -2,
        "c": Decimal("7.5"),
    }
    assert isinstance(parameters["b"], int)


def test_text_stays_text_when_older_yaml_would_make_it_something_else(file: Path) -> None:
    file.write_text("account: {day_roll: 17:00, a: NO, b: 010, c: 2026-01-01, d: on, e: true}\n")

    assert load_rules(file)["account"] == {
        "day_roll": "17:00",
        "a": "NO",
        "b": "010",
        "c": "2026-01-01",
        "d": "on",
        "e": True,
    }


def test_rule_has_no_parameters_when_nothing_follows_its_name(file: Path) -> None:
    file.write_text("cash:\nmargin: {}\n")

    assert load_rules(file) == {"cash": {}, "margin": {}}


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("cash: {}\nmargin: {}\ncash: {}\n", "line 3: 'cash' comes twice"),
        ("cash: {fee_ratio: 0, fee_ratio: 1}\n", "line 1: 'fee_ratio' comes twice"),
        ("cash: {\n", "is no YAML: line 2"),
        ("- cash\n", "must hold rules with their parameters"),
        ("", "must hold rules with their parameters"),
        ("cash: 5\n", "cash must hold parameters with their values, not 5"),
        ("cash: !!python/object:os.system {}\n", "is no YAML: line 1"),
    ],
)
def test_file_is_refused_with_the_place_when_it_is_malformed(
    file: Path, text: str, advice: str
) -> None:
    file.write_text(text)

    with pytest.raises(LimitsFileError) as refused:
        load_rules(file)

    assert advice in str(refused.value)


@pytest.mark.parametrize("text", ["a: {b: 1e99999999999999999999}\n", "? [a]\n: {}\n", "[" * 3000])
def test_file_is_refused_in_a_sentence_when_a_value_cannot_be_read(file: Path, text: str) -> None:
    file.write_text(text)

    with pytest.raises(LimitsFileError, match=r"limits\.yaml (holds|is no|must hold)"):
        load_rules(file)
