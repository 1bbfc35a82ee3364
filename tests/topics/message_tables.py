"""docs/messages.md, made from the message types: every field of every topic, and an example."""

import json
from typing import Any, Literal, get_args, get_origin

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import FieldInfo

from tests.topics.message_types import described, fields_of_type, kinds, message_types
from topics.catalogue import ABOUT, TOPICS
from topics.codec import encode
from topics.fields import AccountOrAll, AlertId, AnyId, EventId, Id, RulesVersionId, Symbol
from topics.hints import bare, metas, options
from topics.topic import DAY_MS, FOREVER, Topic

__all__ = ["kept", "messages_page"]

HEAD = "| field | type | unit, bounds | present | meaning |\n|---|---|---|---|---|"
OWN_ROLES = {"ingest", "risk", "broadcast"}
KINDS_MAX = 3  # Of more kinds the fields that all have are listed once.
DIRECTIONS = {"in": "Input", "out": "Output", "between": "Between riskgate's own roles"}
NAMES = {
    get_args(kind)[1].pattern: name
    for kind, name in (
        (Id, "id"), (EventId, "id"), (AnyId, "id"), (AlertId, "id"), (Symbol, "name"),
        (AccountOrAll, "id or `*`"), (RulesVersionId, "id"),
    )
}  # fmt: skip
PLAIN = {
    "Decimal": "decimal",
    "int": "integer",
    "bool": "boolean",
    "bytes": "base64",
    "str": "text",
}

Fields = list[tuple[FieldInfo, Any]]


def messages_page() -> str:
    """Return the part of docs/messages.md that the code knows."""
    homes = _homes()
    return "\n".join(_section(topic, homes) for topic in TOPICS.values())


def kept(topic: Topic) -> str:
    """Tell how long a topic's messages stay."""
    if topic.compacted:
        return "compacted"
    return "forever" if topic.retention_ms == FOREVER else f"{topic.retention_ms // DAY_MS} days"


def _homes() -> dict[type[Struct], str]:
    """Return where each message type has its table, as an anchor of the page."""
    homes: dict[type[Struct], str] = {}
    for topic in TOPICS.values():
        own = kinds(topic)
        if len(own) == 1:
            homes[own[0]] = topic.name
    for topic in TOPICS.values():
        for message in message_types(topic):
            homes.setdefault(message, message.__name__.lower())
    return homes


def _section(topic: Topic, homes: dict[type[Struct], str]) -> str:
    own = kinds(topic)
    parts = [f"## {topic.name}\n", f"{ABOUT[topic.name]}\n", f"{_where(topic)}\n"]
    if len(own) == 1:
        parts += [_said(own[0]), _table(topic, own[0], fields_of_type(own[0]), homes)]
    else:
        parts += _kinds(topic, own, homes)
    inner = (each for each in message_types(topic) if each not in own and _is_at_home(each, topic))
    for message in inner:
        parts.append(f"### {message.__name__}\n")
        parts += [_said(message), _table(topic, message, fields_of_type(message), homes)]
    examples = topic.examples if len(own) <= KINDS_MAX else topic.examples[:1]
    parts += [f"```json\n{_json(example)}\n```\n" for example in examples]
    return "\n".join(part for part in parts if part)


def _is_at_home(message: type[Struct], topic: Topic) -> bool:
    """Whether a type is first met in a topic, and has no topic of its own."""
    return next(t for t in sorted(TOPICS.values(), key=lambda t: message not in kinds(t))
                if message in message_types(t)) is topic  # fmt: skip


def _where(topic: Topic) -> str:
    # Operators read events to see that the gate works, and write none.
    internal = {*topic.writers, *topic.readers} - {"operator"} <= OWN_ROLES
    internal = internal and "operator" not in topic.writers
    return (
        f"{'**Internal.** ' if internal else ''}{DIRECTIONS[topic.direction]}. Key `{topic.key}`. "
        f"Written by {', '.join(topic.writers)}; read by {', '.join(topic.readers)}. "
        f"Kept: {kept(topic)}."
    )


