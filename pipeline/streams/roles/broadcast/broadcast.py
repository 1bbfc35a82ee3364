"""The broadcast role: writes events about what happens to accounts without their own action.

It sends a heartbeat to each partition that it owns once a second, and revaluations when they are
due. With a partition of `events` it owns the same partition of `account_states`, which it reads
completely before the first heartbeat.
"""

import logging
import threading
import time

from confluent_kafka import KafkaException

from pipeline.streams.clients.append_time import require_append_time
from pipeline.streams.clients.broker_clock import BrokerClock
from pipeline.streams.clients.cluster import topic_id
from pipeline.streams.clients.session_errors import ended
from pipeline.streams.clients.topic_identity import Identity, TopicIdentity
from pipeline.streams.dead_letter import dead_key, dead_letter
from pipeline.streams.observe import metrics
from pipeline.streams.observe.account_figures import Figures, show_accounts
from pipeline.streams.role_interface import Unreadable
from pipeline.streams.roles.broadcast.activation import activation
from pipeline.streams.roles.broadcast.changes import Changes
from pipeline.streams.roles.broadcast.owned_partition import AGAIN_SECONDS, OwnedPartition
from pipeline.streams.roles.broadcast.owned_states import OwnedStates, Row
from pipeline.streams.roles.broadcast.producer import BroadcastProducer
from pipeline.streams.roles.broadcast.risk_lag import CommittedOffsets, RiskLag
from pipeline.streams.settings import Settings
from pipeline.streams.tables.guard import TableGuard
from pipeline.streams.tables.reader import TableReader
from pipeline.streams.tables.refused_prices import RefusedPrices
from pipeline.streams.tables.tables import Tables
from topics.account_states import TOPIC as STATES
from topics.codec import DecodeError
from topics.events import Heartbeat, HeartbeatEvent, Revaluation, RevaluationEvent
from topics.fields import EVERYONE
from topics.prices import TOPIC as PRICES

__all__ = ["Broadcast"]

logger = logging.getLogger(__name__)

# A price wakes the loop immediately; rows of account_states and wake-ups wait at most this long.
WAIT_SECONDS = 0.005
HEARTBEAT = HeartbeatEvent(account_id=EVERYONE, body=Heartbeat())
DEAD = (
    *((PRICES.name, kind) for kind in ("undecodable", "internal", "unreadable")),
    (STATES.name, "unreadable"),
)
# Asks risk to write the missing rows of account_states, and gives it something to commit.
ROWS_REQUEST = RevaluationEvent(account_id=EVERYONE, body=Revaluation())


