"""Records of a batch that take turns, and how far each partition was applied without a gap."""

from typing import NamedTuple, cast

from confluent_kafka import KafkaError, Message

from pipeline.streams.engine.turns import InOrder, in_turn

RANKS = {"fills": 0, "signals": 1}
END = KafkaError._PARTITION_EOF


class _Read(NamedTuple):
    at: int
    account: bytes = b"a"
    of: str = "signals"
    code: int | None = None

    def topic(self) -> str:
        return self.of

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self.at

    def key(self) -> bytes:
        return self.account

    def error(self) -> KafkaError | None:
        return None if self.code is None else KafkaError(self.code)


def turns(*read: _Read) -> list[tuple[str, int]]:
    """Return topic and offset of a batch in the order in which it is applied."""
    ordered = in_turn([cast(Message, each) for each in read], RANKS)
    return [(message.topic() or "", message.offset() or 0) for message in ordered]


def positions(read: list[_Read], applied: list[int]) -> list[int | None]:
    """Return, after each record that is applied, the last before which nothing is missing."""
    order, by_offset = InOrder(), {each.at: each for each in read}
    order.expect([cast(Message, each) for each in read])
    found = [order.applied(("signals", 0), cast(Message, by_offset[at])) for at in applied]
    return [None if last is None else last.offset() for last in found]


def test_fills_come_before_signals_that_were_read_earlier() -> None:
    read = _Read(1), _Read(2), _Read(7, of="fills")

    assert turns(*read) == [("fills", 7), ("signals", 1), ("signals", 2)]


def test_each_account_has_its_turn_when_one_sends_most() -> None:
    read = _Read(1), _Read(2), _Read(3), _Read(4, b"b"), _Read(5, b"b")

    assert [at for _, at in turns(*read)] == [1, 4, 2, 5, 3]


def test_end_of_a_partition_comes_behind_all_records() -> None:
    read = _Read(9, of="fills", code=END), _Read(1)

    assert turns(*read) == [("signals", 1), ("fills", 9)]


def test_order_stays_when_a_batch_of_the_log_cannot_be_read() -> None:
    read = _Read(1), _Read(2, code=KafkaError._BAD_COMPRESSION), _Read(7, of="fills")

    assert turns(*read) == [("signals", 1), ("signals", 2), ("fills", 7)]


def test_position_waits_for_the_first_record_that_is_missing() -> None:
    read = [_Read(1), _Read(2), _Read(4), _Read(5)]

    assert positions(read, [1, 4, 2, 5]) == [1, None, 4, 5]


def test_rest_of_a_batch_keeps_the_positions_right() -> None:
    order, place = InOrder(), ("signals", 0)
    first, second, third = (cast(Message, _Read(at)) for at in (1, 2, 3))
    order.expect([first, second])
    early = order.applied(place, second)

    order.expect([first, third])

    assert early is None
    assert order.applied(place, third) is None
    assert order.applied(place, first) is third
