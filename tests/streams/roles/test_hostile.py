"""Hostile records of every input through the roles: each is accounted for, and good ones go on.

HOSTILE_RECORDS says how many; `make hostile` takes a million.
"""

import json
import os
import random
from itertools import count

import orjson
from msgspec.structs import replace

from pipeline.streams.input_groups import STREAMS
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import Partition
from pipeline.streams.roles.decide.decide import Risk
from pipeline.streams.roles.ingest.ingest import Ingest
from pipeline.streams.settings import Settings
from pipeline.streams.tables.tables import Tables
from tests import given
from tests.streams.fakes import AT_MS, MemoryStore, Outbox, commit, record
from topics import codec
from topics.topic import Topic

RECORDS = int(os.environ.get("HOSTILE_RECORDS", "3000"))
ROUND = 500  # Records between two commits.
SETTINGS = Settings(partitions=4)
ODD: tuple[object, ...] = (
    *(None, True, -1, 0, 10**40, 1e308, "", "NaN", "sNaN", "-Infinity", "1e30", "1e-30", "*"),
    *("\x1b]0;x\x07", "\u202e", "\ufeff", "x" * 5000, "9" * 5000, [], {}, [[1]], {"a": {"b": []}}),
)
BYTES = (
    b"",
    b"null",
    b"[]",
    b"\xff\xfe",
    b'"\\ud800"',
    b"[" * 3000,
    b'{"a":' * 3000,
    b"{\x00",
)
KEYS = (None, b"", b"*", b"other", b"\xff", b"acct-1", b"x" * 5000)


def mutated(draw: random.Random, topic: Topic) -> bytes | None:
    """Return an example of a topic with one or two things wrong, or none at all."""
    if draw.random() < 0.1:
        return draw.choice((None, *BYTES))
    fields = orjson.loads(codec.encode(topic.example))
    for name in draw.sample(list(fields), draw.randint(0, 2)):
        fields[name] = draw.choice(ODD)
    body = json.dumps(fields).encode()
    if draw.random() < 0.05:  # A field comes twice.
        body = body.replace(b"{", b'{"account_id":1,', 1)
    return body


class House:
    """Ingest and risk, joined as the log joins them."""

    def __init__(self) -> None:
        self.events, self.outputs = Outbox(), Outbox()
        self.ingest = Ingest(SETTINGS, Tables(SETTINGS), produce=self.events, tally=Tally())
        self.risk = Risk(
            SETTINGS, produce=self.outputs, produce_with_state=self.outputs, tally=Tally()
        )
        for topic in STREAMS:
            self.ingest.assign(Partition(f"risk.{topic.name}", 0, topic.name), None)
        for number in range(SETTINGS.partitions):
            self.risk.assign(Partition("risk.events", number, "id"), MemoryStore())
        self._offsets = count()
        self.internal = 0
        self.decided: set[str] = set()
        self.halted: set[str] = set()

    def send(self, topic: str, value: bytes | None, key: bytes | None) -> int:
        """Take a record, decide what became of it, and return how many rows that was."""
        before = len(self.events.sent)
        offset = next(self._offsets)
        self.ingest.apply(record(f"risk.{topic}", value, key=key, offset=offset))
        became = self.events.sent[before:]
        for sent in became:
            if sent.topic == "risk.events":
                event = record("risk.events", sent.value, key=sent.key, at_ms=AT_MS + offset)
                self.risk.apply(replace(event, partition=sent.partition or 0, offset=offset))
        return len(became)

    def send_good(self) -> None:
        """Let an account that nobody attacked ask, and be halted."""
        signal = given.signal("hold", account_id="good", signal_id="last")
        halt = given.control("halt", account_id="good", control_id="last")
        self.send("signals", codec.encode(signal), b"good")
        self.send("controls", codec.encode(halt), b"good")
        self.commit()

    def commit(self) -> None:
        """Do what both do at a commit, and keep of what went out only what is asked for."""
        commit(self.ingest)
        commit(self.risk)
        letters = [*self.events.of("risk.dead_letters"), *self.outputs.of("risk.dead_letters")]
        self.internal += sum("internal" in str(letter.row["error"]) for letter in letters)
        self.decided |= {str(s.row.get("signal_id")) for s in self.outputs.of("risk.decisions")}
        stops = self.outputs.of("risk.emergency_stops")
        self.halted |= {str(stop.row["account_id"]) for stop in stops}
        self.events.sent.clear()
        self.outputs.sent.clear()


def test_every_record_is_accounted_for_and_good_ones_are_decided_when_others_are_hostile() -> None:
    draw, house = random.Random(7), House()
    for number in range(RECORDS):
        topic = draw.choice(STREAMS)
        key = draw.choice(KEYS) if draw.random() < 0.3 else b"acct-1"
        rows = house.send(topic.name, mutated(draw, topic), key)
        assert rows or topic.name == "instruments", number
        if number % ROUND == 0:
            house.commit()
    house.send_good()

    assert house.internal == 0
    assert "last" in house.decided
    assert "good" in house.halted
