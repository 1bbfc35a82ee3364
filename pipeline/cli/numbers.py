"""Exact numbers as a person types them."""

from decimal import Decimal

from pipeline.errors import StartupError

__all__ = ["exact", "positive"]


def exact(text: str, name: str) -> Decimal:
    """Read a number of an option. Raise StartupError when it is none, or below 0."""
    from topics.bounds import exact_number
    from topics.codec import DecodeError

    try:
        number = exact_number(text)
    except DecodeError as error:
        raise StartupError(f"{name}: {error.error}, got {text!r}") from None
    if number < 0:
        raise StartupError(f"{name}: expected a number >= 0, got {text!r}")
    return number


def positive(text: str, name: str) -> Decimal:
    """Read a number of an option. Raise StartupError when it is none, or not above 0."""
    number = exact(text, name)
    if not number:
        raise StartupError(f"{name}: expected a number > 0, got {text!r}")
    return number
