"""`riskgate replay` with --set, --summary and --out, as a user runs it."""

import gzip
from pathlib import Path

import orjson
import pytest

from tests.backtest.bought import five_bought
from tests.cli.command import riskgate

SET = ("--set", "position_ratio.position_ratio_max=0.1", "--set", "position_ratio.enabled=true")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.jsonl.gz"
    path.write_bytes(gzip.compress(five_bought()))
    return path


def test_lines_are_the_same_when_a_summary_is_printed_beside_them(history: Path) -> None:
    plain, summed = riskgate("replay", str(history)), riskgate("replay", str(history), "--summary")

    assert plain.returncode == summed.returncode == 0
    assert summed.stdout == plain.stdout
    assert summed.stderr.splitlines()[1:] == [
        "approved 1, modified 0, rejected 0; 0 emergency stops, 0 exits by riskgate",
        "USD: PnL +50, largest drawdown 0 (0.0 %), prevented loss 0",
    ]


def test_lines_go_to_a_file_when_one_is_named(history: Path, tmp_path: Path) -> None:
    out, plain = tmp_path / "out.jsonl.gz", riskgate("replay", str(history))

    done = riskgate("replay", str(history), "--out", str(out))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert gzip.decompress(out.read_bytes()).decode() == plain.stdout
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_summary_is_json_when_a_file_is_named_for_it(history: Path, tmp_path: Path) -> None:
    page, out = tmp_path / "summary.json", tmp_path / "out.jsonl"

    done = riskgate(
        "replay", str(history), *SET, "--summary", "--json", str(page), "--out", str(out)
    )

    found = orjson.loads(page.read_bytes())
    assert (done.returncode, found["modified"], found["money"][0]["pnl"]) == (0, 1, "10")
    assert b'"approved_quantity":"1"' in out.read_bytes()


def test_what_if_is_refused_when_its_parameter_does_not_exist(history: Path) -> None:
    done = riskgate("replay", str(history), "--set", "drawdown.drawdown_ratio=0.1")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "riskgate: --set drawdown.drawdown_ratio: there is no such parameter, did you mean "
        "drawdown_ratio_max?\n"
    )


def test_sentence_says_how_to_record_when_the_log_is_in_kafka() -> None:
    done = riskgate("replay", "--from-kafka", *SET)

    assert done.returncode == 2
    assert "riskgate record FILE" in " ".join(done.stderr.replace("│", " ").split())


def test_sentence_names_the_file_when_it_is_not_gzipped(tmp_path: Path) -> None:
    broken = tmp_path / "history.jsonl.gz"
    broken.write_bytes(b"{}\n")

    done = riskgate("replay", str(broken))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"riskgate: {broken} cannot be read (Not a gzipped file")
