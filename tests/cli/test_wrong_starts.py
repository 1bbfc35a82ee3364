import socket

import pytest

from tests.cli.command import riskgate


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_run_says_which_name_is_meant_when_a_setting_is_misspelt() -> None:
    done = riskgate("run", partitons=4)

    assert done.returncode == 2
    assert done.stderr == (
        "riskgate: RISKGATE_PARTITONS is not a setting of riskgate; "
        "did you mean RISKGATE_PARTITIONS?\n"
    )


def test_run_names_variable_and_bound_when_a_setting_is_out_of_bounds() -> None:
    done = riskgate("run", partitions=0)

    assert done.returncode == 2
    assert done.stderr == (
        "riskgate: RISKGATE_PARTITIONS is '0', but the input should be greater than or equal to 1 "
        "(Partitions of `events`; `riskgate repartition` adds more)\n"
    )


def test_run_says_one_sentence_when_no_broker_answers(closed_port: int) -> None:
    done = riskgate("run", brokers=f"127.0.0.1:{closed_port}")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"riskgate: Kafka at 127.0.0.1:{closed_port} does not answer")
    assert "Connection refused" in done.stderr
    assert done.stderr.count("\n") == 1


def test_password_stays_unsaid_when_security_settings_are_wrong() -> None:
    done = riskgate("topics", "check", sasl_password="hunter2")

    assert done.returncode == 2
    assert "RISKGATE_SECURITY_PROTOCOL" in done.stderr
    assert "hunter2" not in done.stderr
