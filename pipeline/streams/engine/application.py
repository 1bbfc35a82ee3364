"""The engine of a worker: quixstreams with its holes closed and a loop of its own.

The only file that imports quixstreams and knows its private names; roles know what messages mean.
"""
# ruff: noqa: SLF001

import threading
import time
from dataclasses import replace
from functools import partial
from typing import ClassVar

from confluent_kafka import Consumer, TopicPartition

from pipeline.streams.clients.cluster import Cluster
from pipeline.streams.engine.checkpoint import Keeper, revoke_seconds_max
from pipeline.streams.engine.disk_batch import Changes, batch_of
from pipeline.streams.engine.ending import LOST_SECONDS_MAX, Ending
from pipeline.streams.engine.loop import Clients, Hooks
from pipeline.streams.engine.old_state import not_old
from pipeline.streams.engine.partition_store import PartitionStore
from pipeline.streams.engine.parts import Parts
from pipeline.streams.engine.progress import Progress
from pipeline.streams.engine.restore import REPLAY_SECONDS, Restores, behind_all
from pipeline.streams.engine.sender import Sender, output_producer
from pipeline.streams.engine.standby import Standby
from pipeline.streams.engine.start_checks import SESSION_ERRORS, explained, session_lost
from pipeline.streams.engine.unused import left_out
from pipeline.streams.role_interface import (
    STORE,
    EngineSettings,
    EngineStatus,
    Observer,
    Place,
    Produce,
    Role,
)

with left_out():
    from quixstreams import Application
    from quixstreams.core.stream import VoidExecutor
    from quixstreams.exceptions import QuixException
    from quixstreams.models import TopicConfig
    from quixstreams.state.exceptions import InvalidStoreChangelogOffset
    from quixstreams.state.recovery import RecoveryManager
    from quixstreams.state.rocksdb import RocksDBOptions, RocksDBStore
    from quixstreams.state.rocksdb.partition import RocksDBStorePartition

__all__ = ["StreamApplication"]

RECOVERY_SECONDS_MAX = 600  # Without a position of a changelog, until the restore counts as stuck.
NO_BROKER_SECONDS_MAX = 60.0
ROCKSDB = RocksDBOptions(write_buffer_size=2**23, max_write_buffer_number=2, block_cache_size=2**26)
COPIES = replace(ROCKSDB, write_buffer_size=2**21, open_max_retries=0)  # Of others' partitions.


