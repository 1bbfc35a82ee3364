"""What is secret in the settings is in no line of a log, whichever setting it is."""

import logging

import pytest
import structlog

from pipeline.streams.observe.logs import set_up_logs
from pipeline.streams.settings import Settings, SettingsError, variable

HIDDEN = "hunter2-never-shown"
MAY_BE_SHOWN = {  # Of those whose name or meaning sounds like a secret: where one is, or nothing.
    "ssl_key_location",
}
SECRETS = [
    name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
]
LOGIN = {
    "security_protocol": "SASL_SSL",
    "sasl_mechanism": "PLAIN",
    "sasl_username": "risk",
    "sasl_password": HIDDEN,
    "ssl_key_password": HIDDEN,
}


def settings_with(log_format: str) -> Settings:
    return Settings.model_validate(LOGIN | {"log_format": log_format, "log_level": "debug"})


def test_every_setting_that_sounds_secret_is_one() -> None:
    words = ("password", "secret", "token", "passphrase", "credential", "_key")
    sounds = {name for name in Settings.model_fields if any(word in name for word in words)}

    assert sounds - MAY_BE_SHOWN == set(SECRETS)
    assert SECRETS == ["sasl_password", "ssl_key_password"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_secrets_are_in_no_line_when_all_settings_are_logged(
    log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_with(log_format)
    set_up_logs(settings)
    log = structlog.get_logger("riskgate")

    log.warning("starting", settings=settings, dumped=settings.model_dump(), text=repr(settings))
    logging.getLogger("library").error("settings %s, %r", settings, settings.sasl_password)

    lines = capsys.readouterr().err
    assert "SASL_SSL" in lines
    assert HIDDEN not in lines


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_secrets_are_in_no_traceback_when_a_client_cannot_start(
    log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_with(log_format)
    set_up_logs(settings)

    def connect(properties: dict[str, str]) -> None:
        raise ConnectionError(f"no broker at {properties['bootstrap.servers']}")

    try:
        connect(settings.connection())
    except ConnectionError:
        structlog.get_logger("riskgate").exception("lost Kafka")

    lines = capsys.readouterr().err
    assert "no broker at" in lines
    assert HIDDEN not in lines


@pytest.mark.parametrize("name", Settings.model_fields)
def test_error_about_a_setting_never_shows_a_secret(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each, value in LOGIN.items():
        monkeypatch.setenv(variable(each), value)
    monkeypatch.setenv(variable(name), HIDDEN if name in SECRETS else "<wrong>")

    try:
        shown = repr(Settings.from_environment())
    except (SettingsError, ValueError) as error:
        shown = str(error)

    assert HIDDEN not in shown
