"""Short ways to say what an execution engine reads."""

from decimal import Decimal

from msgspec.structs import asdict, replace

from topics.decisions import TOPIC, Decision, Exit, Stop
from topics.emergency_stops import TOPIC as STOPS
from topics.emergency_stops import EmergencyStop

NOW_MS = 1_767_225_600_000
VALID_MS = 2000


def approval(
    number: int,
    *,
    sequence: int | None = None,
    account: str = "acct",
    quantity: str = "10",
    limit: str | None = None,
) -> Decision:
    """An approved buy of SP500; without a sequence the number is the sequence."""
    example = TOPIC.example
    assert isinstance(example, Decision)
    place = number if sequence is None else sequence
    return replace(
        example,
        decision_id=f"s{number}",
        signal_id=f"s{number}",
        account_id=account,
        symbol="SP500",
        verdict="approved",
        approved_quantity=Decimal(quantity),
        limit_price=None if limit is None else Decimal(limit),
        valid_until_ms=NOW_MS + VALID_MS,
        sequence=place,
        chain=f"chain-{place}",
    )


def exit_order(sequence: int, *, account: str = "acct", quantity: str = "10") -> Exit:
    """An exit that sells SP500."""
    return Exit(
        exit_id=f"{account}:{sequence}:1",
        account_id=account,
        symbol="SP500",
        side="sell",
        quantity=Decimal(quantity),
        reason="emergency_stop",
        valid_until_ms=NOW_MS + VALID_MS,
        sequence=sequence,
        chain=f"chain-{sequence}",
        rules_version="0123456789abcdef",
        at_ms=NOW_MS,
    )


def stop(
    sequence: int, *, account: str = "acct", status: str = "triggered", halts: bool = True
) -> Stop:
    """A stop that flattens, or one that only reduces."""
    example = STOPS.example
    assert isinstance(example, EmergencyStop)
    row = asdict(example) | {
        "stop_id": f"{account}:{sequence}:2",
        "account_id": account,
        "status": status,
        "actions": ("cancel_all", "flatten") if halts else (),
        "sequence": sequence,
        "chain": f"chain-{sequence}",
    }
    return Stop(**row)
