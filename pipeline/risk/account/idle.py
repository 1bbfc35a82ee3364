"""Which symbol is forgotten when an account knows more of them than it may keep."""

from pipeline.risk.account.holding import Holding


def drop_idle(holdings: dict[str, Holding]) -> Holding | None:
    """Forget the oldest idle symbol so that memory is bounded; one never traded goes first."""
    idle = [
        symbol
        for symbol, holding in holdings.items()
        if not (holding.active or holding.reservations or holding.pending)
    ]
    untraded = (symbol for symbol in idle if not _traded(holdings[symbol]))
    first = next(untraded, idle[0] if idle else None)
    return None if first is None else holdings.pop(first)


def _traded(holding: Holding) -> bool:
    return holding.filled or holding.adopted_ms is not None
