"""Feed the tables from `instruments` and `prices`, in a thread beside each worker.

The consumer is in no group, since each process reads every partition. It decodes every price,
because each may change a bar, and every instrument, because each may be the first to name a pair.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from msgspec.structs import replace

from pipeline.streams.clients.broker import sentences
from pipeline.streams.clients.cluster import topic_id
from pipeline.streams.clients.consumer_errors import is_partition_end, passes, require_passing
from pipeline.streams.clients.polling import poll_all, record_of
from pipeline.streams.clients.session_errors import ended
from pipeline.streams.engine.guarded import GuardedReader, Passed
from pipeline.streams.engine.unreadable import find_unreadable, is_unreadable
from pipeline.streams.observe import metrics
from pipeline.streams.role_interface import TABLES_GROUP, Record, Stopped, Unreadable
from pipeline.streams.settings import Settings
from pipeline.streams.tables.guard import TableGuard
from pipeline.streams.tables.input_record import read, withdrawn
from pipeline.streams.tables.log_ends import LogEnds
from pipeline.streams.tables.partitions import CONSUMER, assign_new, find_starts
from pipeline.streams.tables.progress import TableProgress, too_late
from pipeline.streams.tables.refused_prices import WITHOUT_APPEND_TIME, Refused
from pipeline.streams.tables.sessions import prepare
from pipeline.streams.tables.tables import Tables
from topics.catalogue import TOPICS
from topics.codec import DecodeError, unknown_fields
from topics.instruments import Instrument
from topics.prices import TOPIC as PRICES
from topics.prices import Price

__all__ = ["Refused", "TableReader"]

logger = logging.getLogger(__name__)

BATCH_RECORDS = 10_000
WAIT_SECONDS = 0.1
CHECK_SECONDS = 0.5
UNKNOWN_TIMES_MAX = 3  # How long a topic may seem to be gone, in multiples of the largest lag.
SAMPLED_PRICES = 16  # One price in this many is checked for unknown fields.


class TableReader:
    """Read inside `with`; the reader's thread makes all callbacks.

    `on_price` gets a symbol with a newer quote, `on_refused` a row that cannot be decoded.
    `on_failure` is called when the tables fail; `failure` says why.
    """

    def __init__(
        self,
        settings: Settings,
        tables: Tables,
        *,
        on_failure: Callable[[], None],
        guard: TableGuard | None = None,
    ) -> None:
        self.failure: Stopped | None = None
        self.on_price: Callable[[str], None] = lambda _: None
        self.on_refused: Callable[[Refused], None] = lambda _: None
        self._settings = settings
        self._tables = tables
        self._on_failure = on_failure
        self._guard = guard
        self._guarded: GuardedReader | None = None  # Reads before the consumer starts.
        self._topics = {settings.topic(name): TOPICS[name] for name in ("instruments", "prices")}
        self._price_topic_id = ""
        self._logs: dict[tuple[str, int], TableProgress] = {}
        self._fed_s = dict.fromkeys(self._topics, 0.0)
        self._check_due_s = 0.0
        self._unknown_since_s: dict[str, float] = {}  # By topic: the broker does not know it.
        self._ended = threading.Event()
        self._group = {"group.id": settings.group(TABLES_GROUP)}
        connection = {**settings.connection(), **self._group}
        self._consumer = Consumer({**connection, **CONSUMER}, logger=logger)
        self._ends = LogEnds(connection, self._topics)
        self._thread = threading.Thread(target=self._run, name="tables", daemon=True)

    def __enter__(self) -> Self:
        with sentences(self._settings):
            self._begin()
        self._ends.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        if self._guarded is not None:
            self._guarded.close()
        self._ends.close()
        self._consumer.close()

    def check(self) -> None:
        """Raise Stopped when the tables have failed or lag too far."""
        if self.failure is not None:
            raise self.failure

    def await_caught_up(self, beat: Callable[[], None]) -> None:
        """Wait until every table has been read to its end; call `beat` meanwhile."""
        while self.reasons_not_ready():
            self.check()
            beat()
            time.sleep(WAIT_SECONDS / 10)

    def reasons_not_ready(self) -> list[str]:
        """Return a sentence for each table that has not been read to its end."""
        behind = sorted({place[0] for place, log in self._logs.items() if not log.caught_up})
        return [f"the topic {topic} has not been read to its end yet" for topic in behind]

    def show(self) -> None:
        """Update the gauges."""
        now_s = time.monotonic()
        for topic, fed_s in self._fed_s.items():
            logs = [log for place, log in self._logs.items() if place[0] == topic]
            name = self._topics[topic].name
            metrics.TABLE_CAUGHT_UP.labels(name).set(all(log.caught_up for log in logs))
            metrics.TABLE_AGE_SECONDS.labels(name).set(now_s - fed_s)

    def _begin(self) -> None:
        self._price_topic_id = topic_id(self._settings, PRICES.name)
        since_ms = int(time.time() * 1000) - self._settings.price_history_ms
        starts, ends = find_starts(self._consumer, self._topics, since_ms=since_ms)
        self._logs.update((place, TableProgress(end)) for place, end in ends.items())
        if self._guard is not None:
            properties = {**self._settings.connection(), **self._group}
            self._guarded = self._guard.reader(starts, ends, properties)
        guarded = {} if self._guarded is None else self._guarded.positions
        self._consumer.assign([p for p in starts if (p.topic, p.partition) not in guarded])

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                if self._guarded is not None:
                    self._take(self._read_guarded(self._guarded))
                self._take(poll_all(self._consumer, BATCH_RECORDS, WAIT_SECONDS))
                self._check_lags(time.monotonic())
        except KafkaException as error:
            sentence = f"the tables cannot be read anymore ({error.args[0].str()})"
            self.failure = ended(error.args[0])(sentence)
        except Stopped as error:
            self.failure = error
        finally:
            if not self._ended.is_set():
                self.failure = self.failure or Stopped("the thread of the tables died")
                self._on_failure()

    def _read_guarded(self, guarded: GuardedReader) -> list[Passed]:
        """Return what the child read; when it is done, the consumer continues after it."""
        found = guarded.read(WAIT_SECONDS)
        for batch in found:
            if isinstance(batch, Unreadable):
                self._set_aside(batch)
        if guarded.done:
            self._guarded, places = None, guarded.positions.items()
            self._consumer.incremental_assign([TopicPartition(*place, at) for place, at in places])
        return [message for message in found if isinstance(message, Passed)]

    def _set_aside(self, batch: Unreadable) -> None:
        self._logs[batch.topic, batch.partition].position = batch.next
        if self._guard is not None:
            self._guard.remember(batch)
        self._refuse_batch(batch)

    def _take(self, messages: Sequence[Message | Passed]) -> None:
        """Apply prices and instruments, and record the position in each partition."""
        for message in messages:
            place = message.topic() or "", message.partition() or 0
            offset, error = message.offset() or 0, message.error()
            if error is None:
                self._logs[place].position = offset + 1
                self._feed_or_refuse(record_of(message))
            elif is_partition_end(error):
                self._logs[place].position = max(offset, self._logs[place].position)
            elif is_unreadable(error) and isinstance(message, Message):
                self._step_over(message)
            else:
                require_passing(error)

    def _step_over(self, message: Message) -> None:
        """Skip a batch that cannot be decompressed; the client may report it more than once."""
        log = self._logs[message.topic() or "", message.partition() or 0]
        if (message.offset() or 0) < log.position:
            return
        batch = find_unreadable(message, {**self._settings.connection(), **self._group})
        if batch is not None:
            log.position = batch.next
            self._consumer.seek(TopicPartition(batch.topic, batch.partition, batch.next))
            self._refuse_batch(batch)

    def _feed_or_refuse(self, record: Record) -> None:
        """Apply a row, whatever it holds: one row must not end every process that has tables."""
        try:
            self._feed(record)
        except Stopped:
            raise
        except Exception as error:
            place = record.topic, record.partition, record.offset
            logger.exception("%s[%d] at %d could not be applied to its table", *place)
            self._refuse(record, DecodeError(f"internal: {type(error).__name__}"), "internal")

    def _refuse_batch(self, batch: Unreadable) -> None:
        self._refuse(batch.record(at_ms=int(time.time() * 1000)), batch.error, "unreadable")

    def _refuse(self, record: Record, error: DecodeError, kind: str = "undecodable") -> None:
        topic = self._topics[record.topic].name
        metrics.TABLE_REFUSED.labels(topic).inc()
        self.on_refused(Refused(record, topic, error, kind))

    def _feed(self, record: Record) -> None:
        topic = self._topics[record.topic]
        gone = withdrawn(record, topic)
        if gone is not None:
            self._fed_s[record.topic] = time.monotonic()
            self._tables.withdraw_instrument(gone)
            return
        if topic.append_time and not record.timestamp_is_append_time:
            self._refuse(replace(record, timestamp_ms=int(time.time() * 1000)), WITHOUT_APPEND_TIME)
            return
        try:
            row = read(record, topic)
        except DecodeError as error:
            self._refuse(record, error)
            return
        self._fed_s[record.topic] = time.monotonic()
        if isinstance(row, Instrument):
            if row.session is not None:
                prepare(row.session, int(time.time() * 1000))
            place = record.timestamp_ms, record.partition, record.offset
            self._tables.apply_instrument(row, place)
        elif isinstance(row, Price):
            self._feed_price(row, record)

    def _feed_price(self, price: Price, record: Record) -> None:
        if record.offset % SAMPLED_PRICES == 0:
            found = unknown_fields(PRICES, record.value or b"")
            metrics.UNKNOWN_FIELDS.labels(PRICES.name).inc(found * SAMPLED_PRICES)
        if self._tables.apply_price(
            price,
            offset=record.offset,
            appended_ms=record.timestamp_ms,
            epoch=f"{self._price_topic_id}:{record.partition}",
        ):
            self.on_price(price.symbol)
        else:
            metrics.TABLE_REFUSED.labels("prices").inc()

    def _check_lags(self, now_s: float) -> None:
        """Raise Stopped if a partition lags further than the settings allow."""
        if now_s < self._check_due_s:
            return
        self._check_due_s = now_s + CHECK_SECONDS
        for place in assign_new(self._consumer, self._ends.partitions - self._logs.keys()):
            self._logs[place] = TableProgress(0)
        self._take_ends(now_s)
        for place, log in self._logs.items():
            end = self._consumer.get_watermark_offsets(TopicPartition(*place), cached=True)[1]
            late_s = log.measure_lag_s(max(end, log.end), now_s)
            if log.caught_up and late_s * 1000 > self._settings.table_lag_ms_max:
                raise too_late(place, late_s, now_s - log.answered_s)

    def _take_ends(self, now_s: float) -> None:
        """Note where the brokers say that each log ends; fetching may stop without an error."""
        self._ends.places = frozenset(self._logs)
        for place, offset, error, asked_s in self._ends.take():
            if error is not None:
                self._check_unknown(error, {place[0]}, now_s)
            elif offset >= 0:  # Else its leader died just now, and nobody knows.
                log = self._logs[place]
                log.end, log.answered_s = offset, asked_s
                self._unknown_since_s.pop(place[0], None)

    def _check_unknown(self, error: KafkaError, topics: set[str], now_s: float) -> None:
        """Raise KafkaException if topics seem to be gone for longer than a broker's restart."""
        if passes(error):
            return
        patience_s = UNKNOWN_TIMES_MAX * self._settings.table_lag_ms_max / 1000
        for topic in topics:
            since_s = self._unknown_since_s.setdefault(topic, now_s)
            if now_s - since_s > patience_s:
                raise KafkaException(error)
        for place, log in self._logs.items():
            if place[0] in topics:
                log.answered_s = now_s  # This is an answer, so the broker is alive.
