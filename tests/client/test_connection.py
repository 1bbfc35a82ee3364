import os

import pytest

from pipeline.streams.settings import Settings
from riskgate.connection import SECURITY, Connection, connect


def test_what_is_left_out_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKGATE_BROKERS", "kafka:9093")
    monkeypatch.setenv("RISKGATE_TOPIC_PREFIX", "desk.")
    monkeypatch.setenv("RISKGATE_SSL_CA_LOCATION", "/ca.pem")

    found = connect(None, None, None)

    assert found == Connection("kafka:9093", "desk.", {"ssl.ca.location": "/ca.pem"})


def test_what_is_given_stands_when_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RISKGATE_BROKERS", "kafka:9093")

    assert connect("own:1", "", {}) == Connection("own:1", "", {})


def test_defaults_are_those_of_riskgate_when_nothing_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in os.environ:
        if name.startswith("RISKGATE_"):
            monkeypatch.delenv(name)
    settings = Settings()

    assert connect(None, None, None) == Connection(settings.brokers, settings.topic_prefix, {})
    assert set(SECURITY) <= set(Settings.model_fields)
