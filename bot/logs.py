"""Logs as structured lines, and nothing secret in any of them, whoever writes them and at whatever level.

Redaction works on the finished line, traceback included, as the last step of the one handler: a field that somebody
forgot, a library's message and an exception's text all pass it (RELIABILITY T4, B25).
"""

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TextIO

import structlog

Format = Literal["console", "json"]

HIDDEN = "[redacted]"
_PATTERNS = (
    (re.compile(r"\bx(?:ox[a-z]|app)-[A-Za-z0-9-]+"), HIDDEN),
    (re.compile(r"https://hooks\.slack\.com/[^\s\"'<>\\]+"), HIDDEN),
    (re.compile(r"(?i)((?:ticket|signature)=)[^\s&\"'\\]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\bv0=[0-9a-f]{64}\b"), HIDDEN),
    (re.compile(r"\b[0-9]{6,}\.[0-9]{6,}\.[0-9a-f]{16,}\b"), HIDDEN),  # a trigger_id wherever it stands
    (
        re.compile(
            r"(?i)(\\*[\"']?(?:authorization|response_url|trigger_id|signing_secret|x-slack-signature)\\*[\"']?"
            r"\s*[:=]\s*\\*[\"']?)(?:bearer\s+)?[^\s\"',}\\]+"
        ),
        rf"\1{HIDDEN}",
    ),
)
_QUIET = {
    "alembic": logging.WARNING,
    "slack_bolt": logging.WARNING,
    # It warns that a token in the environment is not used: our client carries it.
    "slack_bolt.AsyncApp": logging.ERROR,
    "slack_sdk": logging.INFO,
    "aiohttp": logging.WARNING,
    "uvicorn": logging.WARNING,
    "asyncio": logging.WARNING,
    "apscheduler": logging.ERROR,
}
"""Least level of libraries: below it they print bodies (slack_sdk, slack_bolt) or what is said elsewhere."""
SHORTEST_SECRET = 8
"""A shorter value is no secret, and hiding it everywhere would make lines unreadable."""


class Redaction:
    """Hides tokens, signatures, response_urls, trigger ids, and the very secrets of this process."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, line: str) -> str:
        """Return ``line`` with every secret replaced."""
        if self._known:
            line = self._known.sub(HIDDEN, line)
        for pattern, replacement in _PATTERNS:
            line = pattern.sub(replacement, line)
        return line


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Structured lines from structlog and from the standard library alike, redacted at the very end."""

    def __init__(self, redaction: Redaction, **settings: Any) -> None:
        super().__init__(**settings)
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        return self._redaction(super().format(record))


def configure(form: Format, level: str = "info", secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send all logs of this process to ``stream`` (standard error if left out).

    Args:
        form: ``console`` for people, ``json`` for machines.
        level: ``debug``, ``info``, ``warning`` or ``error``.
        secrets: values that must never be seen: signing secrets, tokens, keys.
        stream: where to.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        _Formatter(Redaction(secrets), foreign_pre_chain=shared, processors=[_strip, *_rendering(form)])
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _QUIET.items():
        library = logging.getLogger(name)
        library.setLevel(max(least, root.level))
        library.handlers.clear()
        library.propagate = True
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            *shared[:3],
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _rendering(form: Format) -> list[structlog.typing.Processor]:
    if form == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]


def _strip(logger: Any, name: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Leave out what structlog put there for itself, and line breaks that would forge a second line (B21)."""
    cleaned: Mapping[str, Any] = structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, name, line)
    return {key: _one_line(value) if isinstance(value, str) else value for key, value in cleaned.items()}


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
