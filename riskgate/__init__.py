"""The door for programs that trade through riskgate: messages, writers, the gate, the engine.

Light: it loads confluent-kafka, msgspec and orjson, nothing of the gate's own, and each of them
only when a name that needs it is used. `__main__` depends on that: it looks at which packages
Python would import before it imports one.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from riskgate.connection import UnavailableError
    from riskgate.engine import Engine
    from riskgate.engine_protocol import Ticket
    from riskgate.gate import NO_ANSWER, Gate
    from riskgate.messages import CashFlow, Fill, Order, PositionSnapshot, Price, Signal
    from riskgate.venue import Report, Snapshot, Venue
    from riskgate.writers import DeliveryError, Fills, Prices, Reports, Signals
    from topics.decisions import Decision, Exit, Stop
    from topics.fields import DecodeError

__all__ = [
    "NO_ANSWER", "CashFlow", "Decision", "DecodeError", "DeliveryError", "Engine", "Exit", "Fill",
    "Fills", "Gate", "Order", "PositionSnapshot", "Price", "Prices", "Report", "Reports", "Signal",
    "Signals", "Snapshot", "Stop", "Ticket", "UnavailableError", "Venue",
]  # fmt: skip

_PLACES = {
    "riskgate.connection": ("UnavailableError",),
    "riskgate.engine": ("Engine",),
    "riskgate.engine_protocol": ("Ticket",),
    "riskgate.gate": ("NO_ANSWER", "Gate"),
    "riskgate.messages": ("CashFlow", "Fill", "Order", "PositionSnapshot", "Price", "Signal"),
    "riskgate.venue": ("Report", "Snapshot", "Venue"),
    "riskgate.writers": ("DeliveryError", "Fills", "Prices", "Reports", "Signals"),
    "topics.decisions": ("Decision", "Exit", "Stop"),
    "topics.fields": ("DecodeError",),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load what a name stands for when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module 'riskgate' has no attribute {name!r}")
    value: object = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value
