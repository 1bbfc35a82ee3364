"""Rules that limits documents may name already although no file judges them yet.

Their parameters validate, so a document written for the whole book is not refused; turning one on
is told as "not built yet".
"""

from typing import cast

from msgspec import defstruct

from pipeline.risk.parameters import Parameters

_PLANNED: dict[str, dict[str, object]] = {}


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
