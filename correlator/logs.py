"""Structured logs on standard error: one event a line, as text for people or as JSON for a collector.

Secrets never get in: the value of every variable in `settings.secrets.SECRETS` (and of its `*_FILE`), and the passwords
and tokens in addresses, are masked in whatever is logged, also in what other libraries log through `logging`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

from correlator.errors import SettingsError
from correlator.settings import Settings, shown_value
from correlator.settings.secrets import SECRETS

MASK: Final = "[secret]"
FORMATS: Final = ("text", "json")
LEVELS: Final = ("debug", "info", "warning", "error")
_QUIETER: Final = ("apscheduler", "alembic", "sqlalchemy", "urllib3", "waitress")


def set_up_logs(settings: Settings, stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's logging to `stream` (standard error). Raises SettingsError."""
    level, form = _one_of(settings, "log.level", LEVELS), _one_of(settings, "log.format", FORMATS)
    target = stream or sys.stderr
    shared = _shared_processors()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                masking(_secret_values(settings)),
                _renderer(form, target),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIETER:
        logging.getLogger(name).setLevel("DEBUG" if level == "debug" else "WARNING")


def masking(secrets: Iterable[str]) -> Callable[[Any, str, EventDict], EventDict]:
    """A processor that masks these values, and passwords and tokens in addresses, in every text of an event."""
    known = sorted({secret for secret in secrets if len(secret) > 3}, key=len, reverse=True)

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            for secret in known:
                value = value.replace(secret, MASK)
            return shown_value(value)
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [clean(item) for item in value]
        return value if value is None or isinstance(value, bool | int | float) else clean(str(value))

    def mask(_: Any, __: str, event: EventDict) -> EventDict:
        return {key: clean(value) for key, value in event.items()}

    return mask


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderer(form: str, target: TextIO) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=target.isatty(), pad_event_to=0, sort_keys=False, exception_formatter=structlog.dev.plain_traceback
    )


def _secret_values(settings: Settings) -> list[str]:
    return [settings.secret(secret.variable) for secret in SECRETS if settings.has_secret(secret.variable)]


def _one_of(settings: Settings, name: str, allowed: tuple[str, ...]) -> str:
    value: str = settings[name]
    if value not in allowed:
        raise SettingsError(f"{settings.origin[name]}: `{name}` is `{value}`", hint=f"one of: {', '.join(allowed)}")
    return value
