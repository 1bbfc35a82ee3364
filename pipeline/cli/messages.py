"""Messages that an operator writes, judged before they are sent as riskgate will judge them."""

import msgspec

from pipeline.errors import StartupError
from topics.codec import DecodeError, decode, encode
from topics.topic import Topic

__all__ = ["MessageError", "checked"]


class MessageError(StartupError):
    """Say which part of a message riskgate would refuse."""


def checked(topic: Topic, message: msgspec.Struct) -> bytes:
    """Return the message's bytes. Raise MessageError where they would become a dead letter."""
    value = encode(message)
    try:
        decode(topic, value)
    except DecodeError as error:
        field = (error.path or "$").removeprefix("$.")
        raise MessageError(f"{field} is wrong: {error.error}; nothing was written") from error
    return value
