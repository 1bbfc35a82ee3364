"""The README's tables, made from the code; `make readme` writes them, a test compares them."""

import sys
from decimal import Decimal
from pathlib import Path

from pipeline.profiles import profile_path
from pipeline.risk.parameters import GROUPS, Parameters
from pipeline.risk.rules import RULES
from pipeline.risk.rules.rule import Rule
from pipeline.streams.observe.metrics import metric_table
from pipeline.streams.settings_table import settings_table
from tests import chart_files
from tests.alerts.rules import alerts
from tests.topics.message_tables import kept, messages_page
from topics.catalogue import TOPICS

ROOT = Path(__file__).parent.parent


def tables() -> dict[str, tuple[Path, str]]:
    """Name each table, the file it stands in and its text."""
    readme = ROOT / "README.md"
    return {
        "topics": (readme, _topics()),
        "messages": (ROOT / "docs" / "messages.md", messages_page()),
        "rules": (ROOT / "docs" / "rules.md", _rules()),
        "settings": (ROOT / "docs" / "settings.md", _settings()),
        "parameters": (ROOT / "docs" / "limits.md", _parameters()),
        "metrics": (ROOT / "docs" / "metrics.md", _metrics()),
        "alerts": (ROOT / "docs" / "alerts.md", _alerts()),
    }


def standard_profile() -> str:
    """Write the built-in defaults as the limits file that ships; what is unset stays so."""
    said = (
        "# The built-in defaults, written out; `make readme` writes this file from the code.\n"
        "# What is in a comment is off until a document sets those of its limits without a value.\n"
    )
    parts = []
    for name, kind in sorted({**RULES, **GROUPS}.items()):
        rows = [_profile_row(field, value) for field, value in written_out(name, kind).items()]
        if has_no_limit(kind):
            rows = [f"#  {row.removeprefix('#').strip()}" for row in rows]
            parts.append("\n".join([f"#{name}:", *rows]) + "\n")
            continue
        is_empty = all(row.startswith("#") for row in rows)
        parts.append("\n".join([f"{name}: {{}}" if is_empty else f"{name}:", *rows]) + "\n")
    return said + "".join(parts)


def written_out(name: str, kind: type[Parameters]) -> dict[str, object]:
    """Return what a profile says of a rule: no `enabled` that is on."""
    defaults = {field: getattr(kind(), field) for field in kind.__struct_fields__}
    return {
        field: value for field, value in defaults.items() if (field, value) != ("enabled", True)
    }


def has_no_limit(kind: type[Parameters]) -> bool:
    """Tell whether a rule does nothing at its defaults: a document may not name only a part."""
    rule = kind()
    return isinstance(rule, Rule) and not rule.ready


def _profile_row(field: str, value: object) -> str:
    if value is None or value == ():
        return f"#  {field}:"
    text = _default(value)
    return f'  {field}: "{text}"' if ":" in text else f"  {field}: {text}"


def between_marks(text: str, name: str) -> str:
    """Cut the table of a name out of a page."""
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    return text.partition(begin)[2].partition(end)[0]


def _topics() -> str:
    rows = [
        f"| `{topic.name}` | {topic.direction} | `{topic.key}` | {kept(topic)} |"
        f" {', '.join(topic.writers)} | {', '.join(topic.readers)} |"
        for topic in TOPICS.values()
    ]
    return _table("| topic | | key | kept | written by | read by |", rows)


def _rules() -> str:
    rows = [
        f"| `{name}` | {_first_line(rule)} | {_fields(rule)} | {'exempt' if rule.ENTRY else ''} |"
        for name, rule in RULES.items()
    ]
    return _table("| rule | what it does | parameters | exits |", rows)


def _parameters() -> str:
    rows = [f"| `{name}` | {_fields(group)} |" for name, group in GROUPS.items()]
    return _table("| name | parameters |", rows)


def _first_line(rule: type[Parameters]) -> str:
    return (sys.modules[rule.__module__].__doc__ or "").partition("\n")[0]


def _fields(parameters: type[Parameters]) -> str:
    defaults = parameters()
    return "<br>".join(
        f"`{name}` {_default(getattr(defaults, name))}"
        for name in parameters.__struct_fields__
        if name != "enabled"
    )


def _default(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _settings() -> str:
    rows = [
        f"| `{row.name.removeprefix('RISKGATE_')}` | {row.default} |"
        f" {_unit(row.unit, row.bounds)} | {row.meaning} |"
        for row in settings_table()
    ]
    return _table("| `RISKGATE_…` | default | unit, bounds | meaning |", rows)


def _unit(unit: str, bounds: str) -> str:
    return ", ".join(part for part in (unit, bounds) if part)


def _metrics() -> str:
    rows = [
        f"| `{row.name}` | {row.kind} | {row.labels} | {row.meaning} |" for row in metric_table()
    ]
    return _table("| metric | kind | labels | meaning |", rows)


def _alerts() -> str:
    rows = [
        f"| [{alert['alert']}](runbooks/{alert['alert']}.md) | {alert['labels']['severity']} |"
        f" {alert.get('for', 'at once')} | {alert['annotations']['summary']} |"
        for alert in alerts()
    ]
    return _table("| alert | severity | after | says |", rows)


def _table(head: str, rows: list[str]) -> str:
    columns = head.count("|") - 1
    return "\n".join([head, "|" + "---|" * columns, *rows]) + "\n"


def write() -> None:
    """Put every table between its marks."""
    for name, (path, table) in tables().items():
        text = path.read_text()
        begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
        before, mark, rest = text.partition(begin)
        after = rest.partition(end)[2]
        if not mark:
            raise SystemExit(f"{path.name} has no marks for the table of {name}")
        path.write_text(f"{before}{begin}{table}{end}{after}")
    profile_path("standard").write_text(standard_profile())


if __name__ == "__main__":
    write()
    chart_files.write()
