"""Ingest controls and limits separately, so that other writers' records never delay them.

They have their own consumer group, producer and thread in the ingest process. They need no tables,
so a halt works even while the tables are still being read.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Self

from pipeline.streams.engine.applications import IngestApplication
from pipeline.streams.input_groups import OPERATED, OPERATORS_GROUP
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import EngineSettings
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.ingest.ingest import IngestOfOperated, rank_of
from pipeline.streams.roles.observation import MeteredEngine
from pipeline.streams.settings import Settings
from pipeline.streams.tables.tables import Tables

__all__ = ["OperatorsIngest"]

STOP_SECONDS_MAX = 90.0


class OperatorsIngest:
    """Ingest operators' topics inside `with`; call `on_failure` after a failure."""

    def __init__(
        self,
        settings: Settings,
        engine: EngineSettings,
        *,
        on_failure: Callable[[], None],
    ) -> None:
        own = replace(
            engine,
            group=settings.role_group(OPERATORS_GROUP),
            topics=tuple(settings.topic(topic.name) for topic in OPERATED),
            ranks={settings.topic(topic.name): rank_of(topic.name) for topic in OPERATED},
        )
        tally = Tally()
        observer = MeteredEngine(tally, RoleName.INGEST)
        self._application = IngestApplication(own, observer=observer)
        self.status = self._application.status
        produce = self._application.produce
        self.ending = self._application.ending
        self._role = IngestOfOperated(settings, Tables(settings), produce=produce, tally=tally)
        self._on_failure = on_failure
        self._failure: BaseException | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="operators", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._application.stop()
        self._thread.join(STOP_SECONDS_MAX)

    def check(self) -> None:
        """Raise the error that ended the thread, if any."""
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            self._application.serve(self._role)
        except BaseException as error:  # noqa: BLE001 - The main thread raises it.
            self._failure = error
        finally:
            if not self._ended.is_set():
                self._on_failure()
