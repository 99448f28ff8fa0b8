"""The one way in which the workspace says no to the bot: an error code of Slack's."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """Slack's answer is ``ok: false``.

    Args:
        code: Slack's error code (``expired_trigger_id``).
        details: further keys of the answer (``needed``, ``provided``, ``errors``).
    """

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    def as_json(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"ok": False, "error": self.code} | self.details
