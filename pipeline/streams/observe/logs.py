"""Logs on stderr: one JSON object a line, or readable lines on a terminal.

Lines of libraries, which use the standard library's logging, come in the same form.
"""

import logging
import sys
from io import StringIO
from typing import TextIO, cast

import orjson
import structlog
from structlog.typing import EventDict, ExcInfo, Processor

from pipeline.streams.settings import Settings
from topics.text import visible

__all__ = ["set_up_logs"]


def set_up_logs(settings: Settings) -> None:
    """Send everything logged in this process to stderr, as the settings say."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    lines = logging.StreamHandler(sys.stderr)
    lines.addFilter(_is_news)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_form(settings),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [lines]
    root.setLevel(settings.log_level.upper())


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out librdkafka's warning that the setting it is given is experimental: it is meant."""
    message = record.getMessage()
    return not ("CONFWARN" in message and "enable.gapless.guarantee" in message)


def _form(settings: Settings) -> list[Processor]:
    is_console = settings.log_format == "console" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    if is_console:
        return [
            _escape,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=_plain_traceback
            ),
        ]
    return [structlog.processors.format_exc_info, _render]


def _escape(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Escape what acts on a terminal: a text may be one that somebody sent."""
    return {
        name: visible(value) if isinstance(value, str) else value for name, value in event.items()
    }


def _plain_traceback(out: TextIO, error: ExcInfo) -> None:
    """Write a traceback without the local variables, and the passwords among them."""
    plain = StringIO()
    structlog.dev.plain_traceback(plain, error)
    out.write("\n".join(visible(line) for line in plain.getvalue().split("\n")))


def _render(_logger: object, _method: str, event: EventDict) -> str:
    line = orjson.dumps(cast("dict[str, object]", event), default=str)
    return visible(line.decode())
