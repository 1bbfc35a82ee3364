"""Name the fields in which two releases answer one event otherwise, and whether engines would act.

Apart from shadow.py, which pairs events: this compares messages.
"""

from collections.abc import Iterator

import msgspec
import orjson

from pipeline.streams.roles.decide.published_event import Row, head_of
from pipeline.streams.roles.decide.shadow import Compared
from topics.shadows import ShadowDifference

__all__ = ["differences"]

VALUE_CHARACTERS_MAX = 500
# What an engine places, cancels or closes follows from these fields of `decisions`.
_ACTED_ON = frozenset(
    {
        "account_id", "symbol", "side", "verdict", "approved_quantity", "quantity", "limit_price",
        "stop_price", "reduce_only", "status", "actions", "positions", "chain",
    }
)  # fmt: skip
_IDS = ("decision_id", "exit_id", "alert_id", "stop_id")

_Fields = dict[str, object]
_Place = tuple[str, str]  # Topic and id of an output.


def differences(
    compared: Compared, *, own_version: str, active_version: str, topic_prefix: str
) -> list[ShadowDifference]:
    """Return each field that differs; nothing when both releases published the same."""
    if compared.is_equal:
        return []
    decided = _by_place(compared.decided, topic_prefix)
    published = _by_place(compared.published, topic_prefix)
    found = []
    for place in dict.fromkeys([*published, *decided]):
        found += [(place, *each) for each in _of(published.get(place), decided.get(place))]
    acts = any(place[0] == "decisions" and name in {*_ACTED_ON, ""} for place, name, *_ in found)
    chain = compared.chain or head_of(compared.published[0].value).chain
    return [
        ShadowDifference(
            account_id=compared.account_id,
            active_version=active_version,
            topic=topic,
            output_id=output_id,
            field=name,
            active_value=active,
            shadow_value=shadow,
            acts=acts,
            sequence=compared.sequence,
            chain=chain,
            rules_version=own_version,
            at_ms=compared.at_ms,
        )
        for (topic, output_id), name, active, shadow in found
    ]


def _by_place(rows: list[Row], prefix: str) -> dict[_Place, _Fields]:
    """Return the fields of each output; of a stop that changed twice in an event, the last."""
    found = {}
    for row in rows:
        fields: _Fields = msgspec.json.decode(row.value, type=dict[str, object])
        name = next((str(fields[key]) for key in _IDS if key in fields), "")
        found[row.topic.removeprefix(prefix), name] = fields
    return found


def _of(
    published: _Fields | None, decided: _Fields | None
) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield the name of each field that differs, with both values as JSON."""
    if published is None or decided is None:
        yield "", _text(published), _text(decided)
        return
    for name in dict.fromkeys([*published, *decided]):
        if published.get(name) != decided.get(name):
            yield name, _text(published.get(name)), _text(decided.get(name))


def _text(value: object) -> str | None:
    if value is None:
        return None
    text = orjson.dumps(value).decode()
    return text if len(text) <= VALUE_CHARACTERS_MAX else text[: VALUE_CHARACTERS_MAX - 4] + " ..."
