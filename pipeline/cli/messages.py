"""Validation of an operator's message before it is sent, with the decoder that ingest uses.

Without it a typing mistake would become a dead letter that the operator never sees.
"""

import msgspec

from pipeline.errors import StartupError
from topics.codec import DecodeError, decode, encode
from topics.topic import Topic

__all__ = ["MessageError", "checked"]


class MessageError(StartupError):
    """Say which part of a message riskgate would refuse."""


def checked(topic: Topic, message: msgspec.Struct) -> bytes:
    """Encode a message. Raise MessageError when ingest would turn it into a dead letter."""
    value = encode(message)
    try:
        decode(topic, value)
    except DecodeError as error:
        field = (error.path or "$").removeprefix("$.")
        raise MessageError(f"{field} is invalid: {error.error}; nothing was written") from error
    return value
