"""Values that pydantic cannot check alone; a ValueError says what to write instead."""

import re
from collections.abc import Iterable
from typing import get_args

from topics.further import Kind, kind_of, owner_of
from topics.topic import Who

__all__ = ["check_security", "parts_of"]

CURRENCY = r"[A-Za-z0-9._/@-]{1,128}"  # As openings may name one.


def parts_of(setting: str | None, text: str) -> tuple[str, ...]:
    """Return the items of a setting's text. Raise ValueError when one is wrong."""
    if setting == "account_currencies":
        return _currencies(text)
    return _topics(text, "signals" if setting == "signal_topics" else "fills")


def check_security(protocol: str, *, login: Iterable[object], files: Iterable[object]) -> None:
    """Raise ValueError unless what is set to log in and to encrypt fits the protocol."""
    given = tuple(login)
    if protocol.startswith("SASL_") and None in given:
        raise ValueError(
            f"RISKGATE_SECURITY_PROTOCOL {protocol} needs RISKGATE_SASL_MECHANISM"
            ", RISKGATE_SASL_USERNAME and RISKGATE_SASL_PASSWORD"
        )
    if not protocol.startswith("SASL_") and any(given):
        raise ValueError(
            "RISKGATE_SASL_… is set, but RISKGATE_SECURITY_PROTOCOL "
            f"{protocol} does not log in; change it to SASL_SSL"
        )
    if not protocol.endswith("SSL") and any(files):
        raise ValueError(
            "RISKGATE_SSL_… is set, but RISKGATE_SECURITY_PROTOCOL "
            f"{protocol} does not encrypt; change it to SSL or SASL_SSL"
        )


def _currencies(text: str) -> tuple[str, ...]:
    names = _parts(text)
    if not names or not all(re.fullmatch(CURRENCY, name) for name in names):
        raise ValueError("Currencies must be separated by commas, as in USD,EUR")
    return names


def _topics(text: str, kind: Kind) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(_parts(text)))
    if not all(kind_of(name) == kind and owner_of(name) for name in names):
        raise ValueError(
            f"Topics must be separated by commas, as in {kind}.one,{kind}.two; letters, digits, - "
            "and _ may follow the point"
        )
    if parties := {owner_of(name) for name in names}.intersection(get_args(Who)):
        raise ValueError(f"{kind}.{min(parties)} would give its owner the access of {min(parties)}")
    return names


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
