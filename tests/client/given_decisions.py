"""Signals and the decisions on them, as the topics carry them."""

from msgspec.structs import replace

from riskgate import Signal
from topics.codec import encode
from topics.decisions import TOPIC, Decision


def signal(signal_id: str = "s1", account: str = "acct-1") -> Signal:
    """A market buy that riskgate sizes."""
    return Signal(signal_id=signal_id, account_id=account, symbol="BTC-USD", side="buy")


def decision(signal_id: str, *, account: str = "acct-1", sequence: int = 1) -> Decision:
    """An approval of a signal."""
    example = TOPIC.example
    assert isinstance(example, Decision)
    return replace(
        example,
        decision_id=signal_id,
        signal_id=signal_id,
        account_id=account,
        verdict="approved",
        reasons=(),
        sequence=sequence,
    )


def decision_bytes(signal_id: str, *, account: str = "acct-1", sequence: int = 1) -> bytes:
    """An approval of a signal in bytes."""
    return encode(decision(signal_id, account=account, sequence=sequence))
