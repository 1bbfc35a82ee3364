"""The page about a new topic shows one that decodes, and names each place that a topic needs."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from tests.readme_tables import ROOT
from tests.test_new_rule import loaded
from topics.catalogue import TOPICS
from topics.codec import decode_as, encode, key_of
from topics.topic import Topic

PAGE = (ROOT / "docs" / "new-topic.md").read_text()
MESSAGE, MEANING = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load the topic that the page shows, under its name."""
    module = loaded(folder, MESSAGE)
    monkeypatch.setitem(sys.modules, "topics.funding", module)
    return module


def test_shown_message_decodes_when_it_is_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic: Topic = shown(tmp_path, monkeypatch).TOPIC

    decoded: object = decode_as(cast(type, topic.message), encode(topic.example))

    assert decoded == topic.example
    assert (topic.name in TOPICS, key_of(topic, topic.example)) == (False, "acct-1")


def test_shown_meaning_loads_when_its_topic_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown(tmp_path, monkeypatch)

    meaning = loaded(tmp_path, MEANING)

    assert callable(meaning.on_funding)


def test_page_names_each_place_when_the_sources_name_an_event() -> None:
    """Orders are an input like the shown one: where their event stands, its event would stand."""
    places = {
        path.relative_to(ROOT).as_posix()
        for folder in ("topics", "pipeline")
        for path in ROOT.glob(f"{folder}/**/*.py")
        if "OrderEvent" in path.read_text()
    }

    assert [place for place in sorted(places) if f"`{place}`" not in PAGE] == []
