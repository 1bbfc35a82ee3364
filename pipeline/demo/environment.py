"""Everything that must stand before the market opens, and is taken down after it: Kafka, topics,
roles, and the documents that accounts and limits begin with.
"""

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
from types import TracebackType
from typing import Self

from pipeline.demo.kafka_io import Sender
from pipeline.demo.loss_timeline import LossLimits
from pipeline.demo.market import CURRENCY, INSTRUMENTS
from pipeline.demo.role_processes import Crew
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

__all__ = ["Stage", "await_topics", "loss_limits", "now_ms"]

PARTITIONS = 8
REVALUATION_INTERVAL_MS = 250  # The market is fast.
TOPICS_SECONDS_MAX = 10.0
LIMITS_FILES = {EVERYONE: "limits.yaml", RECKLESS: "limits_reckless.yaml"}


class Stage:
    """Set up by `with`, taken down at its end."""

    folder: Path
    settings: Settings
    crew: Crew
    sender: Sender

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._set_up()
        except BaseException:
            self._exits.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exits.close()

    def open_accounts(self, names: list[str]) -> None:
        """Publish instruments, limits and openings."""
        for instrument in INSTRUMENTS.values():
            self.sender.send(instruments.TOPIC, instrument)
        for document in _documents():
            self.sender.send(limits.TOPIC, document)
        for name in names:
            self.sender.send(accounts.TOPIC, _opening(name))
        self.sender.flush()

    def _set_up(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="riskgate-demo-"))
        self._exits.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.settings = self._settings_of_kafka()
        self._tell("creating the topics")
        create_missing(self.settings)
        await_topics(self.settings)
        self.sender = Sender(self.settings)
        self._tell("starting ingest, two risk workers and broadcast")
        self.crew = Crew(self.settings, self.folder)
        self._exits.callback(self.crew.stop)

    def _settings_of_kafka(self) -> Settings:
        settings = Settings.from_environment().model_copy(
            update={
                # Whatever else the environment says holds for the demo, too.
                "partitions": PARTITIONS,
                "revaluation_interval_ms": REVALUATION_INTERVAL_MS,
                "account_currencies": (CURRENCY,),
                "log_format": "json",
            }
        )
        if variable("brokers") in os.environ:
            return self._settings_of_existing(settings)
        self._tell("starting Kafka")
        kafka = self._exits.enter_context(LocalKafka())
        return settings.model_copy(update={"brokers": kafka.bootstrap, "replication_factor": 1})

    def _settings_of_existing(self, settings: Settings) -> Settings:
        """Use the Kafka that there is, under a prefix of our own; the topics go at the end."""
        name = f"riskgate-demo-{secrets.token_hex(4)}"
        settings = settings.model_copy(update={"topic_prefix": f"{name}.", "group_prefix": name})
        self._tell(f"using Kafka at {settings.brokers} with the topic prefix {name}.")
        self._exits.callback(_delete_topics, settings)
        return settings


def now_ms() -> int:
    """Return the time on this machine's clock."""
    return int(time.time() * 1000)


def loss_limits(names: list[str]) -> Mapping[str, LossLimits]:
    """Return what each account may lose, as its limits say."""
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


def _opening(account_id: str) -> CashFlow:
    return CashFlow(
        account_id=account_id,
        kind="opening",
        flow_id="opening",
        currency=CURRENCY,
        amount=OPENING,
        as_of_ms=now_ms(),
    )


def await_topics(settings: Settings) -> None:
    """Return when the brokers know the new topics, a moment after they were created."""
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
    # Changelogs bear it in their middle; it has a random part, so nobody else's topic does.
    ours = [name for name in broker.metadata(admin).topics if settings.group_prefix in name]
    with broker.sentences():
        for deleted in admin.delete_topics(ours).values():
            deleted.result()
