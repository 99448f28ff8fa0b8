"""About one message a second in each conversation (docs.slack.dev/reference/methods/chat.postMessage)."""

from datetime import datetime, timedelta
from typing import NamedTuple

SPACING = timedelta(seconds=1)
"""Between two messages of a conversation."""
LATENESS = timedelta(seconds=0.2)
"""How late a message may be for its turn without the turns after it moving: Slack takes short bursts."""


class Pacing(NamedTuple):
    """Where a conversation's turns stand."""

    free_at: datetime
    """When the next message may go."""
    promised_until: datetime
    """Until when turns are promised to those who wait; never before ``free_at`` counts."""

    def turn(self, now: datetime) -> tuple["Pacing", timedelta]:
        """Return where the turns stand then, and how long this message has to wait; nothing takes the turn.

        Those who wait get turns one after the other, so that they don't all come back at once.
        """
        if self.free_at <= now:
            return self._replace(free_at=max(self.free_at, now - LATENESS) + SPACING), timedelta(0)
        promised = max(self.free_at, self.promised_until)
        return self._replace(promised_until=promised + SPACING), promised - now

    def held(self, until: datetime) -> "Pacing":
        """Return where the turns stand if nothing may go before ``until``."""
        return self._replace(free_at=max(self.free_at, until))
