"""The lives of a role in one process: after a lost session it begins anew, at most so often.

What a restart would mend is mended here, without the pause in which Kubernetes holds a pod back. A
new life does all that a start does, with its checks; what those refuse ends the process.
"""

import logging
import time
from collections import deque
from collections.abc import Callable

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from pipeline.streams.clients.broker import BrokerError
from pipeline.streams.engine.garbage import collect_all
from pipeline.streams.observe import metrics
from pipeline.streams.observe.probes import Probes
from pipeline.streams.role_interface import SessionLost, Stopped
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.leaving import exit_on_sigterm
from pipeline.streams.settings import Settings

__all__ = ["WINDOW_SECONDS", "Lives"]

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 600.0
BROKER_SECONDS_MAX = 600.0  # To wait for one, before the process ends as it does without any.
ANSWER_SECONDS_MAX = 2.0
FIRST_PAUSE_SECONDS, PAUSE_SECONDS_MAX = 0.5, 30.0
LOOK_SECONDS = 0.1


class Lives:
    """Run a role again after each lost session.

    What ended a life is kept as a sentence alone: its error would keep the whole life in memory.
    """

    def __init__(self, role: RoleName, settings: Settings, probes: Probes) -> None:
        self._role = role
        self._settings = settings
        self._probes = probes
        self._mended_s: deque[float] = deque()
        metrics.SESSIONS_MENDED.labels(role.value)  # Start at 0, or the first is no increase.

    def run(self, live: Callable[[], None]) -> None:
        """Live until one ends well. Raise Stopped or StartupError where no new life may follow."""
        lost = self._live(live, is_first=True)
        while lost is not None:
            self._mend(lost)
            lost = self._live(live, is_first=False)

    def _live(self, live: Callable[[], None], *, is_first: bool) -> str | None:
        """Return in a sentence what was lost; None after a life that ended well."""
        try:
            live()
        except SessionLost as error:
            return str(error)
        except BrokerError as error:  # At the first start the address may be wrong.
            if is_first:
                raise
            return str(error)
        return None

    def _mend(self, lost: str) -> None:
        """Wait until a new life may begin. Raise Stopped after too many, or without a broker."""
        now_s, most = time.monotonic(), self._settings.sessions_mended_max
        while self._mended_s and now_s - self._mended_s[0] > WINDOW_SECONDS:
            self._mended_s.popleft()
        count = len(self._mended_s) + 1
        if count > most:
            again = f", {most} times before within {WINDOW_SECONDS / 60:g} minutes" if most else ""
            raise Stopped(f"{lost}{again}")
        self._mended_s.append(now_s)
        logger.error(
            "%s: %s. A new session begins in this process, the %d. of at most %d in %g minutes",
            self._role.value,
            lost,
            count,
            most,
            WINDOW_SECONDS / 60,
        )
        metrics.SESSIONS_MENDED.labels(self._role.value).inc()
        exit_on_sigterm()  # As before the first life: the handler of the last one ends nothing.
        collect_all()  # Clients of Kafka that are part of a cycle would live on.
        self._pause(min(PAUSE_SECONDS_MAX, FIRST_PAUSE_SECONDS * 2 ** (count - 1)))
        self._await_broker(lost)

    def _pause(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self._probes.beat()
            time.sleep(LOOK_SECONDS)

    def _await_broker(self, lost: str) -> None:
        admin = AdminClient({**self._settings.connection(), "log_level": 0})
        give_up_s = time.monotonic() + BROKER_SECONDS_MAX
        while True:
            self._probes.beat()
            try:
                admin.list_topics(timeout=ANSWER_SECONDS_MAX)
            except KafkaException as error:
                if time.monotonic() > give_up_s:
                    raise Stopped(
                        f"{lost}. Since then no Kafka broker has answered at "
                        f"{self._settings.brokers} for {BROKER_SECONDS_MAX / 60:g} minutes"
                    ) from error
            else:
                return
