from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.workers import engine_settings
from pipeline.streams.settings import Settings, SettingsError
from pipeline.streams.settings_table import settings_table


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in settings_table():
        monkeypatch.delenv(row.name, raising=False)


def refusal() -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment()
    return str(refused.value)


def test_defaults_hold_when_the_environment_sets_nothing() -> None:
    settings = Settings.from_environment()

    assert settings.brokers == "127.0.0.1:9092"
    assert settings.partitions == 24
    assert settings.revaluation_move_ratio == Decimal("0.0005")
    assert settings.account_currencies == ("USD",)
    assert settings.instance != ""


def test_values_are_read_when_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKGATE_REVALUATION_MOVE_RATIO", "0.00070")
    monkeypatch.setenv("RISKGATE_ACCOUNT_CURRENCIES", "EUR, USD,")
    monkeypatch.setenv("RISKGATE_STATE_DIR", "elsewhere")
    monkeypatch.setenv("RISKGATE_FILL_TOPICS", "fills.a, fills.b,fills.a")

    settings = Settings.from_environment()

    assert settings.revaluation_move_ratio == Decimal("0.0007")
    assert settings.account_currencies == ("EUR", "USD")
    assert settings.further_topics == ("fills.a", "fills.b")
    assert settings.state_dir == Path("elsewhere")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("RISKGATE_PARTITONS", "did you mean RISKGATE_PARTITIONS?"),
        ("riskgate_brokers", "did you mean RISKGATE_BROKERS?"),
        ("RISKGATE_HTP_PORT", "did you mean RISKGATE_HTTP_PORT?"),
        ("RISKGATE_XYZ", "unset it"),
    ],
)
def test_unknown_name_is_refused_when_it_is_set(
    monkeypatch: pytest.MonkeyPatch, name: str, advice: str
) -> None:
    monkeypatch.setenv(name, "1")

    assert refusal() == f"{name} is not a setting of riskgate; {advice}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RISKGATE_PORT", "tcp://10.0.0.1:9400"),
        ("RISKGATE_SERVICE_HOST", "10.0.0.1"),
        ("RISKGATE_METRICS_SERVICE_PORT_HTTP", "9400"),
        ("RISKGATE_PORT_9400_TCP_ADDR", "10.0.0.1"),
    ],
)
def test_name_is_passed_over_when_kubernetes_set_it_for_a_service(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    assert Settings.from_environment() == Settings()


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("RISKGATE_PARTITIONS", "0", "greater than or equal to 1"),
        ("RISKGATE_PARTITIONS", "4097", "less than or equal to 4096"),
        ("RISKGATE_PARTITIONS", "many", "valid integer"),
        ("RISKGATE_SESSION_TIMEOUT_MS", "45001", "less than or equal to 45000"),
        ("RISKGATE_LOG_FORMAT", "xml", "'auto', 'json' or 'console'"),
        ("RISKGATE_GROUP_PREFIX", "a b", "match pattern"),
        ("RISKGATE_BROKERS", "", "at least 1 character"),
        ("RISKGATE_ACCOUNT_CURRENCIES", "USD;EUR", "separated by commas, as in USD,EUR"),
        ("RISKGATE_ACCOUNT_CURRENCIES", "USD EUR", "separated by commas, as in USD,EUR"),
        ("RISKGATE_ACCOUNT_CURRENCIES", "", "separated by commas, as in USD,EUR"),
        ("RISKGATE_ACCOUNT_CURRENCIES", " , ", "separated by commas, as in USD,EUR"),
        ("RISKGATE_SIGNAL_TOPICS", "momentum", "as in signals.one,signals.two"),
        ("RISKGATE_SIGNAL_TOPICS", "signals", "as in signals.one,signals.two"),
        ("RISKGATE_SIGNAL_TOPICS", "fills.a", "as in signals.one,signals.two"),
        ("RISKGATE_FILL_TOPICS", "fills.a;fills.b", "as in fills.one,fills.two"),
        ("RISKGATE_FILL_TOPICS", "fills.risk", "give its owner the access of risk"),
    ],
)
def test_value_is_refused_with_its_name_when_it_is_wrong(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, advice: str
) -> None:
    monkeypatch.setenv(name, value)

    sentence = refusal()

    assert sentence.startswith(f"{name} is {value!r}, but ")
    assert advice in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("value", ["1", "4096"])
def test_value_is_taken_when_it_is_at_its_bound(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("RISKGATE_PARTITIONS", value)

    assert Settings.from_environment().partitions == int(value)


def test_start_is_refused_when_a_login_protocol_has_no_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RISKGATE_SECURITY_PROTOCOL", "SASL_SSL")

    assert "needs RISKGATE_SASL_MECHANISM" in refusal()


def test_start_is_refused_when_certificates_would_be_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RISKGATE_SSL_CA_LOCATION", "ca.pem")

    assert "does not encrypt; change it to SSL or SASL_SSL" in refusal()


def test_connection_carries_the_login_when_there_is_one() -> None:
    settings = Settings(
        brokers="kafka:9093",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="risk",
        sasl_password=SecretStr("hunter2"),
        ssl_ca_location=Path("ca.pem"),
    )

    assert settings.connection() == {
        "bootstrap.servers": "kafka:9093",
        "reconnect.backoff.max.ms": "1000",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "risk",
        "sasl.password": "hunter2",
        "ssl.ca.location": "ca.pem",
    }
    assert "hunter2" not in repr(settings)


def test_table_has_meaning_and_bounds_when_it_lists_the_settings() -> None:
    rows = {row.name: row for row in settings_table()}

    assert rows["RISKGATE_PARTITIONS"].bounds == "1 to 4096"
    assert rows["RISKGATE_CHECKPOINT_INTERVAL_MS"].unit == "ms"
    assert rows["RISKGATE_INSTANCE"].default == "name of the host"
    assert all(row.meaning.endswith(".") for row in rows.values())
    assert {row.name for row in rows.values() if row.name.endswith("_MS") and row.unit != "ms"} == (
        set()
    )


def test_replica_set_has_groups_and_a_folder_of_its_own_when_it_has_a_name() -> None:
    one, other = Settings(), Settings(replica="b")

    assert (one.role_group("risk"), other.role_group("risk")) == (
        "riskgate-risk",
        "riskgate-risk.b",
    )
    assert (one.own_state_dir, other.own_state_dir) == (Path("state"), Path("state/b"))
    assert other.group("engine") == "riskgate-engine"  # Engines read all sets.


def test_no_two_replica_sets_share_a_transactional_id_when_their_names_are_alike() -> None:
    sets = [Settings(replica="b", instance="c"), Settings(instance="b-c")]

    ids = [engine_settings(each, RoleName.RISK, ("events",)).transactional_id for each in sets]

    assert ids == ["riskgate-risk.b-c", "riskgate-risk-b-c"]
