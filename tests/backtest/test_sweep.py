"""`riskgate sweep`: a grid of limits over one history."""

import csv
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer

from pipeline.cli.value_lists import grid_of
from tests.backtest.bought import five_bought
from tests.cli.command import riskgate

RATIO = "position_ratio.position_ratio_max"
ON = "position_ratio.enabled=true"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.jsonl"
    path.write_bytes(five_bought())
    return path


def swept(history: Path, *arguments: str) -> list[dict[str, Any]]:
    done = riskgate("sweep", str(history), *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def test_point_is_a_single_replay_when_the_same_is_set(history: Path, tmp_path: Path) -> None:
    rows = swept(history, "--set", f"{RATIO}=0.1,0.2", "--set", ON, "--jobs", "2")

    assert [row["set"] for row in rows] == [
        None,
        {RATIO: "0.1", "position_ratio.enabled": "true"},
        {RATIO: "0.2", "position_ratio.enabled": "true"},
    ]
    for row, options in zip(rows, ([], ["0.1"], ["0.2"]), strict=True):
        page = tmp_path / "single.json"
        chosen = [part for value in options for part in ("--set", f"{RATIO}={value}", "--set", ON)]
        riskgate("replay", str(history), *chosen, "--summary", "--json", str(page))
        assert row["summary"] == orjson.loads(page.read_bytes())


def test_table_and_csv_show_each_point_when_they_are_asked_for(
    history: Path, tmp_path: Path
) -> None:
    path = tmp_path / "sweep.csv"
    options = ("--set", f"{RATIO}=0.1,0.2", "--set", ON, "--table", "--csv", str(path))

    done = riskgate("sweep", str(history), *options)

    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    # Five, one and two units that gain 10 each.
    assert [(row[RATIO], row["modified"], row["pnl"]) for row in rows] == [
        ("as recorded", "0", "50"),
        ("0.1", "1", "10"),
        ("0.2", "1", "20"),
    ]
    shown = [cell for cell in done.stdout.split() if cell.startswith("+")]
    assert shown == ["+50", "+10", "+20"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--set", "drawdwn.x=1,2"], "did you mean drawdown?"),
        (["--set", f"{RATIO}=0.1,"], "is not RULE.PARAMETER=VALUE,VALUE"),
        (["--set", f"{RATIO}=0.1", "--set", f"{RATIO}=0.2"], "is named twice"),
    ],
)
def test_sweep_is_refused_when_its_grid_makes_no_sense(
    history: Path, options: list[str], sentence: str
) -> None:
    done = riskgate("sweep", str(history), *options)

    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in " ".join(done.stderr.replace("│", " ").split())


def test_sentence_names_the_file_when_a_process_cannot_read_it(tmp_path: Path) -> None:
    done = riskgate("sweep", str(tmp_path / "none.jsonl"), "--set", f"{RATIO}=0.1", "--jobs", "1")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"riskgate: {tmp_path / 'none.jsonl'} cannot be read")


def test_values_stay_whole_when_commas_stand_in_brackets_or_quotes() -> None:
    names, points = grid_of(['a.b={x: 1, "y,z": 2},3', "c.d=1, 2"])

    assert names == ["a.b", "c.d"]
    assert points == [
        ('{x: 1, "y,z": 2}', "1"),
        ('{x: 1, "y,z": 2}', "2"),
        ("3", "1"),
        ("3", "2"),
    ]


def test_grid_is_refused_when_a_name_has_no_value() -> None:
    with pytest.raises(typer.BadParameter, match="is not RULE"):
        grid_of(["a.b"])
