"""The guards of the engine: what each is in the source, how to take it out, and who notices."""

from typing import NamedTuple

__all__ = ["GUARDS", "Guard"]

ENGINE = "pipeline/streams/engine"
CLIENTS = "pipeline/streams/clients"
UNIT = "tests/streams/engine"
REAL = "tests/kafka"


class Guard(NamedTuple):
    """One guard, and the tests of which at least one fails without it."""

    says: str
    path: str
    text: str  # As it stands in the source, once.
    without: str
    tests: str


GUARDS = (
    Guard(
        "a checkpoint waits for the outputs before it",
        f"{ENGINE}/checkpoint.py",
        "        while not self._sender.has_delivered(barrier.sent):",
        "        while False:",
        f"{UNIT}/test_checkpoint.py",
    ),
    Guard(
        "deliveries elsewhere do not stand for one that is missing",
        f"{ENGINE}/deliveries.py",
        "        return sent <= self._barriers - ended",
        "        return ended < 2 or sent < self._barriers",
        f"{UNIT}/test_checkpoint.py",
    ),
    Guard(
        "a refused message ends the worker before a commit",
        f"{ENGINE}/sender.py",
        "        if refusal is not None:",
        "        if False:",
        f"{UNIT}/test_checkpoint.py",
    ),
    Guard(
        "a producer sends nothing behind a refused message",
        "pipeline/streams/client_settings.py",
        '    "enable.gapless.guarantee": True,',
        '    "enable.gapless.guarantee": False,',
        f"{REAL}/test_guards_gaps.py",
    ),
    Guard(
        "a message has no time after which it is given up",
        "pipeline/streams/client_settings.py",
        '    "message.timeout.ms": 0,',
        '    "message.timeout.ms": 1000,',
        "tests/streams/test_client_settings.py",
    ),
    Guard(
        "what is held is dropped with the partitions",
        f"{ENGINE}/checkpoint.py",
        "        self._sender.drop_held()\n        records = 0",
        "        records = 0",
        f"{UNIT}/test_checkpoint.py",
    ),
    Guard(
        "a commit that hangs ends the session",
        f"{ENGINE}/checkpoint.py",
        "        if time.monotonic() > give_up_s:\n            raise SessionLost(",
        "        if False:\n            raise SessionLost(",
        f"{UNIT}/test_checkpoint.py",
    ),
    Guard(
        "a checkpoint of lost partitions is dropped",
        f"{ENGINE}/application.py",
        "            self._drop(LOST_SECONDS_MAX)",
        "            pass",
        "tests/simulation/test_mutants.py",
    ),
    Guard(
        "a worker whose commit goes on while it is dropped ends",
        f"{ENGINE}/keepers.py",
        "        if is_committing:  # The client",
        "        if False:  # The client",
        f"{UNIT}/test_keepers.py",
    ),
    Guard(
        "all of a transaction has one deadline",
        f"{ENGINE}/keepers.py",
        "        left_s = max(0.0, deadline_s - time.monotonic())",
        "        left_s = seconds_max",
        f"{UNIT}/test_keepers.py",
    ),
    Guard(
        "a commit needs the offset of each state",
        f"{ENGINE}/keepers.py",
        "        if len(self._offsets) < len(barrier.positions):",
        "        if False:",
        f"{UNIT}/test_keepers.py",
    ),
    Guard(
        "a restore forgets records of an assignment that is over",
        f"{ENGINE}/restore.py",
        "            if generation != progress.generation:",
        "            if False:",
        f"{UNIT}/test_loop.py",
    ),
    Guard(
        "a restore seeks again where nothing comes",
        f"{ENGINE}/restore.py",
        "                seek(self._consumer, place, restored.position)",
        "                pass",
        f"{REAL}/test_guards_recovery.py",
    ),
    Guard(
        "a restore goes to the log's end, past an open transaction",
        f"{ENGINE}/application.py",
        "        self._consumer.get_watermark_offsets = lambda tp, **_: "
        "self._logs[tp.topic, tp.partition]  # type: ignore[method-assign]",
        "        pass",
        f"{REAL}/test_guards_recovery.py",
    ),
    Guard(
        "values on the disk are kept whole",
        f"{ENGINE}/application.py",
        "    uses_ttl_stamps = False",
        "    uses_ttl_stamps = True",
        f"{REAL}/test_guards_state.py",
    ),
    Guard(
        "a log that goes back ends the worker",
        f"{ENGINE}/progress.py",
        "            if offset < positions[place]:",
        "            if False:",
        f"{UNIT}/test_progress.py",
    ),
    Guard(
        "an append time far ahead of the clock ends the worker",
        f"{ENGINE}/progress.py",
        "            if record.timestamp_ms > latest_ms and record.timestamp_is_append_time:",
        "            if False:",
        f"{UNIT}/test_progress.py",
    ),
    Guard(
        "state that is behind the group's offset ends the worker",
        f"{ENGINE}/start_checks.py",
        "        if applied is None or applied < (self.committed or 0):",
        "        if applied is None:",
        f"{REAL}/test_guards_state.py",
    ),
    Guard(
        "a changelog that was emptied ends the worker",
        f"{ENGINE}/start_checks.py",
        "        if not store.is_whole():",
        "        if False:",
        f"{REAL}/test_guards_state.py",
    ),
    Guard(
        "a log without what the state belongs to ends the worker",
        f"{ENGINE}/start_checks.py",
        "        if not self.log.low <= applied <= self.log.high:",
        "        if False:",
        f"{REAL}/test_guards_state.py",
    ),
    Guard(
        "a first start needs the beginning of the log",
        f"{ENGINE}/start_checks.py",
        "        if self.log.low > 0:\n            raise Stopped(",
        "        if False:\n            raise Stopped(",
        f"{UNIT}/test_start.py",
    ),
    Guard(
        "records that took the place of lost ones end the worker",
        f"{ENGINE}/takeover.py",
        "            if not is_same:",
        "            if False:",
        f"{REAL}/test_guards_truncated.py",
    ),
    Guard(
        "outputs are read once what the worker itself sent is there",
        f"{ENGINE}/takeover.py",
        "        self._sender.await_deliveries(self._settings.instance, beat=self._cluster.beat)\n",
        "",
        f"{UNIT}/test_takeover.py",
    ),
    Guard(
        "a transaction that its worker left open is ended",
        f"{ENGINE}/takeover.py",
        "            end_left_open(self._settings, self._cluster, owned)",
        "            pass",
        f"{REAL}/test_guards_open.py",
    ),
    Guard(
        "a disk older than the changelog's deletions is emptied",
        f"{ENGINE}/old_state.py",
        "    if age_ms <= delete_retention_ms / 2:",
        "    if True:",
        f"{UNIT}/test_old_state.py",
    ),
    Guard(
        "a disk that a new changelog does not continue is emptied",
        f"{ENGINE}/old_state.py",
        "    if offset is None or offset >= first_offset:",
        "    if True:",
        f"{UNIT}/test_standby.py {REAL}/test_guards_state.py {REAL}/test_rebuild.py",
    ),
    Guard(
        "messages of an assignment that is over are not applied",
        f"{ENGINE}/loop.py",
        "        if generation == self._progress.generation:",
        "        if True:",
        f"{UNIT}/test_loop.py",
    ),
    Guard(
        "a worker that stood still hears of its group first",
        f"{ENGINE}/loop.py",
        "        return self._turned_s - before_s > self._settings.session_timeout_ms / 2000",
        "        return False",
        f"{UNIT}/test_loop.py",
    ),
    Guard(
        "a fatal error among messages that are thrown away is raised",
        f"{CLIENTS}/consumer_errors.py",
        "        if error is not None and _is_fatal(error):",
        "        if False:",
        f"{UNIT}/test_loop.py",
    ),
    Guard(
        "what a rebalance raised is raised after the poll",
        f"{CLIENTS}/callbacks.py",
        "                self._raised.append(error)",
        "                pass",
        "tests/streams/clients/test_callbacks.py",
    ),
    Guard(
        "an answer with an error is not taken for no offset",
        "riskgate/consumer_errors.py",
        "        if answer.error is not None:",
        "        if False:",
        "tests/streams/clients/test_consumer_errors.py",
    ),
    Guard(
        "a session that was lost sends nothing more",
        f"{ENGINE}/sender.py",
        "        if self._is_closed:",
        "        if False:",
        f"{UNIT}/test_ending.py",
    ),
    Guard(
        "a message that may still be sent lets only a new process go on",
        f"{ENGINE}/ending.py",
        "    return all(fenced)",
        "    return True",
        f"{UNIT}/test_ending.py",
    ),
    Guard(
        "callbacks of a consumer that was left behind touch nothing",
        f"{CLIENTS}/callbacks.py",
        "        self._is_silent = True",
        "        self._is_silent = False",
        f"{UNIT}/test_ending.py",
    ),
    Guard(
        "a process that was told to leave begins no session",
        f"{ENGINE}/ending.py",
        "        self.is_leaving = True",
        "        self.is_leaving = False",
        f"{UNIT}/test_ending.py",
    ),
    Guard(
        "a group that takes no commit is not left",
        f"{ENGINE}/loop.py",
        "        if not self._save_all() or not self._settings.leave_at_end:",
        "        self._save_all()\n        if not self._settings.leave_at_end:",
        f"{UNIT}/test_loop.py",
    ),
    Guard(
        "a thread that stands ends the process",
        f"{ENGINE}/watchdog.py",
        "                    self._end(thread)",
        "                    pass",
        f"{UNIT}/test_watchdog.py",
    ),
    Guard(
        "a worker that holds Python's lock ends, too",
        f"{ENGINE}/watchdog.py",
        "        faulthandler.dump_traceback_later(self._seconds_max + MARGIN_SECONDS, exit=True)",
        "        pass",
        f"{UNIT}/test_watchdog.py",
    ),
    Guard(
        "the brokers give events their times",
        f"{CLIENTS}/append_time.py",
        "        raise without_append_time(topic)",
        "        pass",
        f"{REAL}/test_broadcast.py {REAL}/test_roles.py",
    ),
    Guard(
        "the client's engine commits nothing once it has failed",
        "riskgate/engine_loop.py",
        "            if not self._has_failed:",
        "            if True:",
        "tests/client/test_engine_loop.py",
    ),
)
