"""How a setting is declared: default, unit, meaning and bounds in one line."""

from decimal import Decimal
from typing import Any

from pydantic import Field

__all__ = ["setting"]


def setting(default: object, unit: str, meaning: str, **bounds: float | Decimal | str) -> Any:
    """Declare a setting. Returns Any as pydantic's own Field does."""
    extra: dict[str, Any] = {"json_schema_extra": {"unit": unit}, "description": meaning, **bounds}
    return Field(default_factory=default, **extra) if callable(default) else Field(default, **extra)
