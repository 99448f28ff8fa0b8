"""Looks for a message whose post got no answer: each carries its delivery id, so it can be told from all others."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from bot.domain.notifications import DestinationType, Notification
from bot.endings import Posted, SlackRefused, SlackUnsure
from bot.outbox import outcomes
from bot.outbox.carrier import PAGE, Carrier, Json
from bot.outbox.outcomes import Refusal

MayLook = Callable[[DestinationType], bool | None]
PAGES = 10
"""Pages of a conversation's history that are searched: bounds what a busy channel can cost."""
EARLIER = 60.0
"""Seconds before the first attempt from which on is searched: clocks differ (RELIABILITY C.4)."""


class Search:
    """Finds messages by their delivery id.

    Args:
        slack: where they are looked for.
        may_look: whether the token may read a kind of conversation; None: not known yet.
    """

    def __init__(self, slack: Carrier, may_look: MayLook) -> None:
        self._slack, self._may_look = slack, may_look

    async def find(self, one: Notification, since: datetime) -> Posted | None:
        """Return where a message stands; None if it is not there, or without a history scope: then nobody can look.

        Args:
            one: what was to be posted.
            since: when it was first tried.

        Raises:
            SlackUnsure: it can't be looked for now; so with SlackRateLimited and SlackUnreachable.
        """
        may = self._may_look(one.destination_type)
        if may is None:
            raise SlackUnsure("not known yet whether we may look")
        try:
            return await self._found(one, since) if may else None
        except SlackRefused as refused:
            if refused.code != "missing_scope" and outcomes.about(refused.code, updating=False) is Refusal.TOKEN:
                raise SlackUnsure(refused.code) from None
        return None

    async def _found(self, one: Notification, since: datetime) -> Posted | None:
        channel = one.thread_channel or await self._conversation(one)
        async for message in self._said_since(channel, one.thread, since.timestamp() - EARLIER):
            carried = (message.get("metadata") or {}).get("event_payload") or {}
            if carried.get("delivery_id") == one.id:
                return Posted(channel, str(message["ts"]))
        return None

    async def _conversation(self, one: Notification) -> str:
        is_person = one.destination_type is DestinationType.USER
        return await self._slack.open_direct(one.destination) if is_person else one.destination

    async def _said_since(self, channel: str, thread: str | None, since: float) -> AsyncIterator[Json]:
        oldest, latest = f"{since:.6f}", None
        if thread:
            for message in await self._slack.replies(channel, thread, oldest):
                yield message
            return
        for _ in range(PAGES):
            messages = await self._slack.history(channel, oldest, latest, PAGE)
            for message in messages:
                yield message
            if len(messages) < PAGE:
                return
            latest = str(messages[-1]["ts"])
