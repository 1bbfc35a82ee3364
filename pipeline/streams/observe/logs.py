"""Logs on stderr: one JSON object per line, or readable lines on a terminal.

Libraries log through the standard library; their lines get the same format.
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
    """Send all log lines of this process to stderr, in the format of the settings."""
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
    """Drop librdkafka's warning about an experimental setting that riskgate uses on purpose."""
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
    """Escape control characters: a text may come from a stranger's message."""
    return {
        name: visible(value) if isinstance(value, str) else value for name, value in event.items()
    }


def _plain_traceback(out: TextIO, error: ExcInfo) -> None:
    """Write a traceback without local variables, since they may hold passwords."""
    plain = StringIO()
    structlog.dev.plain_traceback(plain, error)
    out.write("\n".join(visible(line) for line in plain.getvalue().split("\n")))


def _render(_logger: object, _method: str, event: EventDict) -> str:
    line = orjson.dumps(cast("dict[str, object]", event), default=str)
    return visible(line.decode())