def _kinds(topic: Topic, own: list[type[Struct]], homes: dict[type[Struct], str]) -> list[str]:
    """Return a part for each kind of message; `kind` or `type` tells them apart."""
    tag_field = own[0].__struct_config__.tag_field
    parts = [f"`{tag_field}` tells the kinds of messages apart.\n"]
    lists = {message: fields_of_type(message) for message in own}
    shared: set[str] = set()
    if len(own) > KINDS_MAX:
        shared = set.intersection(*({f.name for f, _ in fields} for fields in lists.values()))
        shared -= {"body"}
        common = [each for each in lists[own[0]] if each[0].name in shared]
        parts += ["### Every kind\n", _table(topic, own[0], common, homes)]
    for message, fields in lists.items():
        rest = [each for each in fields if each[0].name not in shared]
        tag = message.__struct_config__.tag
        parts += [f"### {message.__name__}\n", f"`{tag_field}`: `{tag}`. {_said(message)}".strip()]
        parts += [("" if parts[-1].endswith("\n") else "\n") + _table(topic, message, rest, homes)]
    return parts


def _said(message: type[Struct]) -> str:
    """Return what a message type says of itself."""
    own = message.__dict__.get("__doc__")
    return f"{' '.join(own.split())}\n" if own else ""


def _table(
    topic: Topic, message: type[Struct], fields: Fields, homes: dict[type[Struct], str]
) -> str:
    if not fields:
        return "No fields of its own.\n"
    rows = [_row(topic, message, each, homes) for each in fields]
    return "\n".join([HEAD, *rows]) + "\n"


def _row(
    topic: Topic,
    message: type[Struct],
    field: tuple[FieldInfo, Any],
    homes: dict[type[Struct], str],
) -> str:
    info, hint = field
    meta = described(hint)
    extra = (meta.extra if meta else None) or {}
    cells = (
        f"`{info.encode_name}`",
        _type(hint, homes),
        ", ".join(part for part in (extra["unit"], _bounds(hint)) if part),
        _present(topic, message, info, hint),
        extra["meaning"],
    )
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _type(hint: object, homes: dict[type[Struct], str]) -> str:
    """Name the JSON type of a field, without null."""
    names = [_option(each, homes) for each in options(hint) if bare(each) not in _NOTHING]
    return ", ".join(dict.fromkeys(names))


_NOTHING = {type(None), UnsetType}


def _option(hint: object, homes: dict[type[Struct], str]) -> str:
    kind, arguments = bare(hint), get_args(bare(hint))
    pattern = next((meta.pattern for meta in metas(hint) if meta.pattern), None)
    if pattern is not None:
        return NAMES[pattern]
    if get_origin(kind) is Literal:
        return ", ".join(f"`{json.dumps(value).strip(chr(34))}`" for value in arguments)
    if get_origin(kind) is tuple:
        return f"list of {_type(arguments[0], homes)}"
    if get_origin(kind) is dict:
        return f"object of {_type(arguments[1], homes)}"
    if kind in homes:
        name = getattr(kind, "__name__", "")
        return f"[{name}](#{homes[kind]})"
    return PLAIN.get(getattr(kind, "__name__", ""), "any value")


def _bounds(hint: object) -> str:
    found = list(metas(hint))
    schema = next((meta.extra_json_schema for meta in found if meta.extra_json_schema), {})
    least, most = (
        next((getattr(meta, name) for meta in found if getattr(meta, name) is not None), None)
        for name in ("min_length", "max_length")
    )
    if most is not None:
        of = "elements" if get_origin(bare(hint)) is tuple else "characters"
        return f"{least} to {most} {of}" if least else f"at most {most} {of}"
    if any(meta.le == 2**53 for meta in found):
        return "1 to 2^53"
    if "maximum" in schema:
        return "0 to 1"
    return "> 0" if "exclusiveMinimum" in schema else "≥ 0" if "minimum" in schema else ""


def _present(topic: Topic, message: type[Struct], info: FieldInfo, hint: object) -> str:
    """Tell whether a field must be there, or what it is when it is not."""
    config = message.__struct_config__
    nullable = any(bare(each) is type(None) for each in options(hint))
    if info.default is UNSET:
        return "optional"
    if topic.direction == "out" and not config.omit_defaults:
        return "always, may be null" if nullable else "always"
    if info.required:
        return "required"
    if info.default is None:
        return "optional"
    return f"default `{_default(info.default)}`"


def _default(value: object) -> str:
    if isinstance(value, tuple):
        return "[]"
    return json.dumps(value, default=str).strip('"') or '""'


def _json(example: Struct) -> str:
    return json.dumps(json.loads(encode(example)), indent=2, ensure_ascii=False)
