"""Which release publishes, as the log says, and what this one does while it is another.

A worker of a release that is not active decides each event as ever and keeps it to itself. At the
control that activates its release it waits for what the other one has still to send of the events
before, sends what nobody did, and publishes from that event on.

Apart from decide.py: no event is decided here.
"""

import logging
import time
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from pipeline.risk.account.account import Shared
from pipeline.risk.step import Step
from pipeline.streams.clients.output_follower import Follow
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import Produce
from pipeline.streams.roles.decide.owned import Owned
from pipeline.streams.roles.decide.published_event import Row
from pipeline.streams.roles.decide.redo import applied_by
from pipeline.streams.roles.decide.shadow import Shadow
from pipeline.streams.roles.decide.shadow_reports import ShadowReports
from pipeline.streams.roles.decide.shadow_store import load_shadow, save_shadow
from pipeline.streams.settings import Settings
from topics.account_states import TOPIC as STATES
from topics.dead_letters import TOPIC as LETTERS
from topics.fields import EVERYONE

__all__ = ["Decided", "Shadowing", "Voice"]

logger = logging.getLogger(__name__)

SINCE_MS = 5000  # So much earlier the outputs are followed than what is compared.
TURN_SECONDS = 0.02  # Between two looks at what is published.
# Of the time that a transaction may last: a checkpoint may be open while a worker waits.
WAIT_RATIO = 0.4
SILENT_SECONDS_MAX = 1.5  # So long nothing comes of the other release: it has no worker.
LATE_SECONDS = 0.1  # For what was sent with the sign that the other release came so far.
LOOK_SECONDS = 0.005
AGAIN_SECONDS = 30.0  # A control for all partitions reaches the last of them within less.


class Decided(NamedTuple):
    """An event that this release decided."""

    account_id: str
    taken: Step
    rows: list[Row]  # Encoded outputs.
    at_ms: int


class Rows(Protocol):
    """The rows of account_states."""

    def finish(self, owned: Owned) -> None:
        """Write what is due of a partition now: others write from here on."""


class Voice(NamedTuple):
    """Who this worker is, and how it publishes."""

    rules_version: str
    produce: Produce
    rows: Rows


