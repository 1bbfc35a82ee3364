"""An account's newest row, for the operator's commands about limits."""

from pipeline.streams.admin.limits_log import read_topic
from pipeline.streams.clients.broker import BrokerError
from pipeline.streams.clients.row_ages import RowAges
from pipeline.streams.settings import Settings
from topics.account_states import TOPIC as STATES
from topics.account_states import AccountState
from topics.codec import DecodeError, decode_as

__all__ = ["newest_row"]


def newest_row(settings: Settings, account_id: str) -> AccountState | None:
    """Return an account's newest row; None without one. Raise BrokerError if Kafka cannot tell."""
    key, newest = account_id.encode(), None
    ages: RowAges[str] = RowAges()
    for message in read_topic(settings, STATES.name, key=account_id):
        if message.key() == key:
            row = _decoded(message.value())
            if row is None or not ages.is_older(account_id, sequence=row.sequence, at_ms=row.at_ms):
                newest = row
    return newest


def _decoded(value: bytes | None) -> AccountState | None:
    try:
        return None if value is None else decode_as(AccountState, bytes(value))
    except DecodeError as error:
        raise BrokerError(
            f"{STATES.name} has a row that riskgate did not write: {error}"
        ) from error
