"""The layout of everything that outlives a release: records by position, keys, values, headers.

`python -m tests.risk.state_layout` writes it to state_layout.json, which test_state_layout.py
compares with the code. It refuses while the layout changed and STATE_VERSION did not.
"""

import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.contents import Contents, text_of
from pipeline.risk.account.holding import Execution
from pipeline.risk.account.identities import identity, kind_of
from pipeline.risk.account.kept_fills import KeptFill
from pipeline.risk.account.position import Position
from pipeline.risk.state import STATE_VERSION
from pipeline.risk.step import Remembered
from pipeline.risk.structs import replace, shape
from pipeline.streams.engine.checkpoint import Barrier
from pipeline.streams.engine.keepers import changelog_headers
from pipeline.streams.engine.marks import Mark
from pipeline.streams.engine.partition_store import PartitionStore
from pipeline.streams.roles.decide.account_store import AccountStore, Quarantine
from pipeline.streams.roles.decide.rewriting import Rewriting, _Progress
from pipeline.streams.roles.decide.roster import Roster
from tests import given
from tests.streams.fakes import MemoryStore, Sent, commit, source
from tests.streams.roles.decide.test_decide import Desk
from topics.events import AccountEvent, ControlEvent, Event, FillEvent, SignalEvent

__all__ = ["LAYOUT", "Layout", "current_layout", "refusal", "saved_layout"]

LAYOUT = Path(__file__).with_name("state_layout.json")
COMMAND = "python -m tests.risk.state_layout"
ROOTS = (Account, Shared, KeptFill, _Progress)
A, B = "acct-1", "acct-2"
EVENTS: tuple[Event, ...] = (  # Each of another kind of remembered id.
    SignalEvent(account_id=A, source=source("signals", 0), body=given.signal()),
    FillEvent(account_id=A, source=source("fills", 0), body=given.fill()),
    AccountEvent(account_id=A, source=source("accounts", 0), body=given.account()),
    ControlEvent(account_id=A, source=source("controls", 0), body=given.control("halt")),
)

Fields = list[str]  # By position in their order, else by name.


class Layout(NamedTuple):
    """What is stored, as text that a person can compare."""

    state_version: int
    records: dict[str, Fields]
    samples: dict[str, str]  # Keys and values of a small partition, as they are written.


def current_layout() -> Layout:
    """Return the layout of this code."""
    records: dict[str, Fields] = {}
    for root in ROOTS:
        _add(_type_of(root), records)
    samples = {_text(key): _text(value) for key, value in _samples()}
    return Layout(STATE_VERSION, dict(sorted(records.items())), dict(sorted(samples.items())))


def _type_of(root: type) -> inspect.Type:
    return inspect.type_info(root) if issubclass(root, msgspec.Struct) else shape(root)


def saved_layout() -> Layout:
    """Return the layout that is committed."""
    return Layout(**msgspec.json.decode(LAYOUT.read_bytes()))


def refusal(saved: Layout, current: Layout) -> str | None:
    """Return what has to be done before the layout may be written, None when it may."""
    if saved[1:] == current[1:] or saved.state_version < current.state_version:
        return None
    return (
        "The layout of stored state changed, and STATE_VERSION did not: this release would misread "
        "what an older one stored, and an older one what this one stores, without an error.\n"
        f"Raise STATE_VERSION in pipeline/risk/state.py from {saved.state_version} to "
        f"{saved.state_version + 1}. If anything but a new last field with a default changed, also "
        "convert older state in `_load` there, or raise OLDEST_VERSION. Then run "
        f"`{COMMAND}` and commit state_layout.json.\n"
        f"Changed: {', '.join(changed(saved, current))}"
    )


def changed(saved: Layout, current: Layout) -> list[str]:
    """Name the records and samples that differ."""
    return [
        *_differing(saved.records, current.records),
        *_differing(saved.samples, current.samples),
    ]


