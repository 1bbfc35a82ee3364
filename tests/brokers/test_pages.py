"""The programs of docs/adapters/fills.md, as they stand there."""

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

import riskgate
from riskgate import Fill
from tests.pages import program


class Kept(list[Any]):
    """A writer that keeps what it gets."""

    def send(self, message: object) -> None:
        self.append(message)

    def flush(self) -> None:
        self.append("flushed")

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_reports_are_safe_when_the_drop_copy_of_the_page_wrote_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = Kept()
    monkeypatch.setattr(riskgate, "Reports", lambda: kept, raising=False)

    made = runpy.run_path(program("adapters/fills", "fix", tmp_path))
    made["write"](["fill", "order"])

    assert kept == ["fill", "order", "flushed"]
    assert made["drop_copy"].expected == 1


def test_a_file_is_written_whole_when_the_program_of_the_page_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept()
    monkeypatch.setattr(riskgate, "Fills", lambda: kept, raising=False)
    (tmp_path / "trades.csv").write_text(
        "txid,ordertxid,pair,time,type,price,fee,vol\n"
        "T1,O1,XXBTZUSD,2026-01-01 10:30:00.5,buy,50000,1,0.1\n"
    )
    monkeypatch.setattr(sys, "argv", ["files.py", str(tmp_path / "trades.csv")])

    runpy.run_path(program("adapters/fills", "files", tmp_path), run_name="__main__")

    (fill,) = kept
    assert isinstance(fill, Fill)
    assert (fill.fill_id, fill.symbol) == ("T1", "BTC-USD")
