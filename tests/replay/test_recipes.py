"""docs/recipes.md: its commands run, in order, and print what the page shows."""

from pathlib import Path

from tests.pages import ran, steps


def test_recipes_show_what_their_records_make_when_they_are_replayed(tmp_path: Path) -> None:
    shown = [(0, text, "") for _, text in steps("recipes")]

    assert list(ran("recipes", tmp_path)) == shown
    assert len(shown) == 10
