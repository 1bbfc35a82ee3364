"""`riskgate import-csv`: files of prices, signals and fills as recorded inputs."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.cli.command import riskgate

FILES = {
    "instruments": (
        "symbol,settlement_currency,tick_size,lot_size,min_quantity,min_notional\n"
        "BTC-USD,USD,0.01,0.001,0,0\n"
    ),
    "prices": (
        "Time,Symbol,Close,bid\n"
        "2026-01-01T00:00:00Z,BTC-USD,100,\n"
        "2026-01-01T00:00:03Z,BTC-USD,,\n"
        "2026-01-01T00:00:05Z,BTC-USD,110.50,110\n"
    ),
    "signals": "time,symbol,side,Size,confidence\n2026-01-01T00:00:01Z,BTC-USD,BUY,5,nan\n",
    "fills": (
        "executed_at_ms,symbol,side,quantity,price,fill_id,signal_id\n"
        "1767225601000,BTC-USD,buy,0.5,100,f1,s2\n"
    ),
}
OPTIONS = (
    "--map", "signals.quantity=Size", "--default", "signals.account_id=acct-1",
    "--default", "signals.signal_id=s{line}", "--default", "fills.account_id=acct-1",
    "--default", "fills.order_id=venue-{line}", "--open", "acct-1=1000",
)  # fmt: skip
BEGIN_MS = 1_767_225_600_000


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """The files, and what their columns leave out."""
    arguments: list[str] = []
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text)
        arguments += [f"--{name}", str(tmp_path / f"{name}.csv")]
    return [*arguments, *OPTIONS]


def change(folder: Path, name: str, before: str, after: str) -> None:
    path = folder / f"{name}.csv"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))


def imported(folder: Path, options: list[str]) -> list[dict[str, Any]]:
    """The lines of the imported history."""
    out = folder / "history.jsonl"
    done = riskgate("import-csv", str(out), *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{out} holds 1 instrument, 1 account, 2 prices, 1 signal, 1 fill.\n"
    return [orjson.loads(line) for line in out.read_bytes().splitlines()]


def test_rows_stand_in_order_of_time_when_files_are_imported(
    tmp_path: Path, options: list[str]
) -> None:
    lines = imported(tmp_path, options)

    assert [(line["topic"], line["timestamp_ms"] - BEGIN_MS) for line in lines] == [
        ("instruments", -1),
        ("accounts", -1),
        ("prices", 0),
        ("signals", 1000),
        ("fills", 1000),
        ("prices", 5000),
    ]


def test_cells_are_read_exactly_when_columns_have_other_names(
    tmp_path: Path, options: list[str]
) -> None:
    lines = imported(tmp_path, options)

    assert lines[3]["value"] == {
        "account_id": "acct-1",
        "created_at_ms": BEGIN_MS + 1000,
        "quantity": "5",
        "side": "buy",
        "signal_id": "s2",
        "symbol": "BTC-USD",
    }
    assert lines[5]["value"]["last"] == "110.5"


def test_history_is_decided_when_it_was_imported(tmp_path: Path, options: list[str]) -> None:
    out, page = tmp_path / "history.jsonl.gz", tmp_path / "summary.json"

    riskgate("import-csv", str(out), *options)
    done = riskgate("replay", str(out), "--summary", "--json", str(page))

    found: dict[str, Any] = orjson.loads(page.read_bytes())
    # A tenth of 1000 is one unit at 100, of which half was filled; its bid is 110 in the end.
    assert (done.returncode, found["modified"], found["money"][0]["pnl"]) == (0, 1, "5")


@pytest.mark.parametrize(
    ("name", "before", "after", "sentence"),
    [
        ("fills", ",100,", ",1OO,", "fills.csv, line 2, column price: Expected a number in plain"),
        ("signals", "BUY", "long", "signals.csv, line 2, column side: "),
        ("signals", "Size", "Units", "signals.csv has no column 'Size'; it has: time, symbol"),
        ("prices", "00:00:05Z", "noon", "prices.csv, line 4, column time: '2026-01-01Tnoon' is"),
        ("fills", "fill_id", "id", "fills.csv has no column for fill_id; name one with --map"),
        ("fills", ",0.5,", ",-0.5,", "fills.csv, line 2, column quantity: "),
    ],
)
def test_sentence_names_line_and_column_when_a_cell_is_wrong(
    tmp_path: Path, options: list[str], name: str, before: str, after: str, sentence: str
) -> None:
    change(tmp_path, name, before, after)
    out = tmp_path / "history.jsonl"

    done = riskgate("import-csv", str(out), *options)

    assert (done.returncode, done.stdout, out.exists()) == (2, "", False)
    assert done.stderr.startswith(f"riskgate: {tmp_path}/{sentence}")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--map", "prices.bid=Bid"], "but no --prices is given"),
        (["--map", "price=Bid"], "is not TOPIC.FIELD="),
        ([], "nothing with a time was named"),
    ],
)
def test_import_is_refused_when_its_options_name_nothing(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    done = riskgate("import-csv", str(tmp_path / "history.jsonl"), *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in " ".join(done.stderr.replace("│", " ").split())


def test_field_is_named_when_the_topic_does_not_have_it(tmp_path: Path, options: list[str]) -> None:
    out = str(tmp_path / "history.jsonl")

    done = riskgate("import-csv", out, *options, "--default", "fills.fees=0")

    assert (done.returncode, done.stderr) == (
        2,
        "riskgate: fills has no field fees, did you mean fee?\n",
    )