class StreamApplication(Application):
    """Run a role on its topics. Construct, then `serve`; both say in a sentence what is wrong."""

    stateful: ClassVar[bool]
    produce: Produce  # At once: what is decided again after a crash is the same.
    produce_with_state: Produce  # In the transaction of the checkpoint that is being saved.

    def __init__(self, settings: EngineSettings, *, observer: Observer | None = None) -> None:
        self.status = EngineStatus()
        self._sender, self._with_state = Sender(), Sender(transactional=True)
        # Methods: to call an instance takes three times as long.
        self.produce, self.produce_with_state = self._sender.take, self._with_state.take
        self.ending = Ending((self._sender, self._with_state), self.status.show_life)
        self._settings, self._observer = settings, observer or Observer()
        self._cluster = Cluster.of(settings, stateful=self.stateful)
        self._stores: dict[int, PartitionStore] = {}  # Of the partitions that are owned.
        self._standby = Standby(settings, self.status)
        self._topics = [*settings.topics, *([settings.changelog] if self.stateful else [])]
        super().__init__(
            settings.brokers,
            consumer_group=settings.group,
            auto_offset_reset="error",  # Each assignment says where to begin.
            consumer_extra_config=settings.consumer() | {"enable.partition.eof": not self.stateful},
            producer_extra_config=settings.producer(transactional=self.stateful),
            state_dir=settings.state_dir,
            rocksdb_options=ROCKSDB,
            loglevel=None,
            auto_create_topics=False,
            auto_recover_from_source_offset_out_of_range=False,
            processing_guarantee="exactly-once" if self.stateful else "at-least-once",
            broker_availability_timeout=NO_BROKER_SECONDS_MAX,
        )
        self._hooks = Hooks(self._beat, self._stop_event.is_set, self.ending.callbacks.raise_first)
        try:
            for topic in settings.topics:
                self.dataframe(self.topic(topic))
        except QuixException as error:
            raise session_lost(settings, error) from error
        if self.stateful:
            self._register_state(settings.topics[0])

    def serve(self, role: Role) -> None:
        """Work until SIGTERM, SIGINT or `stop`; raise Stopped when going on would be wrong."""
        self._progress = Progress(role, clock_ahead_ms_max=self._settings.clock_ahead_ms_max)
        try:
            self.run()
        except (QuixException, *SESSION_ERRORS) as error:
            ahead, library = InvalidStoreChangelogOffset, QuixException
            raise explained(error, self._settings, ahead=ahead, library=library) from error
        finally:
            self.status.ready = False
            self._standby.await_gone(beat=self.ending.beat)

    def _setup_signal_handlers(self) -> None:
        if threading.current_thread() is threading.main_thread():
            super()._setup_signal_handlers()  # type: ignore[no-untyped-call]
            self.ending.hear_signals()

    def _run_dataframe(self, sink: VoidExecutor | None = None) -> None:
        del sink
        settings, consumer = self._settings, self._consumer._consumer
        callbacks = self.ending.callbacks.of(self._on_assign, self._on_revoke, self._on_lost)
        consumer.subscribe(self._topics, **callbacks)
        self._consumer.close = partial(self.ending.close, self._consumer.close)  # type: ignore[method-assign]
        # First of all: with its name the producer aborts what an earlier life left open.
        producer = self._producer._producer._producer
        self._with_state.producer = producer
        self._sender.producer = output_producer(settings) if self.stateful else producer
        self._loop, self._checkpoints, self._takeover = Parts.of(
            Clients(consumer, self._sender, not self.stateful),
            settings,
            keeper=self._keeper(consumer),
            progress=self._progress,
            hooks=self._hooks,
            observer=self._observer,
            cluster=self._cluster,
        )
        self.ending.checkpoints = self._checkpoints
        if self.stateful:
            self._takeover.states, self._takeover.stores = self._state, self._stores
        # Not run_tracker.running: it forgets a signal that came before it was set.
        while not self._stop_event.is_set():
            self._turn()
        self._loop.end()

    def _turn(self) -> None:
        self._beat()
        if self._state_manager.recovery_required:
            started_s = time.monotonic()
            self._state_manager.do_recovery()
            self._observer.recovered(time.monotonic() - started_s)
        else:
            self._take_over()
            self._loop.turn()

    def _beat(self) -> None:
        self._loop.report(self.status)
        if self.stateful:
            self._with_state.producer.poll(0)  # What it says of the brokers comes in here.
        is_there = self._checkpoints.was_done()  # Else an outage that is over counts on.
        for client in (self._producer, self._consumer):
            if is_there:
                client._broker_available()  # type: ignore[no-untyped-call]
            client.raise_if_broker_unavailable(NO_BROKER_SECONDS_MAX)

    def _keeper(self, consumer: Consumer) -> Keeper:
        """Return what keeps a checkpoint of this kind of worker."""
        raise NotImplementedError

    def _on_assign(self, _: Consumer, topic_partitions: list[TopicPartition]) -> None:
        if self._stop_event.is_set():
            # Served while the consumer closes, which may ask the broker nothing any more.
            self._consumer._consumer.assign([])
            return
        self._standby.await_gone(beat=self._beat)  # What is assigned may be among the copies.
        self.status.idle_member = not topic_partitions
        if not topic_partitions:
            self._standby.follow((), self._cluster)
            return
        self._observer.rebalanced()
        self._logs = self._takeover.expect(topic_partitions)
        super()._on_assign(_, topic_partitions)

    def _on_revoke(self, _: Consumer, topic_partitions: list[TopicPartition]) -> None:
        try:
            self._save_last()
        finally:
            self._hand_over(topic_partitions)

    def _save_last(self) -> None:
        """Save all that was applied, unless the worker ends because it must not go on."""
        # Without a member id it has left the group: what it holds is another's.
        may = not self._failed and bool(self._consumer.memberid())
        half_s = revoke_seconds_max(self._settings) / 2  # To save it; as long again to give it up.
        if not may or not self._checkpoints.save_all(half_s, beat=self._beat):
            self._drop(half_s)

    def _on_lost(self, _: Consumer, topic_partitions: list[TopicPartition]) -> None:
        # Else work on partitions that are others' by now is committed with what comes next.
        try:
            self._drop(LOST_SECONDS_MAX)
        finally:
            self._hand_over(topic_partitions)

    def _drop(self, seconds_max: float) -> None:
        try:
            self._checkpoints.drop(seconds_max, beat=self.ending.beat)
        except BaseException:
            self._producer._active_transaction = False  # Else the library tries again, for longer.
            raise

    def _hand_over(self, topic_partitions: list[TopicPartition]) -> None:
        # Else whoever comes next finds the folder of the state locked, and all of it in memory.
        self._revoke_state_partitions(topic_partitions)
        self._consumer.reset_backpressure()
        self.status.ready, self.status.idle_member, self.status.assigned = False, False, ()
        self._standby.let_go()
        self._takeover.stores.clear()
        self._progress.end()

    def _take_over(self) -> None:
        """Give newly assigned partitions to the role, once their state is recovered."""
        if not self._takeover.take_over():
            return
        self._loop.resume()
        if stale := self._progress.stale():  # The next checkpoint overwrites them.
            self._observer.overwritten(len(stale))
        self.status.assigned = tuple(self._progress.partitions.values())
        self.status.ready = True
        self._standby.follow((each.partition for each in self.status.assigned), self._cluster)

    def _state(self, place: Place) -> "_StatePartition":
        state = self._state_manager.get_store(place[0], STORE).partitions[place[1]]
        assert isinstance(state, _StatePartition)
        return state

    def _register_state(self, stream: str) -> None:
        manager = self._state_manager
        config = TopicConfig(self._settings.partitions[stream], replication_factor=1)
        state = _State(
            STORE,
            stream,
            base_dir=str(manager._state_dir),
            changelog_producer_factory=manager._setup_changelogs(stream, STORE, config),
            options=ROCKSDB,
            stop_event=self._stop_event,
            open_deadline=self._open_deadline,
        )
        state.app = self
        self._standby.open_copy = partial(state.opened, options=COPIES)
        manager.stores[stream] = {STORE: state}
        assert manager._recovery_manager is not None
        self._recovery: RecoveryManager = manager._recovery_manager
        # Else a changelog is read up to an open transaction, and believed up to a stale offset.
        self._consumer.get_watermark_offsets = lambda tp, **_: self._logs[tp.topic, tp.partition]  # type: ignore[method-assign]
        self._consumer.committed = behind_all  # type: ignore[assignment, method-assign]
        self._restores = Restores(self._consumer._consumer)
        begin, ask = self._restores.begin, self._recovery._get_changelog_offset
        self._recovery._prime_changelog_partition = lambda rp: begin(rp, low=rp._changelog_lowwater)  # type: ignore[method-assign]
        self._recovery._get_changelog_offset = lambda rp: self._restores.believe(rp, ask(rp))  # type: ignore[method-assign]
        run = partial(self._restores.run, look=self._look_for_ends)
        self._recovery._recovery_loop = lambda: run(self._recovery, self._hooks, self._progress)  # type: ignore[method-assign]
        # Counted in our short rounds, not in the library's long ones: ten minutes either way.
        self._recovery.MAX_INVALID_OFFSET_ATTEMPTS = round(RECOVERY_SECONDS_MAX / REPLAY_SECONDS)

    def _look_for_ends(self) -> None:
        self._recovery._position_cache.clear()
        self._recovery._update_recovery_status()


