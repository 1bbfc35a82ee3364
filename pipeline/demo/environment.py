"""Setup and teardown of the demo: Kafka, topics, roles, and the first limits and balances."""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path
from typing import Self

from pipeline.demo.kafka_io import Sender
from pipeline.demo.loss_timeline import LossLimits
from pipeline.demo.market import CURRENCY, INSTRUMENTS
from pipeline.demo.role_processes import RoleProcesses
from pipeline.demo.traders import OPENING, RECKLESS
from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin.limits_file import Rules, load_rules
from pipeline.streams.admin.topic_admin import create_missing, require_topics
from pipeline.streams.clients.broker import Broker, BrokerError
from pipeline.streams.role_names import RoleName
from pipeline.streams.settings import Settings, variable
from topics import accounts, instruments, limits
from topics.accounts import CashFlow
from topics.fields import EVERYONE
from topics.limits import LimitsDocument

__all__ = ["Environment", "await_topics", "loss_limits", "now_ms"]

PARTITIONS = 8
REVALUATION_INTERVAL_MS = 250  # A trading day takes a fraction of a second.
TOPICS_SECONDS_MAX = 10.0
LIMITS_FILES = {EVERYONE: "limits.yaml", RECKLESS: "limits_reckless.yaml"}


class Environment:
    """Set everything up on entering `with`, tear it down on leaving."""

    folder: Path
    settings: Settings
    roles: RoleProcesses
    sender: Sender

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._set_up()
        except BaseException:
            self._exits.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def open_accounts(self, names: list[str]) -> None:
        """Publish instruments, limits and opening balances."""
        for instrument in INSTRUMENTS.values():
            self.sender.send(instruments.TOPIC, instrument)
        for document in _documents():
            self.sender.send(limits.TOPIC, document)
        for name in names:
            self.sender.send(accounts.TOPIC, opening(name))
        self.sender.flush()

    def _set_up(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="riskgate-demo-"))
        self._exits.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.settings = self._settings_of_kafka()
        self._report("creating the topics")
        create_missing(self.settings)
        await_topics(self.settings)
        self.sender = Sender(self.settings)
        self._report("starting ingest, two risk workers and broadcast")
        self.roles = RoleProcesses(self.settings, self.folder)
        self._exits.callback(self.roles.stop)

    def _settings_of_kafka(self) -> Settings:
        settings = Settings.from_environment().model_copy(
            update={
                # All other settings come from the environment.
                "partitions": PARTITIONS,
                "revaluation_interval_ms": REVALUATION_INTERVAL_MS,
                "account_currencies": (CURRENCY,),
                "log_format": "json",
            }
        )
        if variable("brokers") in os.environ:
            return self._settings_of_existing(settings)
        self._report("starting Kafka")
        kafka = self._exits.enter_context(LocalKafka())
        return settings.model_copy(update={"brokers": kafka.bootstrap, "replication_factor": 1})

    def _settings_of_existing(self, settings: Settings) -> Settings:
        """Use an existing Kafka under a random topic prefix; delete the topics at the end."""
        name = f"riskgate-demo-{secrets.token_hex(4)}"
        settings = settings.model_copy(update={"topic_prefix": f"{name}.", "group_prefix": name})
        self._report(f"using Kafka at {settings.brokers} with topic prefix {name}.")
        self._exits.callback(_delete_topics, settings)
        return settings


def now_ms() -> int:
    """Return the time on this machine's clock."""
    return int(time.time() * 1000)


def loss_limits(names: list[str]) -> Mapping[str, LossLimits]:
    """Return the loss limits of each account, from the demo's limits files."""
    return {name: _loss_limits(name) for name in names}


def _loss_limits(name: str) -> LossLimits:
    everyone, own = _rules(EVERYONE), _rules(name) if name in LIMITS_FILES else {}

    def value(rule: str, parameter: str) -> Decimal:
        return Decimal({**everyone[rule], **own.get(rule, {})}[parameter])

    return LossLimits(
        daily_loss_ratio_max=value("daily_loss", "daily_loss_ratio_max"),
        drawdown_ratio_max=value("drawdown", "drawdown_ratio_max"),
    )


def _rules(name: str) -> Rules:
    with as_file(files("pipeline.demo") / LIMITS_FILES[name]) as path:
        return load_rules(path)


def _documents() -> list[LimitsDocument]:
    return [
        LimitsDocument(
            account_id=name, version=1, author="demo", reason="first limits", rules=_rules(name)
        )
        for name in LIMITS_FILES
    ]


def opening(account_id: str, amount: Decimal = OPENING) -> CashFlow:
    """Return the flow that opens an account now."""
    return CashFlow(
        account_id=account_id,
        kind="opening",
        flow_id="opening",
        currency=CURRENCY,
        amount=amount,
        as_of_ms=now_ms(),
    )


def await_topics(settings: Settings) -> None:
    """Wait until the brokers know the new topics. Raise BrokerError when that takes too long."""
    deadline_s = time.monotonic() + TOPICS_SECONDS_MAX
    while True:
        try:
            return require_topics(settings, list(RoleName))
        except BrokerError:
            if time.monotonic() > deadline_s:
                raise
        time.sleep(0.1)


def _delete_topics(settings: Settings) -> None:
    broker = Broker(settings)
    admin = broker.admin()
    # Changelogs have the prefix inside their names. It has a random part, so no foreign topic does.
    ours = [name for name in broker.metadata(admin).topics if settings.group_prefix in name]
    with broker.sentences():
        for deleted in admin.delete_topics(ours).values():
            deleted.result()
