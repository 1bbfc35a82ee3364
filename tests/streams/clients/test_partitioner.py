"""The hash that every writer of an account must agree on; the values are those of Java's client."""

import pytest

from pipeline.streams.clients.partitioner import murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_hash_is_javas_when_the_key_is_one_of_kafkas_own_tests(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed % 2**32


def test_partition_is_the_positive_hash_modulo_the_count_when_the_hash_is_negative() -> None:
    # -973932308 with the sign bit cleared is 1173551340, and 1173551340 mod 24 is 12.
    assert partition_of("21", 24) == 12
