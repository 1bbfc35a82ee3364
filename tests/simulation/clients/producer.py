"""The simulated Producer: idempotent, in order, and transactional where it has an id.

What is produced leaves with the next chance of the client's own thread, and is reported by `poll`
or `flush`. A transactional call that takes too long goes on by itself: asked again, it answers.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, TopicPartition

from pipeline.streams.clients.partitioner import murmur2
from tests.simulation.broker.cluster import Channel, Cluster, Outgoing
from tests.simulation.broker.log import Headers, Refused, Transaction
from tests.simulation.broker.transactions import Batch
from tests.simulation.clients.base import (
    Client,
    Operation,
    SimulatedMessage,
    raised,
    seconds_of,
)
from tests.simulation.clients.group_metadata import SimulatedGroupMetadata
from tests.simulation.kernel import Task

__all__ = ["SimulatedProducer"]

AGAIN_SECONDS = 0.02  # After CONCURRENT_TRANSACTIONS, fixed in Kafka's client.
LEADERS = 3  # Of partitions, in turn; what one of them has says nothing of the others.
FENCED = frozenset({KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.INVALID_TXN_STATE})
Report = Callable[[KafkaError | None, SimulatedMessage], None]
Batched = list[tuple[Outgoing, Report | None]]


class SimulatedProducer(Client):
    """As confluent_kafka's, as far as it is used."""

    def __init__(self, cluster: Cluster, config: Mapping[str, Any], **_: object) -> None:
        super().__init__(cluster, config)
        self._id: str | None = config.get("transactional.id")
        self._timeout_s = int(config.get("transaction.timeout.ms", 60_000)) / 1000
        self._channels = [Channel() for _ in range(LEADERS)]
        self._linger_s = int(config.get("linger.ms", 5)) / 1000
        self._epoch = 0
        self._fatal: int | None = None
        self._in_transaction = False
        self._has_joined = False  # The coordinator was told of the transaction.
        self._joined: Transaction | None = None  # And has answered.
        self._pending: Batched = []
        self._is_leaving = False
        self._unreported = 0
        self._purged = 0
        self._reports: deque[Callable[[], None]] = deque()
        self._waiters: list[Task] = []
        self._operation: Operation | None = None

    # Messages

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int = -1,
        on_delivery: Report | None = None,
        timestamp: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        self._kernel.point("produce")
        self._kernel.tick()
        if self._id is not None and not self._in_transaction:
            raise raised(KafkaError._STATE)
        self._require_alive()
        if partition < 0:
            count = len(self._cluster.topics[topic].logs)
            partition = (murmur2(key or b"") & 0x7FFFFFFF) % count
        at_ms = timestamp or int((self._kernel.now_s + self._process.clock_skew_s) * 1000)
        outgoing = Outgoing((topic, partition), key, value, headers, at_ms)
        self._pending.append((outgoing, on_delivery))
        self._unreported += 1
        if not self._is_leaving:
            self._is_leaving = True
            self._kernel.after(self._linger_s, lambda: self._process.deliver(self._leave))

    def poll(self, timeout: float | None = None) -> int:
        """Serve reports."""
        self._kernel.tick()
        if timeout and not self._reports:
            self._kernel.wait(lambda: bool(self._reports), self._waiters, seconds_of(timeout))
        return self._serve()

    def flush(self, timeout: float | None = None) -> int:
        """Wait for all reports and serve them; return how many are missing."""
        self._kernel.point("before flush")
        self._leave()
        until_s = self._kernel.now_s + seconds_of(timeout)
        while self._unreported and self._kernel.now_s < until_s:
            left_s = until_s - self._kernel.now_s
            self._kernel.wait(lambda: bool(self._reports), self._waiters, left_s)
            self._serve()
        self._kernel.point("after flush")
        return self._unreported

    def purge(self, **_: object) -> None:
        """Forget what has not left yet."""
        for _outgoing, report in self._pending:
            self._report(report, None, 0, KafkaError._PURGE_QUEUE)
        self._pending.clear()
        self._purged += 1  # What is on its way may arrive, but nobody hears of it.
        self._unreported = len(self._reports)

    def __len__(self) -> int:
        return self._unreported

    def __bool__(self) -> bool:
        return True

    def _serve(self) -> int:
        count = 0
        while self._reports:
            self._reports.popleft()()
            count += 1
        return count

    def _leave(self) -> None:
        """Send what is pending, in order; it is on its way, whatever becomes of the process."""
        self._is_leaving = False
        if not self._pending:
            return
        joined = self._joined
        if self._id is None or joined is not None:
            batches: defaultdict[int, Batched] = defaultdict(list)
            for outgoing, report in self._pending:
                batches[outgoing.place[1] % LEADERS].append((outgoing, report))
            self._pending = []
            for leader, batch in batches.items():
                self._send(batch, lambda: joined, self._channels[leader])
        elif not self._has_joined:
            self._has_joined = True
            self._join(self._id, self._epoch)

    def _join(self, name: str, epoch: int) -> None:
        """Begin the transaction at its coordinator; what is produced waits for that."""

        def take(answer: object) -> None:
            if isinstance(answer, Transaction):
                self._joined = answer
                self._leave()
            elif isinstance(answer, Refused):
                self._fail(answer.code)
                batch, self._pending = self._pending, []
                for outgoing, report in batch:
                    self._report(report, outgoing, 0, answer.code)

        self._persist(lambda: self._cluster.transactions.joining(name, epoch), take)

    def _send(
        self, batch: Batched, transaction_of: Callable[[], Transaction | None], channel: Channel
    ) -> None:
        epoch, purged = self._epoch, self._purged

        def write() -> list[int]:
            transaction = transaction_of()
            if transaction is not None:  # Fenced since, or ended by the coordinator?
                now = self._cluster.transactions.joining(transaction.transactional_id, epoch)
                if now is not transaction:
                    raise Refused(KafkaError.INVALID_TXN_STATE)
            return [self._cluster.append(outgoing, transaction) for outgoing, _ in batch]

        def take(answer: object) -> None:
            code = answer.code if isinstance(answer, Refused) else None
            offsets = answer if isinstance(answer, list) else [0] * len(batch)
            if code is not None:
                self._fail(code)
            if purged != self._purged:
                return
            for (outgoing, report), offset in zip(batch, offsets, strict=True):
                self._report(report, outgoing, offset, code)

        self._cluster.network.request(self._process, write, take, channel=channel)

    def _report(
        self, report: Report | None, outgoing: Outgoing | None, offset: int, code: int | None
    ) -> None:
        def serve() -> None:
            self._unreported -= 1
            if report is None:
                return
            topic, number = ("", 0) if outgoing is None else outgoing.place
            error = None if code is None else KafkaError(code)
            at = TIMESTAMP_LOG_APPEND_TIME, int(self._kernel.now_s * 1000)
            report(error, SimulatedMessage(topic, number, offset, error=error, time=at))

        self._reports.append(serve)
        self._kernel.wake(self._waiters)

    # Transactions

    def init_transactions(self, timeout: float | None = None) -> None:
        """Fence earlier producers of this id, and wait until what they left is ended."""
        name = self._id
        assert name is not None
        self._epoch = self._do(
            "init_transactions",
            lambda: self._cluster.transactions.begin_life(name, self._timeout_s),
            timeout,
        )

    def begin_transaction(self) -> None:
        self._kernel.point("begin_transaction")
        self._require_alive()
        if self._in_transaction:
            raise raised(KafkaError._STATE)
        self._in_transaction, self._has_joined, self._joined = True, False, None

    def send_offsets_to_transaction(
        self,
        positions: Sequence[TopicPartition],
        group_metadata: SimulatedGroupMetadata,
        timeout: float | None = None,
    ) -> None:
        offsets = {(tp.topic, tp.partition): (tp.offset, tp.metadata or "") for tp in positions}
        batch, name = Batch(group_metadata.group, group_metadata.name, offsets), self._id or ""
        self._has_joined = True
        self._do(
            "send_offsets",
            lambda: self._cluster.transactions.add_offsets(name, self._epoch, batch),
            timeout,
        )

    def commit_transaction(self, timeout: float | None = None) -> None:
        until_s = self._kernel.now_s + seconds_of(timeout)
        if self.flush(timeout):
            raise raised(KafkaError._TIMED_OUT, is_retriable=True)
        self._require_alive()
        self._end("commit", until_s - self._kernel.now_s, commits=True)

    def abort_transaction(self, timeout: float | None = None) -> None:
        self.purge()
        self._end("abort", seconds_of(timeout), commits=False)

    def _end(self, what: str, seconds: float, *, commits: bool) -> None:
        name = self._id or ""
        if self._has_joined or self._operation is not None:
            self._do(
                what,
                lambda: self._cluster.transactions.end(name, self._epoch, commits=commits),
                max(0.0, seconds),
            )
        self._in_transaction = self._has_joined = False
        self._joined = None

    def _do(self, name: str, call: Callable[[], object], timeout: float | None) -> Any:
        """Ask the coordinator until it decides. Raise KafkaException as Kafka's client does."""
        self._require_alive()
        operation = self._operation
        if operation is not None and operation.name != name:
            raise raised(KafkaError._CONFLICT)
        self._kernel.point(f"before {name}")
        if operation is None:
            operation = self._operation = Operation(name, lambda: self._kernel.wake(self._waiters))
            self._persist(call, operation.take)
        found = operation.answers
        self._kernel.wait(lambda: bool(found), self._waiters, seconds_of(timeout))
        self._kernel.point(f"after {name}")
        if not found:
            raise raised(KafkaError._TIMED_OUT, is_retriable=True)
        self._operation = None
        if isinstance(found[0], Refused):
            self._fail(found[0].code)
            self._require_alive()
            raise raised(found[0].code, is_abortable=True)
        return found[0]

    def _persist(self, call: Callable[[], object], take: Callable[[object], None]) -> None:
        """Ask the coordinator again while it is busy with the transaction before."""

        def hear(answer: object) -> None:
            if isinstance(answer, Refused) and answer.code == KafkaError.CONCURRENT_TRANSACTIONS:
                self._kernel.after(AGAIN_SECONDS, lambda: self._process.deliver(ask))
            else:
                take(answer)

        def ask() -> None:
            self._cluster.network.request(
                self._process, call, hear, channel=self._channel, of_coordinator=True
            )

        ask()

    def _fail(self, code: int) -> None:
        if code in FENCED:
            self._fatal = KafkaError._FENCED
            self._kernel.wake(self._waiters)

    def _require_alive(self) -> None:
        if self._fatal is not None:
            raise raised(self._fatal, is_fatal=True)
