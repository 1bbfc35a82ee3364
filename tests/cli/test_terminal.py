"""What somebody sent never acts on the terminal of the one who looks at it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from pipeline.cli.explanation import say_decision
from pipeline.cli.terminal import Screen, say, say_table
from pipeline.errors import StartupError
from pipeline.outputs.limits_yaml import as_yaml
from tests.cli.command import riskgate
from topics.codec import decode
from topics.decisions import TOPIC as DECISIONS
from topics.decisions import Decision
from topics.fields import DecodeError
from topics.limits import LimitsDocument
from topics.signals import TOPIC as SIGNALS

SENT = "\x1b[2J\x9b31m\u202egnp.exe\x7f"
SHOWN = "\\u001b[2J\\u009b31m\\u202egnp.exe\\u007f"


def is_harmless(text: str) -> bool:
    return all(letter.isprintable() or letter == "\n" for letter in text)


def test_lines_stay_lines_when_they_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"one\n{SENT}")
    say(SENT, err=True)

    assert capsys.readouterr() == (f"one\n{SHOWN}\n", f"{SHOWN}\n")


def test_document_is_harmless_when_it_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    rules = {"drawdown": {"enabled": SENT}}

    say(as_yaml(LimitsDocument(account_id="*", version=1, author=SENT, reason=SENT, rules=rules)))

    assert is_harmless(said := capsys.readouterr().out)
    assert said.startswith(f"# * version 1, {SHOWN}: {SHOWN}\n")


def test_decision_is_harmless_when_it_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    example = cast(Decision, DECISIONS.example)

    say_decision(replace(example, reasons=(SENT,), limit_price=Decimal(1)))

    assert is_harmless(said := capsys.readouterr().out)
    assert f"reasons    {SHOWN}" in said


def test_columns_line_up_and_cells_are_harmless_when_a_table_is_piped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say_table(("name", "value"), [("drawdown", "[bold]1[/]"), ("x", SENT)], indent=2)

    assert capsys.readouterr().out == (
        f"  name      value\n  drawdown  [bold]1[/]\n  x         {SHOWN}\n"
    )


def test_head_is_bold_but_cells_cannot_be_when_a_terminal_shows_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")

    say_table(("name",), [(SENT,)])

    head, row = capsys.readouterr().out.splitlines()
    assert (head.count("\x1b["), row) == (2, SHOWN)


def test_replayed_lines_are_harmless_when_a_terminal_shows_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = json.dumps({"author": SENT}, ensure_ascii=False).encode()

    Screen().writelines([line + b"\n", b"\xff\n"])

    first, second = capsys.readouterr().out.splitlines()
    assert is_harmless(first)
    assert json.loads(first) == {"author": SENT}
    assert second == "\\xff"


def test_sentence_is_harmless_when_it_quotes_what_was_sent() -> None:
    assert str(StartupError(f"it holds {SENT}")) == f"it holds {SHOWN}"


@pytest.mark.parametrize(
    "body",
    [
        {"side": SENT},
        {"quantity": SENT},
        {SENT: 1},
    ],
)
def test_dead_letter_is_harmless_when_a_signal_is_wrong(body: dict[str, object]) -> None:
    whole = {"signal_id": "s", "account_id": "a", "symbol": "X", "side": "buy", "created_at_ms": 1}

    with pytest.raises(DecodeError) as refused:
        decode(SIGNALS, json.dumps(whole | body, ensure_ascii=False).encode())

    assert is_harmless(f"{refused.value.error} {refused.value.path}")


def test_file_name_is_harmless_when_it_cannot_be_read(tmp_path: Path) -> None:
    done = riskgate("limits", "check", str(tmp_path / "\x1b[2J.yaml"))

    assert done.returncode == 2
    assert "\\u001b[2J.yaml cannot be read" in done.stderr