def _differing(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


def _add(kind: inspect.Type, records: dict[str, Fields]) -> str:
    """Add the records that a type is made of, and return its name."""
    name = partial(_add, records=records)
    match kind:
        case inspect.StructType():
            text = _add_record(kind, records)
        case inspect.UnionType():
            text = " | ".join(map(name, kind.types))
        case inspect.DictType():
            text = f"{{{name(kind.key_type)}: {name(kind.value_type)}}}"
        case inspect.TupleType():
            text = f"({', '.join(map(name, kind.item_types))})"
        case inspect.VarTupleType() | inspect.FrozenSetType():  # Stored alike.
            text = f"[{name(kind.item_type)}]"
        case inspect.LiteralType():
            text = "/".join(map(str, kind.values))
        case inspect.Metadata():
            text = name(kind.type)
        case _:
            text = type(kind).__name__.removesuffix("Type").lower()
    return text


def _add_record(kind: inspect.StructType, records: dict[str, Fields]) -> str:
    name = kind.cls.__name__
    place = f"{name}, by {'position' if kind.array_like else 'name'}"
    if place not in records:
        records[place] = []  # A record may hold itself.
        records[place] = [_field(field, kind, records) for field in kind.fields]
    return name


def _field(field: inspect.Field, kind: inspect.StructType, records: dict[str, Fields]) -> str:
    text = f"{field.encode_name}: {_add(field.type, records)}"
    if field.required:
        return text
    if kind.array_like:  # A default stands for a field that older state does not have.
        return f"{text}, or left out"
    return f"{text} = {field.default!r}"  # Left out when it is stored, too.


def _text(value: Any) -> str:
    return repr(value).removeprefix("b").strip("'") if isinstance(value, bytes) else repr(value)


def _samples() -> Iterator[tuple[bytes, object]]:
    yield from _of_a_role()
    yield from _of_the_engine()


def _of_a_role() -> Iterator[tuple[bytes, object]]:
    store = MemoryStore()
    accounts, roster = AccountStore(store), Roster(store)
    execution = Execution("f1", "buy", Decimal("1.5"), Decimal(100), Decimal("0.2"), "USD", 1000)
    contents = Contents(said=execution, booked=replace(execution), number=3)
    for number, event in enumerate(EVENTS):
        kept = text_of(contents) if isinstance(event, FillEvent) else ""
        kind = kind_of(event) or "signals"
        entry = Remembered(kind, number, identity(event) or "", 1000 + number, kept)
        accounts.remember(A, entry)
    accounts.fills.write(A, KeptFill("BTC-USD", 3, execution, Position()))
    accounts.quarantine(A, Quarantine("rules"))
    accounts.save_quarantine(B, Quarantine("rules", 7))
    accounts.save_rows_due([A, B])
    accounts.save_account(A, b"state")
    accounts.save_shared(Shared(2, "rules"))
    for number, account_id in enumerate((A, B), 1):
        roster.add(account_id, number)
    rewriting = Rewriting(store, roster)
    rewriting.aim("topic-id")
    rewriting.save()
    yield from store.rows.items()


def _of_the_engine() -> Iterator[tuple[bytes, object]]:
    mark = Mark(6, 1000, "digest", 4).encode("topic-id")
    store = PartitionStore(lambda _: None, changelog_id="changelog-id")
    store.set(b"key-of-a-role", b"value")
    store.freeze()
    yield from store.changes(7, mark=mark, outputs={"decisions": 9})
    place = "events", 2
    yield b"header of account_states", _row().headers
    barrier = Barrier({place: 7}, {place: mark}, {}, records=1, sent=1, began_s=0.0)
    yield b"headers of the changelog", changelog_headers(place, barrier.positions[place])


def _row() -> Sent:
    """Return a row of account_states as risk sends it."""
    desk = Desk()
    desk.apply(EVENTS[2])
    commit(desk.role)
    return desk.outbox.of("risk.account_states")[0]


def main() -> int:
    """Write the layout, or say why not."""
    current = current_layout()
    if LAYOUT.exists() and (problem := refusal(saved_layout(), current)) is not None:
        sys.stderr.write(f"{problem}\n")
        return 1
    text = msgspec.json.format(msgspec.json.encode(current._asdict()), indent=2)
    LAYOUT.write_bytes(text + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
