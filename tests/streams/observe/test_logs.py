import json
import logging

import pytest
import structlog

from pipeline.streams.observe.logs import set_up_logs
from pipeline.streams.settings import Settings


def test_line_is_one_json_object_when_stderr_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs(Settings(log_format="auto"))

    structlog.get_logger("riskgate").info("decided", account_id="acct-1", partition=3)

    line = json.loads(capsys.readouterr().err)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "account_id": "acct-1",
        "event": "decided",
        "level": "info",
        "logger": "riskgate",
        "partition": 3,
    }


def test_library_lines_have_the_same_form_when_they_use_the_standard_library(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs(Settings(log_format="json"))

    logging.getLogger("quixstreams").warning("lost %s", "partition")

    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["logger"]) == (
        "lost partition",
        "warning",
        "quixstreams",
    )


def test_warning_of_a_setting_that_is_meant_is_left_out_when_a_client_starts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs(Settings(log_format="json"))

    for name in ("enable.gapless.guarantee", "another.setting"):
        logging.getLogger("quixstreams").warning("CONFWARN Configuration property %s", name)

    lines = capsys.readouterr().err.splitlines()
    events = [json.loads(line)["event"] for line in lines]
    assert events == ["CONFWARN Configuration property another.setting"]


def test_exception_is_part_of_its_line_when_it_is_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs(Settings(log_format="json"))

    try:
        int("broken")
    except ValueError:
        logging.getLogger("riskgate").exception("failed")

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "ValueError: invalid literal" in json.loads(lines[0])["exception"]


SENT = "\x1b[2J\x9b2J\u202egnp\r"


@pytest.mark.parametrize("form", ["json", "console"])
def test_nothing_acts_on_a_terminal_when_what_was_sent_is_logged(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    set_up_logs(Settings.model_validate({"log_format": form}))

    error = ValueError(SENT)
    logging.getLogger("riskgate").error(
        "row of %s", SENT, extra={"sent": SENT}, exc_info=(ValueError, error, None)
    )

    said = capsys.readouterr().err
    assert all(letter.isprintable() or letter == "\n" for letter in said)
    assert said.count("\\u001b[2J\\u009b2J\\u202egnp\\r") == 3


def test_line_is_dropped_when_it_is_below_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(Settings(log_format="json", log_level="warning"))

    structlog.get_logger("riskgate").info("quiet")
    structlog.get_logger("riskgate").warning("loud")

    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]
