"""A replay decides with the roles of production: what they set aside, it sets aside too."""

from collections.abc import Iterator

import pytest

from pipeline.streams.roles.decide.decide import Risk
from pipeline.streams.roles.ingest.wrap import Wrapping
from tests import given
from tests.driver import Driver, of
from topics.dead_letters import DeadLetter


def test_ingest_writes_a_dead_letter_when_wrapping_a_record_raises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrap(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Wrapping, "wrap", wrap)

    out = Driver().send(given.account())

    assert [letter.error for letter in of(DeadLetter, out)] == ["internal: ZeroDivisionError"]


def test_key_of_a_dead_letter_is_cut_when_it_is_longer_than_production_keeps() -> None:
    driver = Driver()

    driver.feed("fills", b"k" * 5000, b'"x"')

    assert [len(line.key or b"") for line in driver.lines] == [1024]


def test_risk_saves_its_accounts_when_a_file_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[str] = []

    def checkpoint(_: Risk) -> Iterator[None]:
        commits.append("saved")
        yield

    monkeypatch.setattr(Risk, "checkpoint", checkpoint)
    driver = Driver(partitions=2)
    driver.send(given.account())

    driver.finish()

    assert commits == ["saved", "saved"]
