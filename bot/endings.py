"""How a call to Slack can end; the caller must know which (RELIABILITY C.4)."""

from dataclasses import dataclass

from bot.errors import Unavailable


class SlackRefused(Exception):
    """Slack said no, and surely did nothing.

    ``code`` is Slack's error, ``messages`` what it says about it (JSON pointers of a bad view, for instance),
    ``needed`` and ``provided`` the scopes where one is missing.
    """

    def __init__(self, code: str, messages: tuple[str, ...] = (), needed: str = "", provided: str = "") -> None:
        super().__init__(": ".join([code, *messages]) + (f" (needs the scope {needed})" if needed else ""))
        self.code = code
        self.messages = messages
        self.needed = needed
        self.provided = provided


class SlackRateLimited(Unavailable):
    """Slack did nothing and wants a pause of ``retry_after`` seconds (docs.slack.dev/apis/web-api/rate-limits)."""

    def __init__(self, retry_after: float) -> None:
        super().__init__()
        self.retry_after = retry_after


class SlackUnreachable(Unavailable):
    """No connection came about, so surely nothing was sent. ``reason`` is for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class SlackUnsure(Unavailable):
    """The call went out and no readable answer came back: it may have happened. ``reason`` is for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands: ``channel`` is the C…, G… or D… id, never the person's it was sent to."""

    channel: str
    ts: str
