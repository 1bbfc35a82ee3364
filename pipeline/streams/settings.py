"""Every setting, read from the environment as RISKGATE_…: its unit, bounds, default and meaning.

A setting says where and how fast riskgate runs, never what is allowed; limits say that.
"""

import os
import socket
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict

from pipeline.errors import StartupError
from pipeline.streams.bound_settings import BoundSettings
from pipeline.streams.door_settings import DoorSettings
from pipeline.streams.service_links import is_service_link
from pipeline.streams.setting import setting as _setting
from pipeline.streams.setting_values import check_security, parts_of
from topics.text import nearest

__all__ = ["Settings", "SettingsError", "variable"]

PREFIX = "RISKGATE_"
NAME = r"^[A-Za-z0-9._-]{0,100}$"
REPLICA = r"^[a-z0-9]{0,8}$"
NAME_NOT_EMPTY = r"^[A-Za-z0-9._-]{1,100}$"


class SettingsError(StartupError):
    """Say which variable of the environment is wrong and what it should be."""


class Settings(DoorSettings, BoundSettings):
    """All settings of one process; frozen."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    brokers: str = _setting(
        "127.0.0.1:9092", "", "Kafka's addresses as host:port, separated by commas.", min_length=1
    )
    topic_prefix: str = _setting("risk.", "", "Prefix of every topic name.", pattern=NAME)
    group_prefix: str = _setting(
        "riskgate",
        "",
        "Prefix of every consumer group and transactional id.",
        pattern=NAME_NOT_EMPTY,
    )
    replica: str = _setting(
        "",
        "",
        "Name of the replica set, such as a or b, if several sets of workers decide the same log.",
        pattern=REPLICA,
    )
    activate: Literal["auto", "control"] = _setting(
        "auto",
        "",
        "Whether a risk worker publishes from its start, or once `riskgate activate` names its "
        "release; with several releases at once: control.",
    )
    signal_topics: Annotated[tuple[str, ...], NoDecode] = _setting(
        (), "", "Topics of signals beside `signals`, such as `signals.momentum`, by commas."
    )
    fill_topics: Annotated[tuple[str, ...], NoDecode] = _setting(
        (), "", "Topics of fills beside `fills`, such as `fills.venue-1`, separated by commas."
    )
    partitions: int = _setting(
        24, "partitions", "Partitions of `events`; `riskgate repartition` adds more.", ge=1, le=4096
    )
    replication_factor: int = _setting(
        3, "copies", "Replicas of new topics; fewer with fewer brokers.", ge=1, le=10
    )
    instance: str = _setting(
        socket.gethostname,
        "",
        "Name of this instance; it keeps it after a restart, and no other running one has it.",
        pattern=NAME_NOT_EMPTY,
    )
    state_dir: Path = _setting(Path("state"), "", "Folder of the state; rebuilt if it is lost.")
    checkpoint_interval_ms: int = _setting(
        1000,
        "ms",
        "Time between two checkpoints; after a crash a worker repeats at most this much work.",
        ge=10,
        le=60_000,
    )
    transaction_timeout_ms: int = _setting(
        10_000,
        "ms",
        "The broker aborts the checkpoint of a silent worker after this long.",
        ge=1000,
        le=50_000,
    )
    session_timeout_ms: int = _setting(
        6000,
        "ms",
        "A silent worker loses its partitions to another after this long.",
        ge=6000,
        le=45_000,  # At most max.poll.interval.ms, or Kafka's client refuses it.
    )
    standby: Literal["off", "next", "all"] = _setting(
        "off", "", "Risk copies no partition of others, those that it may get next, or all of them."
    )
    at_end: Literal["leave", "stay"] = _setting(
        "leave", "", "On SIGTERM, risk leaves its group, or stays so that its partitions wait."
    )
    account_currencies: Annotated[tuple[str, ...], NoDecode] = _setting(
        ("USD",), "", "Account currencies, separated by commas; events carry rates against them."
    )
    price_history_ms: int = _setting(
        90_000_000,
        "ms",
        "How far back the price table starts; LONG_RUN_BARS must fit in.",
        ge=0,
        le=7 * 86_400_000,
    )
    bar_ms: int = _setting(
        60_000, "ms", "Length of the bars of ATR and volatility.", ge=1000, le=86_400_000
    )
    atr_periods: int = _setting(
        14, "bars", "Number of closed bars in the average true range.", ge=1, le=1000
    )
    ewma_lambda: Decimal = _setting(
        Decimal("0.94"),
        "ratio",
        "Weight that the previous variance keeps with each new bar.",
        ge=0,
        le=Decimal("0.9999"),
    )
    long_run_bars: int = _setting(
        1440, "bars", "Number of returns in the long-run volatility.", ge=2, le=100_000
    )
    table_lag_ms_max: int = _setting(
        15_000,  # Kafka replaces a dead leader after nine seconds.
        "ms",
        "A process exits if its tables lag by more, or if no broker reports their end for so long.",
        ge=100,
        le=600_000,
    )
    heartbeat_interval_ms: int = _setting(
        1000, "ms", "Time between two heartbeats of a partition.", ge=100, le=60_000
    )
    revaluation_move_ratio: Decimal = _setting(
        Decimal("0.0005"),
        "ratio",
        "A larger price move of a held symbol revalues its accounts.",
        ge=0,
        le=1,
    )
    revaluation_interval_ms: int = _setting(
        500, "ms", "An account gets at most one revaluation in this interval.", ge=1, le=60_000
    )
    revaluation_budget: int = _setting(
        2000, "1/s", "Most revaluations per partition and second.", ge=1, le=1_000_000
    )
    revaluation_lag_ms_max: int = _setting(
        200,
        "ms",
        "If risk lags by more on a partition, ordinary price moves cause no revaluation.",
        ge=1,
        le=60_000,
    )
    http_host: str = _setting(
        "127.0.0.1", "", "Address that serves metrics and health.", min_length=1
    )
    http_port: int = _setting(
        9400,
        "port",
        "Port of the first role, the next ones for the others; 0 takes free ports.",
        ge=0,
        le=65_000,
    )
    metrics_accounts_max: int = _setting(
        20, "accounts", "Metrics name so many stopped accounts, and near a limit.", ge=0, le=100
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = _setting(
        "PLAINTEXT", "", "Protocol to connect to Kafka."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = _setting(
        None, "", "How to log in to Kafka; needed by the SASL protocols."
    )
    sasl_username: str | None = _setting(None, "", "Name to log in with.")
    sasl_password: SecretStr | None = _setting(None, "", "Password to log in with.")
    ssl_ca_location: Path | None = _setting(
        None, "", "File of the certificate authorities to trust; without it, the system's."
    )
    ssl_certificate_location: Path | None = _setting(None, "", "File of the client's certificate.")
    ssl_key_location: Path | None = _setting(None, "", "File of the client's private key.")
    ssl_key_password: SecretStr | None = _setting(None, "", "Password of that private key.")
    log_format: Literal["auto", "json", "console"] = _setting(
        "auto", "", "Of the log on stderr; auto is console on a terminal, else JSON."
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info", "", "Lowest level that is logged."
    )

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment. Raise SettingsError on an unknown name or a wrong value."""
        _refuse_unknown_names()
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None

    def topic(self, name: str) -> str:
        """Return the full name of a topic."""
        return f"{self.topic_prefix}{name}"

    def group(self, party: str) -> str:
        """Return the consumer group of a party outside; of a role, what all its sets begin with."""
        return f"{self.group_prefix}-{party}"

    def role_group(self, role: str) -> str:
        """Return the consumer group of a role in this replica set."""
        # A dot, since an instance follows a dash in transactional ids: no two sets have the same.
        return self.group(role) + (f".{self.replica}" if self.replica else "")

    @property
    def own_state_dir(self) -> Path:
        """The folder of this replica set's state."""
        return self.state_dir / self.replica if self.replica else self.state_dir

    @property
    def further_topics(self) -> tuple[str, ...]:
        """Return the topics of signals and fills beside the default ones, without the prefix."""
        return (*self.signal_topics, *self.fill_topics)

    def connection(self) -> dict[str, str]:
        """Return what librdkafka needs to reach Kafka."""
        properties = {
            "bootstrap.servers": self.brokers,
            # After an outage, not up to 10 s later: by then a worker has been without it for long.
            "reconnect.backoff.max.ms": 1000,
            "security.protocol": self.security_protocol,
            "sasl.mechanism": self.sasl_mechanism,
            "sasl.username": self.sasl_username,
            "sasl.password": _reveal(self.sasl_password),
            "ssl.ca.location": self.ssl_ca_location,
            "ssl.certificate.location": self.ssl_certificate_location,
            "ssl.key.location": self.ssl_key_location,
            "ssl.key.password": _reveal(self.ssl_key_password),
        }
        return {name: str(value) for name, value in properties.items() if value is not None}

    @field_validator("account_currencies", "signal_topics", "fill_topics", mode="before")
    @classmethod
    def _split(cls, value: object, info: ValidationInfo) -> object:
        return parts_of(info.field_name, value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check_security(self) -> Self:
        login = (self.sasl_mechanism, self.sasl_username, self.sasl_password)
        files = (self.ssl_ca_location, self.ssl_certificate_location, self.ssl_key_location)
        check_security(self.security_protocol, login=login, files=files)
        return self


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def _reveal(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _refuse_unknown_names() -> None:
    known = {variable(name) for name in Settings.model_fields}
    for name, value in sorted(os.environ.items()):
        if (
            name.upper().startswith(PREFIX)
            and name not in known
            and not is_service_link(name.removeprefix(PREFIX), value)
        ):
            rest = name[len(PREFIX) :].lower()
            near = nearest(rest, Settings.model_fields)
            advice = f"did you mean {variable(near)}?" if near else "unset it"
            raise SettingsError(f"{name} is not a setting of riskgate; {advice}")


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    reason = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return reason
    name = str(first["loc"][0])
    reason = reason[0].lower() + reason[1:]
    meant = (Settings.model_fields[name].description or "").rstrip(".")
    shown = "" if "password" in name else f" is {str(first['input'])!r}, but the"
    return f"{variable(name)}{shown or ':'} {reason} ({meant})"
