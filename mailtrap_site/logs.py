"""One log line an event, to standard output: a domain verb with ids, never bodies and never whole addresses."""

from typing import Any

import structlog


def logging_settings(level: str) -> dict[str, Any]:
    """Django's LOGGING: everything through structlog's key=value renderer on one stream."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "logger", "event"])
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "logfmt": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    renderer,
                ],
            }
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "formatter": "logfmt", "stream": "ext://sys.stdout"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            "django.server": {"level": "WARNING"},
            # Scanners name hosts of their own; Django would write a traceback for each.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "kombu": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "pgmq": {"level": "WARNING"},
        },
    }