class _StatePartition(RocksDBStorePartition):
    # Else values that begin like a time are taken for ones with an expiry, and cut.
    uses_ttl_stamps = False

    def read(self, key: bytes) -> object:  # The library's own takes thrice the time.
        return self.get_or_create_column_family("default").get(key)

    def write_changes(self, changes: Changes, *, changelog_offset: int | None) -> None:
        batch = batch_of(changes, self.get_column_family_handle("default"))
        if changelog_offset is not None:
            self._update_changelog_offset(batch, changelog_offset)
        self._write(batch)


class _State(RocksDBStore):
    app: StreamApplication

    def create_new_partition(self, partition: int) -> RocksDBStorePartition:
        first = self.app._logs[self.app._settings.changelog, partition].low
        return self.opened(partition, first, options=ROCKSDB)

    def opened(self, number: int, first: int, *, options: RocksDBOptions) -> _StatePartition:
        path, factory = self._partitions_dir / str(number), self._changelog_producer_factory
        assert factory is not None
        opened = partial(
            _StatePartition,
            path=str(path),
            options=options,
            changelog_producer=factory.get_partition_producer(number),
            stop_event=self._stop_event,
            open_deadline=self._open_deadline,
        )
        retention = self.app._cluster.delete_retention_ms
        return not_old(opened, path, delete_retention_ms=retention, first_offset=first)
