"""Whether an account is one that riskgate knows, as the operator's commands see it."""

from pipeline.streams.limits_log import read_topic
from pipeline.streams.settings import Settings
from topics.account_states import TOPIC as STATES

__all__ = ["is_known"]

READ_SECONDS_MAX = 5.0  # Someone waits for a halt.


def is_known(settings: Settings, account_id: str) -> bool:
    """Return whether an account ever had an event; raise BrokerError when nobody can say."""
    key = account_id.encode()
    messages = read_topic(settings, STATES.name, key=account_id, seconds_max=READ_SECONDS_MAX)
    return any(message.key() == key and message.value() is not None for message in messages)
