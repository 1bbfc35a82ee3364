"""The settings as a table, for the documentation and its test."""

from typing import NamedTuple

from pydantic.fields import FieldInfo

from pipeline.streams.settings import Settings, variable

__all__ = ["Row", "settings_table"]

OVER_HTTP = ("console_", "door_")


class Row(NamedTuple):
    """One setting in the documentation."""

    name: str
    default: str
    unit: str
    bounds: str
    meaning: str


def settings_table() -> list[Row]:
    """List every setting in order of declaration, those of the console and the door last."""
    fields = Settings.model_fields
    return [
        Row(variable(name), _default(field), _unit(field), _bounds(field), field.description or "")
        for name, field in sorted(fields.items(), key=lambda item: item[0].startswith(OVER_HTTP))
    ]


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "name of the host"
    if isinstance(field.default, tuple):
        return ",".join(field.default)
    return "" if field.default is None else str(field.default)


def _unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) else ""


def _bounds(field: FieldInfo) -> str:
    ends = {
        end: getattr(item, end)
        for item in field.metadata
        for end in ("ge", "le")
        if hasattr(item, end)
    }
    return f"{ends['ge']} to {ends['le']}" if len(ends) == 2 else ""
