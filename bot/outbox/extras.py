"""Takes away messages that stand twice (RELIABILITY C.4).

Without a history scope a message whose post got no answer is posted again, and both may stand. A press on the one the
bot doesn't know of tells where it is; needs no scope but ``chat:write``.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.domain.notifications import Notification
from bot.endings import SlackRefused
from bot.outbox.carrier import Carrier
from bot.store.unit import Unit

GONE = "message_not_found"
LATER = timedelta(seconds=2)
"""Until an extra message is looked at again while the copy it belongs to is just being sent."""

log = structlog.get_logger(__name__)


class Extras:
    """Carries notifications of the kind EXTRA: each stands for one message that should not be there.

    Args:
        slack: where the messages are.
        write: runs a transaction.
    """

    def __init__(self, slack: Carrier, write: Callable[[Callable[[Unit], None]], Awaitable[None]]) -> None:
        self._slack, self._write = slack, write

    async def carry(self, extra: Notification) -> None:
        """Delete an extra message, or make it the copy if that one was never recorded or is gone.

        Raises:
            SlackRefused: it can't be deleted; so with the other endings of a call.
        """
        if (extra.thread_channel, extra.thread) == (extra.channel, extra.ts):
            await self._write(lambda unit: unit.outbox.drop(extra))
        elif extra.thread and await self._stands(extra.thread_channel or "", extra.thread):
            await self._delete(extra.channel or "", extra.ts or "")
            log.info("a message that stood twice was deleted", contract=extra.contract_id, channel=extra.channel)
            await self._write(lambda unit: unit.outbox.drop(extra))
        else:
            await self._write(lambda unit: _moved_in(unit, extra))

    async def _stands(self, channel: str, ts: str) -> bool:
        try:
            await self._slack.permalink(channel, ts)
        except SlackRefused as refused:
            if refused.code == GONE:
                return False
            raise
        return True

    async def _delete(self, channel: str, ts: str) -> None:
        try:
            await self._slack.delete(channel, ts)
        except SlackRefused as refused:
            if refused.code != GONE:
                raise


def _moved_in(unit: Unit, extra: Notification) -> None:
    if unit.copies.move(extra):
        log.info("a message nobody knew of is the copy now", contract=extra.contract_id, channel=extra.channel)
        unit.outbox.drop(extra)
    else:
        unit.outbox.postpone(extra, LATER)