class Broadcast:
    """Send heartbeats and revaluations from `serve` to `stop`."""

    def __init__(
        self, settings: Settings, tables: Tables, *, guard: TableGuard | None = None
    ) -> None:
        self.last_turn_s = time.monotonic()
        self._settings = settings
        self._tables = tables
        self._guard = guard
        self._states = OwnedStates(settings, guard=guard, beat=self.beat)
        self._identity: Identity = TopicIdentity(settings, STATES.name)
        self._lag = RiskLag(CommittedOffsets(settings))
        self._clock = BrokerClock()
        self._producer = BroadcastProducer(settings, self._lag, self._clock)
        self._price_topic_id = topic_id(settings, PRICES.name)
        self._changes = Changes()
        self._refused = RefusedPrices()
        self._owned: dict[int, OwnedPartition] = {}
        self._stopped = threading.Event()
        for topic, kind in DEAD:  # Start at 0, or the first count is no increase.
            metrics.DEAD_LETTERS.labels(topic, kind)

    def serve(self, reader: TableReader) -> None:
        """Work until stopped. Raise Stopped when the tables fail."""
        reader.on_price = self._changes.add
        reader.on_refused = self._refused.add
        reader.await_caught_up(self.beat)
        require_append_time(self._settings)
        self._states.join()
        try:
            with self._lag:
                while not self._stopped.is_set():
                    self._turn()
        except KafkaException as error:
            kind = ended(error.args[0])
            raise kind(f"Kafka reported an error: {error.args[0].str()}") from error
        finally:
            self._producer.close()
            self._states.close()
        reader.check()

    def stop(self) -> None:
        """End `serve` soon; any thread or signal handler may call this."""
        self._stopped.set()

    def beat(self) -> None:
        """Record that the loop is alive. Raise SystemExit after `stop`."""
        self.last_turn_s = time.monotonic()
        if self._stopped.is_set():
            raise SystemExit(0)

    def reasons_not_ready(self) -> list[str]:
        """Return what stops broadcast from sending every heartbeat or from measuring risk's lag."""
        owned, whole = set(self._states.owned), set(self._states.whole)
        if not owned and not self._states.is_member:
            return ["no partitions are assigned yet"]
        behind = [
            f"partition {number} has not been read to its end yet" for number in owned - whole
        ]
        states_id = self._identity.look()
        # Ready before risk's first report: a deployment may start risk only after broadcast.
        unread = [
            f"partition {number} lacks {missing}"
            for number, each in list(self._owned.items())
            if number in whole and (each.reported or each.unread or each.lost)
            if (missing := each.missing(states_id))
        ]
        lost = [] if self._lag.is_known() else ["the lag of risk is unknown"]
        return behind + unread + lost

    @property
    def is_idle_member(self) -> bool:
        """Whether it is a member of the group but got no partition."""
        return self._states.is_member and not self._states.owned

    def show(self) -> None:
        """Update the gauges."""
        metrics.clear(
            metrics.RISK_LAG_SECONDS,
            metrics.UNREAD_ACCOUNTS,
            metrics.HELD_ACCOUNTS,
            metrics.REPORTED_ACCOUNTS,
            metrics.BROKER_AHEAD_SECONDS,
        )
        accounts: list[Figures] = []
        for number, owned in list(self._owned.items()):
            accounts += owned.figures.values()
            label, ahead_ms = str(number), self._clock.ahead_ms(number, time.monotonic())
            metrics.RISK_LAG_SECONDS.labels(label).set(self._lag.lag_ms(number) / 1000)
            metrics.UNREAD_ACCOUNTS.labels(label).set(len(owned.unread))
            metrics.HELD_ACCOUNTS.labels(label).set(len(owned.queue))
            metrics.REPORTED_ACCOUNTS.labels(label).set(
                owned.reported.accounts if owned.reported else 0
            )
            metrics.BROKER_AHEAD_SECONDS.labels(label).set(ahead_ms / 1000)
        show_accounts(accounts, named_max=self._settings.metrics_accounts_max)

    def _turn(self) -> None:
        symbols = self._changes.take(WAIT_SECONDS)
        self.last_turn_s = now_s = time.monotonic()
        rows = self._states.read()
        self._follow_ownership()
        for row in rows:
            self._apply(row)
        for number, offset in self._states.applied.items():
            self._lag.applied(number, offset)
        for number, owned in self._owned.items():
            now_ms = self._clock.now_ms(number, now_s)
            owned.queue.set_live_time(now_ms)
            for symbol in symbols:
                owned.queue.apply_price(symbol)
            if number in self._states.whole:
                self._heartbeat(number, owned, now_s)
                self._revaluation(number, owned, now_ms)
        self._dead_letter_refused(now_s)
        self._producer.poll()

    def _follow_ownership(self) -> None:
        """Start newly assigned partitions, and drop those that moved away."""
        for number in self._owned.keys() - self._states.owned:
            del self._owned[number]
            self._lag.drop(number)
            self._clock.drop(number)
            metrics.REBALANCES.inc()
        for number in self._states.owned - self._owned.keys():
            self._owned[number] = OwnedPartition(self._settings, self._tables)
            self._lag.own(number)
            self._identity.ask()
            metrics.WITHHELD.labels(str(number))  # Start at 0, or the first count is no increase.
            metrics.REBALANCES.inc()

    def _apply(self, row: Row | Unreadable) -> None:
        owned = self._owned[row.partition]
        if isinstance(row, Unreadable):
            self._lose_rows(owned, row)
            return
        try:
            owned.apply(row)
        except DecodeError as error:
            # A newer release of risk wrote it, or somebody who must not write here.
            logger.warning(
                "partition %d gets no heartbeat: the row of %s cannot be decoded: %s",
                row.partition,
                row.account_id,
                error,
            )
            metrics.TABLE_REFUSED.labels("account_states").inc()

    def _lose_rows(self, owned: OwnedPartition, batch: Unreadable) -> None:
        """Send no heartbeat until risk wrote the rows again that were in a batch."""
        owned.lose_rows()
        logger.error(
            "partition %d gets no heartbeat until risk writes its rows again: %s[%d]: %s",
            batch.partition,
            batch.topic,
            batch.partition,
            batch.error.error,
        )
        if self._guard is not None and self._guard.knows(batch):
            return  # It stays in the topic, so each start reads it again.
        if self._guard is not None:
            self._guard.remember(batch)
        letter = dead_letter(
            batch.record(), batch.error, topic=STATES.name, topic_id=self._identity.look()
        )
        self._producer.write_dead_letter(letter, None)
        metrics.DEAD_LETTERS.labels(STATES.name, "unreadable").inc()

    def _heartbeat(self, number: int, owned: OwnedPartition, now_s: float) -> None:
        # Without an account's newest row, broadcast cannot monitor it: then allow no entries.
        states_id = self._identity.look()
        if not states_id or owned.missing(states_id):
            self._ask_for_rows(number, owned, now_s)
            return
        if now_s < owned.heartbeat_due_s:
            return
        if owned.has_gone_back(now_s) and self._producer.send(ROWS_REQUEST, number):
            owned.ask_again_s = now_s + AGAIN_SECONDS
        owned.heartbeat_due_s = now_s + self._settings.heartbeat_interval_ms / 1000
        if self._producer.send(HEARTBEAT, number):
            metrics.HEARTBEATS.inc()
        version = owned.take_unnamed()
        if version is not None and self._settings.activate == "auto":
            self._producer.send(activation(version, owned), number)

    def _ask_for_rows(self, number: int, owned: OwnedPartition, now_s: float) -> None:
        """Ask risk to write its rows again, at the interval of heartbeats."""
        if now_s < owned.ask_due_s:
            return
        owned.ask_due_s = now_s + self._settings.heartbeat_interval_ms / 1000
        metrics.WITHHELD.labels(str(number)).inc()
        self._identity.ask()  # The topic may have been recreated.
        if not owned.unread:  # Risk would write the same unreadable rows again.
            self._producer.send(ROWS_REQUEST, number)

    def _revaluation(self, number: int, owned: OwnedPartition, now_ms: int) -> None:
        lagging = self._lag.lag_ms(number) > self._settings.revaluation_lag_ms_max
        queue = owned.queue
        starved, sent, earliest_ms = queue.starved, 0, now_ms
        for due in queue.due(now_ms, owned.budget(), lagging=lagging):
            revaluation = queue.revaluation(due.account_id, now_ms)
            if revaluation is not None and self._producer.send(revaluation, number):
                owned.spend()
                sent += 1
                earliest_ms = min(earliest_ms, due.due_ms)
        if sent:
            metrics.REVALUATIONS.inc(sent)
            metrics.REVALUATION_DELAY_SECONDS.observe((now_ms - earliest_ms) / 1000)
        metrics.STARVED.inc(queue.starved - starved)

    def _dead_letter_refused(self, now_s: float) -> None:
        """Write the dead letters of prices; every broadcast sees them, but only one writes them."""
        for refused in self._refused.take(now_s, is_ours=0 in self._owned):
            letter = dead_letter(
                refused.record,
                refused.error,
                topic=PRICES.name,
                topic_id=self._price_topic_id,
            )
            self._producer.write_dead_letter(letter, dead_key(refused.record.key))
            metrics.DEAD_LETTERS.labels(PRICES.name, refused.kind).inc()
