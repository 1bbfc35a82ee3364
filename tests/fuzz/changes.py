"""Inputs of the fuzzers: the examples of all messages, and small changes of them."""

from random import Random

from topics.catalogue import INPUTS
from topics.codec import encode

__all__ = ["changed", "examples"]

ODD = (
    b"null", b"-0", b"1e400", b"NaN", b'"\\u0000"', b"[[[[[[[[", b'{"a":{"a":1}}', b"\xff\xfe",
    b"99999999999999999999999999999999", b'"1e-999999"', b"true", b'"\\ud800"', b"}", b'"', b",",
)  # fmt: skip
CHANGES_MAX = 4


def examples() -> list[bytes]:
    """Return an example of each message behind the byte that names its topic."""
    return [bytes([place]) + encode(topic.example) for place, topic in enumerate(INPUTS)]


def changed(data: bytes, random: Random) -> bytes:
    """Change an input in one to four places."""
    found = bytearray(data)
    for _ in range(random.randint(1, CHANGES_MAX)):
        place = random.randrange(len(found) + 1)
        draw = random.random()
        if draw < 0.25 and place < len(found):
            found[place] = random.randrange(256)
        elif draw < 0.5:
            del found[place : place + random.randint(1, 12)]
        elif draw < 0.8:
            found[place:place] = random.choice(ODD)
        else:
            other = random.randrange(len(found) + 1)
            found[place:place] = found[min(place, other) : max(place, other)][:64]
    return bytes(found)
