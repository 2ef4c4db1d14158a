"""One log line an event, to standard output: a domain verb with ids, never bodies and never whole addresses.

Our own events are rendered straight into a line, since the hot path writes two for each mail; the lines of libraries
come through Python's logging and look the same.
"""

import sys
from contextlib import suppress
from typing import Any

import structlog

_RENDERER = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "logger", "event"])
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class _Lines:
    """Where the events of one module go."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def write(self, line: str) -> None:
        """Never raises: a full disk or a reader that is gone costs the line, not the work that it tells of."""
        with suppress(OSError, ValueError):
            try:
                sys.stdout.write(f"{line}\n")
            except UnicodeEncodeError:
                sys.stdout.write(f"{line.encode('ascii', 'backslashreplace').decode()}\n")
            sys.stdout.flush()

    debug = info = warning = error = critical = write


def logging_settings(level: str) -> dict[str, Any]:
    """Django's LOGGING; sets structlog up as well."""
    structlog.configure(
        processors=[*_SHARED, structlog.processors.format_exc_info, _RENDERER],
        logger_factory=_Lines,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "logfmt": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    _RENDERER,
                ],
            }
        },
        "filters": {
            "unless_too_often": {
                "()": "django.utils.log.CallbackFilter",
                "callback": lambda record: getattr(record, "status_code", None) != 429,
            }
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "formatter": "logfmt", "stream": "ext://sys.stdout"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            "django.server": {"level": "WARNING"},
            # Whoever asks too often would fill the log with it as well; his limit tells of him once a minute.
            "django.request": {"filters": ["unless_too_often"]},
            # Scanners name hosts of their own; Django would write a traceback for each.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "kombu": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "pgmq": {"level": "WARNING"},
            "stripe": {"level": "WARNING"},
        },
    }
