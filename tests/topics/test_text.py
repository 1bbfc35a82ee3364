"""Text that somebody sent, as a person may look at it."""

import json

import pytest

from topics.text import nearest, quoted, visible


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("", ""),
        ("plain, näïve 中文 €", "plain, näïve 中文 €"),
        ("a\u00a0b", "a\u00a0b"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("\x00\x07\x7f", "\\u0000\\u0007\\u007f"),
        ("\x9b31m\x85", "\\u009b31m\\u0085"),
        ("one\ntwo\r\t", "one\\ntwo\\r\\t"),
        ("\u202etxt.exe\u2066\u061c\u200f", "\\u202etxt.exe\\u2066\\u061c\\u200f"),
        ("\u2028\u2029\ufeff", "\\u2028\\u2029\\ufeff"),
        ("\U000e0041", "\\udb40\\udc41"),
    ],
)
def test_control_characters_are_escaped_when_text_is_made_visible(sent: str, shown: str) -> None:
    assert visible(sent) == shown


@pytest.mark.parametrize("sent", ["\x9b2J", "\u202e", "\x7f", "\U000e0041", "ä"])
def test_json_keeps_its_meaning_when_it_is_made_visible(sent: str) -> None:
    assert json.loads(visible(json.dumps(sent, ensure_ascii=False))) == sent


def test_long_text_is_cut_when_it_is_quoted() -> None:
    assert quoted("x" * 61) == f"'{'x' * 60}…'"
    assert quoted("a\x1b") == "'a\\u001b'"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("drawdwon", "drawdown"),
        ("DRAWDOWN", "drawdown"),
        ("limitPrice", None),
        ("zzz", None),
        ("d" * 65, None),
    ],
)
def test_nearest_name_is_found_in_any_case(name: str, meant: str | None) -> None:
    assert nearest(name, ["daily_loss", "drawdown"]) == meant


def test_name_is_returned_as_it_is_written_when_it_is_near() -> None:
    assert nearest("xnys", ["XNYS", "XLON"]) == "XNYS"
