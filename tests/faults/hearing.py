"""Hears what a bot logs, through the very log of a service."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from bot import logs


class Ear(logging.Handler):
    """Hears what the bot logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[tuple[str, bool, str]] = []
        """Event, whether with a traceback, and all of it."""

    def emit(self, record: logging.LogRecord) -> None:
        line: dict[str, Any] = record.msg if isinstance(record.msg, dict) else {"event": record.getMessage()}
        failed = bool(record.exc_info or line.get("exc_info"))
        self.heard.append((str(line.get("event")), failed, f"{record.name}: {line}"))

    def breaches(self) -> Iterator[str]:
        """Yield what must never be logged for a payload, however odd."""
        for event, failed, line in self.heard:
            if failed or event in _ALARMS or event.startswith(_ALARMS):
                yield f"logged {line:.300}"


_ALARMS = ("incident", "Slack would refuse this", "unavailable", "database did not answer", "payload lost")


class _Nowhere:
    """Takes the finished log lines, so that making them is tested and nothing is kept."""

    def write(self, _text: str) -> int:
        return 0

    def flush(self) -> None:
        pass


@contextmanager
def listening() -> Iterator[Ear]:
    """Give an ear at the log, which is made as in service."""
    root, ear = logging.getLogger(), Ear()
    before = root.handlers[:], root.level
    stream: Any = _Nowhere()
    logs.configure("json", "warning", stream=stream)
    root.addHandler(ear)
    try:
        yield ear
    finally:
        root.handlers[:], root.level = before[0], before[1]
        structlog.reset_defaults()
