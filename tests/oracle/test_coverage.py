"""The table of what the oracle judges names every rule and every input of the program."""

from pathlib import Path

from pipeline.risk.rules import RULES
from tests.oracle.coverage import INPUTS, JUDGED_RULES, NOT_JUDGED, table
from topics.catalogue import INPUTS as TOPICS

PAGE = Path(__file__).parents[2] / "docs/reliability.md"


def test_every_rule_is_judged_or_named_as_not_judged() -> None:
    assert set(RULES) == JUDGED_RULES | set(NOT_JUDGED)
    assert not JUDGED_RULES & set(NOT_JUDGED)


def test_every_input_has_its_row_in_the_table() -> None:
    assert list(INPUTS) == [topic.name for topic in TOPICS]


def test_page_shows_the_table_as_the_code_makes_it() -> None:
    text = PAGE.read_text()

    shown = text.split("<!-- oracle:begin -->\n")[1].split("\n<!-- oracle:end -->")[0]

    assert shown == table(list(RULES))
