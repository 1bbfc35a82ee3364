"""The templates of pages that open offline: the report's, and those that share its parts."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

__all__ = ["template"]

HERE = Path(__file__).parent


def template(name: str, *, folder: Path = HERE) -> Template:
    """Return a template, which may import parts.html.j2.

    Autoescape is on, as a page holds names from whoever wrote to Kafka.
    """
    environment = Environment(
        loader=FileSystemLoader([folder, HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)
