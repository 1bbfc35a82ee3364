"""docs/backtest.md: its commands run, in order, and print what the page shows."""

from pathlib import Path

from tests.pages import ran, steps


def test_page_shows_what_its_commands_print_when_they_are_run(tmp_path: Path) -> None:
    shown = [(0, text, "") for _, text in steps("backtest")]

    assert list(ran("backtest", tmp_path)) == shown
    assert len(shown) == 4
