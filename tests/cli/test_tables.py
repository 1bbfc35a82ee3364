"""Tables fit the terminal, and what somebody sent stays harmless in them."""

import pytest

from pipeline.cli.tables import Column, say_fitted, show_live

SENT = "\x1b[2J\u202eexe"
COLUMNS = (Column("id"), Column("state", rank=2), Column("equity", right=True, rank=1))
ROW = ("account-1", "halted", "1,000")


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_whole_table_is_printed_when_stdout_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say_fitted(COLUMNS, [ROW])

    assert lines(capsys) == ["id         state   equity", "account-1  halted   1,000"]


@pytest.mark.parametrize(
    ("columns", "head", "left_out"),
    [
        (25, ["id", "state", "equity"], None),
        (24, ["id", "equity"], "No room for: state (see --json)"),
        (16, ["id"], "No room for: state, equity (see --json)"),
    ],
)
def test_columns_of_highest_rank_are_left_out_when_the_terminal_is_narrow(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
    head: list[str],
    left_out: str | None,
) -> None:
    monkeypatch.setattr("pipeline.cli.terminal.table_width", lambda: columns)

    say_fitted(COLUMNS, [ROW])

    first, *_, last = lines(capsys)
    assert first.split() == head
    assert left_out is None or left_out.startswith(last) or last in left_out


def test_sentence_goes_on_in_the_next_line_when_it_is_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.cli.terminal.table_width", lambda: 30)

    say_fitted((Column("id"), Column("why", folds=True)), [("a", "one two three four five six")])

    assert [line.strip() for line in lines(capsys)][1:] == ["a   one two three four five", "six"]


def test_cells_are_harmless_when_somebody_sent_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    say_fitted((Column("id"),), [(SENT,)])

    assert lines(capsys) == ["id", "\\u001b[2J\\u202eexe"]


def test_frames_follow_each_other_when_stdout_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_live((Column("id"),), [[("a",)], [("b",)]])

    assert lines(capsys) == ["id", "a", "id", "b"]
