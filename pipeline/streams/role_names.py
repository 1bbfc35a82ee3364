"""The three roles of a riskgate process, in a file that is quick to import."""

from enum import StrEnum


class RoleName(StrEnum):
    """A role, as named on the command line, in consumer groups and in metrics."""

    INGEST = "ingest"
    RISK = "risk"
    BROADCAST = "broadcast"
