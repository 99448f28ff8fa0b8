"""About one message a second in each channel (docs.slack.dev/reference/methods/chat.postMessage), and pauses by 429."""

from collections import OrderedDict

SPACING = 1.0
"""Seconds between two messages of a channel."""
LATENESS = 0.2
"""Seconds that a message may be late for its turn without the turns after it moving: Slack takes short bursts."""
REMEMBERED = 10_000
"""Channels whose last message is remembered."""


class Pace:
    """Tells how long to wait before the next message of a channel; one channel never delays another."""

    def __init__(self, spacing: float = SPACING) -> None:
        self._spacing = spacing
        self._free: OrderedDict[str, float] = OrderedDict()
        self._given: dict[str, float] = {}

    def wait(self, channel: str, now: float) -> float:
        """Return the seconds until it is this message's turn; 0 takes the turn.

        Those who have to wait get turns one after the other, so that they don't all come back at once.

        Args:
            channel: a channel's or a person's id.
            now: seconds on a clock that never goes backwards.
        """
        free = self._free.get(channel, 0.0)
        if free <= now:
            self.hold(channel, max(free, now - LATENESS) + self._spacing)
            return 0.0
        turn = self._given[channel] = max(free, self._given.get(channel, 0.0) + self._spacing)
        return turn - now

    def hold(self, channel: str, until: float) -> None:
        """Send nothing to a channel before ``until``."""
        self._free[channel] = until
        self._free.move_to_end(channel)
        if len(self._free) > REMEMBERED:
            oldest, _ = self._free.popitem(last=False)
            self._given.pop(oldest, None)
