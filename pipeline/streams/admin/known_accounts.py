"""Whether riskgate knows an account, for the operator's commands."""

from pipeline.streams.admin.limits_log import read_topic
from pipeline.streams.clients.broker import BrokerError
from pipeline.streams.settings import Settings
from topics.account_states import TOPIC as STATES
from topics.account_states import AccountState
from topics.codec import DecodeError, decode_as

__all__ = ["is_known", "newest_row"]

READ_SECONDS_MAX = 5.0  # Short, because an operator may be waiting to halt an account.


def is_known(settings: Settings, account_id: str) -> bool:
    """Return whether an account ever had an event. Raise BrokerError if Kafka cannot tell."""
    key = account_id.encode()
    messages = read_topic(settings, STATES.name, key=account_id, seconds_max=READ_SECONDS_MAX)
    return any(message.key() == key and message.value() is not None for message in messages)


def newest_row(settings: Settings, account_id: str) -> AccountState | None:
    """Return an account's newest row; None without one. Raise BrokerError if Kafka cannot tell."""
    key, newest = account_id.encode(), None
    for message in read_topic(settings, STATES.name, key=account_id):
        if message.key() == key:
            newest = message.value()
    try:
        return None if newest is None else decode_as(AccountState, bytes(newest))
    except DecodeError as error:
        raise BrokerError(
            f"{STATES.name} has a row that riskgate did not write: {error}"
        ) from error
