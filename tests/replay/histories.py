"""Random recorded inputs, and the same inputs with their accounts interleaved otherwise."""

import io
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st
from msgspec import Struct

from pipeline.replay.files import replay_file
from pipeline.replay.lines import decode_line, encode_line
from pipeline.replay.machine import Line
from tests import given
from topics.catalogue import INPUTS
from topics.codec import encode, key_of

ACCOUNTS = ("a", "b", "c")
TOPICS_BY_TYPE = {type(topic.example): topic for topic in INPUTS}
LOOSE = given.only("cash", "daily_loss", "drawdown", "order_rate", "position_ratio") | {
    "position_ratio": {"position_ratio_max": "2"},
    "reservation": {"reservation_ttl_ms": 3000},
}

accounts = st.sampled_from(ACCOUNTS)
sides = st.sampled_from(["buy", "sell"])
ids = st.integers(1, 12)

signals: Any = st.builds(
    lambda account, side, n: given.signal(side, n, signal_id=f"s{n}", account_id=account),
    accounts,
    sides,
    ids,
)
fills: Any = st.builds(
    lambda account, side, n: given.fill(
        side, n, 100, fill_id=f"f{n}", signal_id=f"s{n}", account_id=account
    ),
    accounts,
    sides,
    ids,
)
orders: Any = st.builds(
    lambda account, status, n: given.order(status, signal_id=f"s{n}", account_id=account),
    accounts,
    st.sampled_from(["accepted", "cancelled", "filled"]),
    ids,
)
prices: Any = st.builds(given.price, st.integers(60, 120))
controls: Any = st.builds(
    lambda command, account, n: given.control(command, account_id=account, control_id=f"c{n}"),
    st.sampled_from(["halt", "reduce", "flatten"]),
    st.sampled_from(["a", "*"]),
    ids,
)
messages = st.lists(
    st.tuples(
        st.one_of(signals, signals, signals, fills, fills, orders, prices, controls),
        st.sampled_from([0, 300, 1700]),
    ),
    max_size=40,
)


def lines_of(drawn: list[tuple[Struct, int]]) -> list[bytes]:
    """A history: three funded accounts, then what was drawn, each so many ms after the last."""
    begin = [given.limits(LOOSE), given.instrument(), given.price(100)]
    funded = [given.account(name, balance=1000) for name in ACCOUNTS]
    at_ms = given.T0_MS
    lines = [line_of(message, at_ms) for message in (*begin, *funded)]
    for message, passed_ms in drawn:
        at_ms += passed_ms
        lines.append(line_of(message, at_ms))
    return lines


def line_of(message: Struct, at_ms: int) -> bytes:
    """A message as a recorded line; times left out are the line's own."""
    stamped = given.stamped(message, at_ms)
    topic = TOPICS_BY_TYPE[type(message)]
    return encode_line(Line(topic.name, key_of(topic, stamped).encode(), at_ms, encode(stamped)))


def by_account(lines: Iterable[bytes]) -> list[bytes]:
    """The same inputs, account after account between two lines that all share."""
    out: list[bytes] = []
    waiting: list[tuple[bytes, bytes]] = []
    for text in lines:
        line = decode_line(text, 1)
        key = line.key or b""
        if key in {b"*", b"BTC-USD"}:
            out += [each for _, each in sorted(waiting, key=lambda item: item[0])]
            waiting = []
            out.append(text)
        else:
            waiting.append((key, text))
    return out + [each for _, each in sorted(waiting, key=lambda item: item[0])]


def replayed(lines: Iterable[bytes], **options: Any) -> bytes:
    """All that comes out of recorded lines."""
    out = io.BytesIO()
    replay_file(lines, out, **options)
    return out.getvalue()


def keyed(output: bytes) -> dict[bytes, list[bytes]]:
    """Output lines of each account, in order."""
    found: dict[bytes, list[bytes]] = {}
    for text in output.splitlines():
        key = text.partition(b'"key":')[2].partition(b",")[0]
        found.setdefault(key, []).append(text)
    return found
