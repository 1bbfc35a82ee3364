"""The engine of a worker: quixstreams with its holes closed and a loop of its own.

The only file that imports quixstreams, and that knows its private names. Quix Streams carries
topics, consumer group, checkpoint, state with changelog and transactions; what the messages mean
is a role's business.
"""
# ruff: noqa: SLF001

import threading
import time
import warnings
from functools import partial
from pathlib import Path
from typing import ClassVar

from confluent_kafka import Consumer, KafkaException, TopicPartition

from pipeline.streams.clients.cluster import Cluster
from pipeline.streams.engine.changelog import Changelog
from pipeline.streams.engine.loop import Clients, Hooks, Loop, Sender
from pipeline.streams.engine.old_state import not_old
from pipeline.streams.engine.progress import Progress, bound, note_calls
from pipeline.streams.engine.restore import REPLAY_SECONDS, Restores, behind_all
from pipeline.streams.engine.start_checks import explained, session_lost
from pipeline.streams.engine.takeover import States, Takeover
from pipeline.streams.role_interface import (
    STORE,
    EngineSettings,
    EngineStatus,
    Observer,
    Place,
    Produce,
    Role,
)

# A library that quixstreams imports insists on warning of another, whatever the filters say.
with warnings.catch_warnings(record=True):
    from quixstreams import Application
    from quixstreams.core.stream import VoidExecutor
    from quixstreams.exceptions import QuixException
    from quixstreams.models import TopicConfig
    from quixstreams.state import PartitionTransaction
    from quixstreams.state.exceptions import InvalidStoreChangelogOffset
    from quixstreams.state.recovery import RecoveryManager
    from quixstreams.state.rocksdb import RocksDBOptions, RocksDBStore
    from quixstreams.state.rocksdb.partition import RocksDBStorePartition

__all__ = ["IngestApplication", "RiskApplication", "StreamApplication"]

RECOVERY_SECONDS_MAX = 600  # Without a position of a changelog, until the restore counts as stuck.
NO_BROKER_SECONDS_MAX = 60.0
GIVE_UP = "_abort_or_purge_on_revoke"  # Of a checkpoint: the library says nothing else of it.
ROCKSDB = RocksDBOptions(write_buffer_size=2**23, max_write_buffer_number=2, block_cache_size=2**26)


