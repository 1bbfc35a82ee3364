import pytest

from pipeline.cli.times import duration_ms
from tests.cli.command import riskgate

SAID = ("--author", "risk-desk", "--reason", "test")


@pytest.mark.parametrize(
    ("text", "expected"), [("1s", 1000), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000)]
)
def test_duration_is_read_when_it_has_a_unit(text: str, expected: int) -> None:
    assert duration_ms(text) == expected


@pytest.mark.parametrize("text", ["", "0s", "5", "5x", "-5m", "1.5h", "5 m"])
def test_control_is_refused_when_its_expiry_is_no_duration(text: str) -> None:
    done = riskgate("halt", "acct-1", *SAID, "--expires-in", text)

    assert done.returncode == 2
    assert "is not a duration" in done.stderr


@pytest.mark.parametrize("command", ["halt", "reduce"])
def test_control_is_refused_when_what_it_is_for_is_no_duration(command: str) -> None:
    done = riskgate(command, "acct-1", *SAID, "--for", "soon")

    assert done.returncode == 2
    assert "is not a duration" in done.stderr


def test_control_is_refused_when_it_would_last_more_than_a_year() -> None:
    done = riskgate("halt", "acct-1", *SAID, "--for", "400d")

    assert done.returncode == 2
    assert done.stderr.startswith("riskgate: duration_ms is invalid")


def test_control_is_refused_when_the_account_cannot_be_one() -> None:
    done = riskgate("halt", "acct 1", *SAID)

    assert done.returncode == 2
    assert done.stderr.startswith("riskgate: account_id is invalid")


@pytest.mark.parametrize("missing", ["--author", "--reason"])
def test_resume_is_refused_when_it_leaves_out(missing: str) -> None:
    options = {"--author": "risk-desk", "--reason": "reviewed", "--stop-id": "acct-1:3:1"}
    del options[missing]

    done = riskgate("resume", "acct-1", *[part for pair in options.items() for part in pair])

    assert done.returncode == 2
    assert missing in done.stderr


def test_control_is_refused_when_the_shell_made_file_names_of_the_star() -> None:
    done = riskgate("flatten", "Makefile", "README.md", "docs", *SAID)

    assert done.returncode == 2
    assert "name one account, not 3" in done.stderr
    assert "put '*' in quotes" in done.stderr