class Shadowing:
    """Follow the log's word on who publishes, for all owned partitions."""

    def __init__(self, settings: Settings, voice: Voice, *, follow: Follow, tally: Tally) -> None:
        self._is_bound = settings.activate == "control"
        self._own_version, self._produce, self._rows = voice
        self._follow = follow
        self._states, self._letters = settings.topic(STATES.name), settings.topic(LETTERS.name)
        self._reports = ShadowReports(
            settings, own_version=self._own_version, produce=self._produce, tally=tally
        )
        self._wait_s_max = WAIT_RATIO * settings.transaction_timeout_ms / 1000
        self._owned: dict[int, Owned] = {}  # The shadows.
        self._due_s = 0.0
        self._give_up_s: dict[str, float] = {}  # By release: all its partitions end together.

    def is_silent(self, shared: Shared) -> bool:
        """Whether another release publishes; if the log names none, everyone does."""
        return self._is_bound and shared.active_version not in {"", self._own_version}

    def begin(self, owned: Owned) -> None:
        """Take up a partition as its state says."""
        shared = owned.accounts.shared
        if self.is_silent(shared):
            shadow = Shadow(shared.active_version, own_version=self._own_version)
            oldest_ms = load_shadow(owned.store, shadow, rules_version=self._own_version)
            self._hush(owned, shadow, at_ms=min(shared.clock_ms, oldest_ms or shared.clock_ms))

    def save(self, owned: Iterable[Owned]) -> None:
        """Write what waits to be published, before the barrier of a checkpoint."""
        for each in owned:
            save_shadow(each.store, each.shadow, rules_version=self._own_version)

    def end(self, number: int) -> None:
        """Forget a partition."""
        if self._owned.pop(number, None) is not None:
            self._follow.end(number)
            self._reports.end(number)

    def decided(self, owned: Owned, decided: Decided) -> list[Row]:
        """Return what is to be sent of an event that was decided.

        May wait for some seconds at the control that activates this release.
        """
        shared = owned.accounts.shared
        if not self.is_silent(shared):
            if owned.shadow is not None:
                self._speak(owned, owned.shadow, decided.at_ms)
            return decided.rows
        shadow = owned.shadow
        if shadow is None:
            self._rows.finish(owned)
            shadow = Shadow(shared.active_version, own_version=self._own_version)
            self._hush(owned, shadow, at_ms=decided.at_ms)
        shadow.active_version = shared.active_version
        account_id, taken = decided.account_id, decided.taken
        applied = applied_by(account_id, taken)
        if applied is not None:
            key = account_id, applied.sequence
            shadow.decide(key, decided.rows, chain=applied.chain, at_ms=decided.at_ms)
        return []

    def turn(self) -> None:
        """Hear what is published, and compare what is due."""
        now_s = time.monotonic()
        if not self._owned or now_s < self._due_s:
            return
        self._due_s = now_s + TURN_SECONDS
        shadows = [(owned, owned.shadow) for owned in self._owned.values() if owned.shadow]
        if not any(shadow.is_far_behind() for _, shadow in shadows):
            self._hear()
        for owned, shadow in shadows:
            self._reports.compare(owned, shadow)

    def _hush(self, owned: Owned, shadow: Shadow, *, at_ms: int) -> None:
        logger.warning(
            "Partition %d: rules_version %s is active; this worker decides silently and compares",
            owned.number,
            shadow.active_version,
        )
        owned.shadow = shadow
        self._owned[owned.number] = owned
        self._reports.begin(owned.number, at_ms)
        self._follow.begin(owned.number, since_ms=at_ms - SINCE_MS)

    def _hear(self) -> None:
        """Hand on what is published."""
        for number, output in self._follow.poll():
            owned = self._owned.get(number)
            if owned is None or owned.shadow is None:
                continue
            if output.topic == self._letters:
                owned.shadow.hear_letter(output.value or b"")
            elif output.topic != self._states:
                owned.shadow.hear(output)
            elif output.key == EVERYONE.encode():
                owned.shadow.hear_row(output)

    def _speak(self, owned: Owned, shadow: Shadow, at_ms: int) -> None:
        """Publish from now on; before that, what nobody published of the events before."""
        self._await_answers(shadow, at_ms)
        missing = 0
        for undecided in shadow.undecided():
            for row in undecided.rows:
                missing += 1
                self._send(owned, undecided.account_id.encode(), row)
        for letter in shadow.letters():
            missing += 1
            self._send(owned, letter.key, Row(self._letters, letter.value))
        logger.warning(
            "Partition %d: this release is active; %d outputs that the one before, %s, did not "
            "send were sent",
            owned.number,
            missing,
            shadow.active_version,
        )
        owned.shadow = None
        self.end(owned.number)
        owned.rewriting.again()
        owned.accounts.announce()

    def _send(self, owned: Owned, key: bytes | None, row: Row) -> None:
        self._produce(row.topic, key=key, value=row.value, partition=owned.number)

    def _await_answers(self, shadow: Shadow, at_ms: int) -> None:
        """Wait until all that was decided is published, or the other release passed this event.

        Give up once it is silent for long, or after a bound for all partitions together.
        """
        heard, heard_s = shadow.heard, time.monotonic()
        give_up_s = self._give_up_at(shadow.active_version, heard_s)
        self._hear()
        while not shadow.is_answered():
            now_s = time.monotonic()
            if shadow.heard != heard:
                heard, heard_s = shadow.heard, now_s
            if shadow.heard_ms >= at_ms:  # What differs is not going to come.
                give_up_s = min(give_up_s, now_s + LATE_SECONDS)
            if now_s >= min(give_up_s, heard_s + SILENT_SECONDS_MAX):
                return
            time.sleep(LOOK_SECONDS)
            self._hear()

    def _give_up_at(self, version: str, now_s: float) -> float:
        """Return when to wait no more for a release; its partitions all end together."""
        known_s = self._give_up_s.get(version)
        if known_s is None or now_s > known_s + AGAIN_SECONDS:
            known_s = self._give_up_s[version] = now_s + self._wait_s_max
        return known_s
