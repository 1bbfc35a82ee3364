"""The three roles that a riskgate process can have; apart so that naming them costs no import."""

from enum import StrEnum


class RoleName(StrEnum):
    """A role of a process, as named on the command line, in groups and in metrics."""

    INGEST = "ingest"
    RISK = "risk"
    BROADCAST = "broadcast"
