"""Rules that limits documents may name already although no file judges them yet.

Their parameters validate, so a document written for the whole book is not refused; turning one on
is told as "not built yet".
"""

from decimal import Decimal
from typing import cast

from msgspec import defstruct

from pipeline.risk.parameters import Count, Duration, Parameters

_PLANNED: dict[str, dict[str, object]] = {
    "circuit_breaker": {
        "consecutive_losses_max": Count,
        "window_ms": Duration,
        "loss_count_max": Count,
        "rapid_loss_ratio": Decimal,
        "rapid_window_ms": Duration,
        "cooldown_ms": Duration,
        "half_open_scale": Decimal,
    },
    "stopout_guard": {
        "stopouts_max": Count,
        "lookback_ms": Duration,
        "cooldown_ms": Duration,
        "per_symbol": bool,
    },
}


def _parameters(name: str, fields: dict[str, object]) -> type[Parameters]:
    rows = [(field, kind | None, None) for field, kind in fields.items()]  # type: ignore[operator]
    made = defstruct(
        name,
        [("enabled", bool, True), *rows],
        bases=(Parameters,),
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    return cast(type[Parameters], made)


PLANNED: dict[str, type[Parameters]] = {
    name: _parameters(name, fields) for name, fields in _PLANNED.items()
}