class StreamApplication(Application):
    """Run a role on its topics. Construct, then `serve`; both say in a sentence what is wrong."""

    stateful: ClassVar[bool]
    produce: Produce

    def __init__(self, settings: EngineSettings, *, observer: Observer | None = None) -> None:
        self.status = EngineStatus()
        self.produce = self._sender = Sender(transactional=self.stateful)
        self._settings = settings
        self._observer = observer or Observer()
        self._cluster = Cluster.of(settings, stateful=self.stateful)
        self._topics = [*settings.topics, *([settings.changelog] if self.stateful else [])]
        self._progress: Progress
        self._loop: Loop
        self._takeover: Takeover
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
        except (QuixException, KafkaException, RuntimeError) as error:
            ahead, library = InvalidStoreChangelogOffset, QuixException
            raise explained(error, self._settings, ahead=ahead, library=library) from error
        finally:
            self.status.ready = False

    def _setup_signal_handlers(self) -> None:
        if threading.current_thread() is threading.main_thread():
            super()._setup_signal_handlers()  # type: ignore[no-untyped-call]

    def _run_dataframe(self, sink: VoidExecutor | None = None) -> None:
        del sink
        self._consumer._subscribe(self._topics, self._on_assign, self._on_revoke, self._on_lost)
        settings, progress = self._settings, self._progress
        bound(self._producer, "commit_transaction", "flush", seconds=settings.call_seconds_max)
        self._processing_context.init_checkpoint()
        self._sender.producer = self._producer._producer._producer
        clients = Clients(self._consumer._consumer, self._sender.producer, not self.stateful)
        hooks = Hooks(self._commit, self._beat, self._stop_event.is_set)
        self._loop = Loop(clients, settings, progress=progress, hooks=hooks)
        self._takeover = Takeover(settings, self._cluster, progress=progress, clients=clients)
        self._cluster.beat = self._beat
        if self.stateful:
            self._takeover.states = States(self._state, self._transaction)
        else:
            self._consumer.commit = self._takeover.marked(self._consumer.commit)  # type: ignore[method-assign]
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
        self._producer.raise_if_broker_unavailable(NO_BROKER_SECONDS_MAX)
        self._consumer.raise_if_broker_unavailable(NO_BROKER_SECONDS_MAX)

    def _commit(self) -> None:
        # Without a member id it has left the group: the next read drops what it holds.
        if not self._progress.has_more() or not self._consumer.memberid():
            return
        started_s = time.monotonic()
        self._prepare(self._config.flush_timeout)
        self._processing_context.commit_checkpoint(force=True)
        self._observer.committed(time.monotonic() - started_s, self._progress.records)
        self._progress.commit()
        self._consumer._broker_available()
        self._producer._broker_available()

    def _prepare(self, seconds_max: float) -> None:
        self._progress.prepare()
        for (topic, partition), position in self._progress.uncommitted().items():
            self._processing_context.store_offset(topic, partition, position - 1)
            if self.stateful:
                self._takeover.set_applied((topic, partition), position)
        if self.stateful:
            return
        self._sender.flush(seconds_max, beat=self._beat)
        self._sender.raise_refusal(self._settings.instance)

    def _on_assign(self, _: Consumer, topic_partitions: list[TopicPartition]) -> None:
        if self._stop_event.is_set():
            # Served while the consumer closes, which may ask the broker nothing any more.
            self._consumer._consumer.assign([])
            return
        self.status.idle_member = not topic_partitions
        if not topic_partitions:
            return
        self._observer.rebalanced()
        self._logs = self._takeover.expect(topic_partitions)
        super()._on_assign(_, topic_partitions)

    def _on_revoke(self, _: Consumer, topic_partitions: list[TopicPartition]) -> None:
        started_s, records = time.monotonic(), self._progress.records
        if not self._failed and records:
            self._prepare(self._config.revoke_flush_timeout)
        given_up = note_calls(self._processing_context.checkpoint, GIVE_UP)
        super()._on_revoke(_, topic_partitions)
        if self._failed or given_up:
            self._observer.dropped(records)
        elif records:
            self._observer.committed(time.monotonic() - started_s, records)
        self._hand_over()

    def _on_lost(self, _: Consumer, topic_partitions: list[TopicPartition]) -> None:
        self._observer.dropped(self._progress.records)
        # Else work on partitions that are others' by now is committed with what comes next.
        self._processing_context.checkpoint.close(revoking=True)
        super()._on_lost(_, topic_partitions)
        self._hand_over()
        self._processing_context.init_checkpoint()

    def _hand_over(self) -> None:
        self.status.ready = self.status.idle_member = False
        self.status.assigned = ()
        self._takeover.stores.clear()
        self._progress.end()

    def _take_over(self) -> None:
        """Give newly assigned partitions to the role, once their state is recovered."""
        if not self._takeover.take_over():
            return
        if self.stateful and (stale := self._progress.stale()):
            self._observer.overwritten(len(stale))
            self._commit()
        self.status.assigned = tuple(self._progress.partitions.values())
        self.status.ready = True

    def _state(self, place: Place) -> "_StatePartition":
        state = self._state_manager.get_store(place[0], STORE).partitions[place[1]]
        assert isinstance(state, _StatePartition)
        return state

    def _transaction(self, place: Place) -> PartitionTransaction[bytes, bytes]:
        return self._processing_context.checkpoint.get_store_transaction(*place, STORE)

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
        state.produce = self.produce
        state.delete_retention_ms = self._cluster.delete_retention_ms
        manager.stores[stream] = {STORE: state}
        assert manager._recovery_manager is not None
        self._recovery: RecoveryManager = manager._recovery_manager
        # Else a changelog is read up to an open transaction, and believed up to a stale offset.
        self._consumer.get_watermark_offsets = lambda tp, **_: self._logs[tp.topic, tp.partition]  # type: ignore[method-assign]
        self._consumer.committed = behind_all  # type: ignore[assignment, method-assign]
        self._restores = Restores(self._consumer._consumer)
        begin, believe = self._restores.begin, self._restores.believe
        ask = self._recovery._get_changelog_offset
        self._recovery._prime_changelog_partition = lambda rp: begin(rp, low=rp._changelog_lowwater)  # type: ignore[method-assign]
        self._recovery._get_changelog_offset = lambda rp: believe(rp, ask(rp))  # type: ignore[method-assign]
        self._recovery._recovery_loop = self._replay  # type: ignore[method-assign]
        # Counted in our short rounds, not in the library's long ones: ten minutes either way.
        self._recovery.MAX_INVALID_OFFSET_ATTEMPTS = round(RECOVERY_SECONDS_MAX / REPLAY_SECONDS)

    def _replay(self) -> None:
        hooks = Hooks(self._look_for_ends, self._beat, self._stop_event.is_set)
        self._restores.run(self._recovery, hooks, progress=self._progress)

    def _look_for_ends(self) -> None:
        self._recovery._position_cache.clear()
        self._recovery._update_recovery_status()


class RiskApplication(StreamApplication):
    """Exactly once: outputs, state and offsets of one topic in one transaction."""

    stateful = True


class IngestApplication(StreamApplication):
    """At least once and without gaps: offsets move only after delivery of all before them."""

    stateful = False


class _StatePartition(RocksDBStorePartition):
    # Else values that begin like a time are taken for ones with an expiry, and cut.
    uses_ttl_stamps = False

    def read(self, key: bytes) -> object:  # The library's own takes thrice the time.
        return self.get_or_create_column_family("default").get(key)


class _State(RocksDBStore):
    produce: Produce
    delete_retention_ms: int

    def create_new_partition(self, partition: int) -> RocksDBStorePartition:
        path = self._partitions_dir / str(partition)
        opened = partial(self._open, partition, path)
        return not_old(opened, path, delete_retention_ms=self.delete_retention_ms)

    def _open(self, partition: int, path: Path) -> _StatePartition:
        assert self._changelog_producer_factory is not None
        reported = self._changelog_producer_factory.get_partition_producer(partition)
        return _StatePartition(
            path=str(path),
            options=self._options,
            changelog_producer=Changelog(reported, self.produce),  # type: ignore[arg-type]
            stop_event=self._stop_event,
            open_deadline=self._open_deadline,
        )
