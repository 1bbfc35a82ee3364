from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.streams.admin.limits_file import load_limits, load_rules
from pipeline.streams.admin.yaml_file import UnreadableFileError, YamlFileError

# Each line names the one before nine times.
BOMB = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)


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
    words = {
        "day_roll": "17:00", "a": "NO", "b": "010", "c": "2026-01-01", "d": "on", "f": "0x1F",
        "g": "1_000", "h": ".inf", "i": "+5", "j": "0o17", "k": "190:20:30", "l": "y", "m": "True",
    }  # fmt: skip
    for head in ("account:\n", "%YAML 1.1\n---\naccount:\n"):
        file.write_text(head + "".join(f"  {name}: {word}\n" for name, word in words.items()))
        assert load_rules(file)["account"] == words


def test_constants_are_read_when_they_are_spelt_as_yaml_says(file: Path) -> None:
    file.write_text("a: {b: true, c: false, d: null, e: ~, f: , g: 'true', h: \"5\"}\n")

    assert load_rules(file)["a"] == {
        "b": True, "c": False, "d": None, "e": None, "f": None, "g": "true", "h": "5",
    }  # fmt: skip


def test_rule_has_no_parameters_when_nothing_follows_its_name(file: Path) -> None:
    file.write_text("cash:\nmargin: {}\n")

    assert load_rules(file) == {"cash": {}, "margin": {}}


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("cash: {}\nmargin: {}\ncash: {}\n", "line 3: 'cash' is repeated"),
        ("cash: {fee_ratio: 0, fee_ratio: 1}\n", "line 1: 'fee_ratio' is repeated"),
        ("cash: {\n", "is not YAML: line 2"),
        ("- cash\n", "must hold rules with their parameters"),
        ("", "must hold rules with their parameters"),
        ("cash: {}\nmargin: 5\n", "line 2: margin must hold parameters and their values, not 5"),
        ("cash: !!python/object:os.system {}\n", "line 1: the tag 'tag:yaml.org,2002:python/"),
        ("cash: {}\n---\nmargin: {}\n", "is not YAML: line 2"),
        ("cash:\n\tfee_ratio: 1\n", "is not YAML: line 2"),
        ("? [a]\n: {}\n", "line 1: a key must be a text"),
        ("a: &x {b: *x}\n", "line 1: a value contains itself"),
        (
            "a:\n  b: 1e99999999999999999999\n",
            "line 2: '1e99999999999999999999' is too large a number",
        ),
        ("a: " + "[" * 40 + "]" * 40, "line 1: values are nested deeper than 32 levels"),
        (BOMB, "the file holds more than 100000 values"),
    ],
)
def test_file_is_refused_with_the_place_when_it_is_malformed(
    file: Path, text: str, advice: str
) -> None:
    file.write_text(text)

    with pytest.raises(YamlFileError) as refused:
        load_rules(file)

    assert advice in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("order_notional: {order_notional_max: 1.000,50}\n", "line 1: expected a key, got '50'"),
        ("cash: {}\nposition_ratio:\n  position_ratio_max:\n    700: 0.05\n",
         "line 4: expected a key, got '700'"),
        ("null: {}\n", "line 1: expected a key, got 'null'"),
        ("cash: {true: 1}\n", "line 1: expected a key, got 'true'"),
        ("0.5: {}\n", "line 1: expected a key, got '0.5'"),
        (": {}\n", "line 1: expected a key, got nothing"),
    ],
)  # fmt: skip
def test_name_that_is_none_is_a_sentence_when_a_file_is_read(
    file: Path, text: str, said: str
) -> None:
    file.write_text(text)

    with pytest.raises(YamlFileError) as refused:
        load_rules(file)

    assert said in str(refused.value)
    assert 'needs quotes, such as "700", and a number has no comma: 1000.50' in str(refused.value)


def test_name_like_a_number_is_read_when_it_has_quotes(file: Path) -> None:
    file.write_text('position_ratio: {position_ratio_max: {"700": 0.05, !!str 5: 1, 0700: 2}}\n')

    assert load_rules(file)["position_ratio"]["position_ratio_max"] == {
        "700": Decimal("0.05"),
        "5": 1,
        "0700": 2,
    }


def test_byte_order_mark_is_read_over_when_a_file_begins_with_it(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfcash: {fee_ratio: 0.1}\n")

    assert load_rules(file) == {"cash": {"fee_ratio": Decimal("0.1")}}


def test_missing_file_is_another_error_when_a_file_is_read(file: Path) -> None:
    with pytest.raises(UnreadableFileError, match="No such file or directory"):
        load_rules(file)


def test_line_of_every_value_is_known_when_a_file_is_read(file: Path) -> None:
    file.write_text("cash:\n  fee_ratio: 0\nmargin:\n  leverage:\n    5\n")

    tree = load_limits(file).tree

    places = [("cash",), ("cash", "fee_ratio"), ("margin", "leverage"), ("margin", "leverage", "X")]
    assert [tree.line_of(place) for place in places] == [1, 2, 4, 4]


def test_value_is_read_twice_when_an_alias_names_it(file: Path) -> None:
    file.write_text("a: &x {b: 1}\nc: *x\n")

    assert load_rules(file) == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize("text", ["a: {b: 1e99999999999999999999}\n", "? [a]\n: {}\n", "[" * 3000])
def test_file_is_refused_in_a_sentence_when_a_value_cannot_be_read(file: Path, text: str) -> None:
    file.write_text(text)

    with pytest.raises(YamlFileError, match=r"limits\.yaml(:| holds| is no| must hold)"):
        load_rules(file)
