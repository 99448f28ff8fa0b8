"""Rows and details of the traffic between Slack and the bot."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from bot.sandbox.page.dates import Viewer
from bot.sandbox.page.masking import readable
from bot.sandbox.records import Exchange, Violation
from bot.sandbox.workspace import Workspace

ROWS = 120
"""Newest exchanges in the list; the workspace keeps more, which tests read."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the inspector."""

    id: int
    way: str
    way_words: str
    name: str
    status: str
    failed: bool
    ms: str
    violations: int

    @property
    def dom(self) -> str:
        """Part of its id in the document."""
        return str(self.id)

    @property
    def rev(self) -> str:
        """Changes when the line does."""
        return f"{self.status}/{self.ms}/{self.violations}"


def rows(workspace: Workspace) -> list[Row]:
    """The newest exchanges first."""
    broken = Counter(violation.exchange for violation in workspace.violations)
    newest = list(workspace.traffic)[-ROWS:]
    return [_row(exchange, broken[exchange.id]) for exchange in reversed(newest)]


def loose_violations(workspace: Workspace) -> list[Violation]:
    """Broken rules that belong to no exchange which is still kept."""
    kept = {exchange.id for exchange in workspace.traffic}
    return [violation for violation in workspace.violations if violation.exchange not in kept]


def _row(exchange: Exchange, broken: int) -> Row:
    to_bot = exchange.direction == "to bot"
    words = "Slack → bot" if to_bot else "Bot → Slack"
    status, failed = _status(exchange)
    ms = f"{exchange.ms:.0f} ms" if exchange.ms else ""
    return Row(exchange.id, "in" if to_bot else "out", words, exchange.name, status, failed, ms, broken)


def _status(exchange: Exchange) -> tuple[str, bool]:
    """The status in words; a Web API answer with ``ok: false`` failed although it is a 200."""
    if not exchange.status:
        return ("no answer", True) if exchange.ms else ("under way", False)
    error = exchange.response.get("error") if isinstance(exchange.response, dict) else None
    if error and exchange.response.get("ok") is False:
        return f"{exchange.status} {error}", True
    return str(exchange.status), exchange.status >= 400


def details(workspace: Workspace, number: int, viewer: Viewer) -> dict[str, Any] | None:
    """Everything about one exchange, nothing secret in it; None if it is no longer kept."""
    exchange = next((one for one in workspace.traffic if one.id == number), None)
    if exchange is None:
        return None
    secret = (workspace.bot_token, workspace.app_token, workspace.signing_secret, workspace.verification_token)
    return {
        "at": f"{viewer.local(exchange.at):%H:%M:%S.%f}"[:-3],
        "violations": [one for one in workspace.violations if one.exchange == number],
        "request": readable(exchange.request, secret),
        "response": readable(exchange.response, secret),
    }
