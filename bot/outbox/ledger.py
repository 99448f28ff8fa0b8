"""Writes down how attempts to deliver end, each in one transaction with what follows from it (SPEC 6, delivery)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Protocol

import structlog

from bot.domain.notifications import Letter, Notification
from bot.endings import Posted, SlackRefused
from bot.outbox import outcomes
from bot.outbox.carrier import Carrier
from bot.outbox.outcomes import Refusal
from bot.store.pacing import POST, UPDATE
from bot.store.unit import Unit

AfterFailure = Callable[[Unit, Notification], None]
Write = Callable[[Callable[[Unit], Any]], Awaitable[Any]]

log = structlog.get_logger(__name__)


class Counter(Protocol):
    """Counts deliveries; ``bot.metrics.Metrics`` is one."""

    def delivered(self, outcome: str) -> None: ...


class Ledger:
    """Where each attempt's end is written.

    Args:
        write: runs a transaction.
        slack: tells whether our token is still good.
        after_failure: goes on to the next destination, in the transaction that sets one aside.
        metrics: counts outcomes.
        wake_in: has the dispatcher look again after some time.
    """

    def __init__(
        self,
        write: Write,
        slack: Carrier,
        *,
        after_failure: AfterFailure,
        metrics: Counter,
        wake_in: Callable[[timedelta], None],
    ) -> None:
        self._write, self._slack, self._after_failure = write, slack, after_failure
        self._metrics, self._wake_in = metrics, wake_in

    async def found(self, one: Notification, there: Posted) -> None:
        """A message whose post got no answer stands there; what it shows is drawn anew."""
        self._metrics.delivered("sent")
        await self._write(lambda unit: unit.outbox.mark_found(one, there.channel, there.ts))

    async def released(self, card: Notification) -> None:
        """A burst card can't be shown: each of its requests goes its own way."""

        def work(unit: Unit) -> None:
            unit.bursts.release(card)
            unit.outbox.settle(card)

        await self._write(work)

    async def sent(self, one: Notification, posted: Posted) -> None:
        """The message stands there, and shows what was wanted when it was claimed."""
        self._metrics.delivered("sent")
        await self._write(lambda unit: unit.outbox.mark_sent(one, posted.channel, posted.ts))

    async def limited(self, one: Notification, after: timedelta) -> None:
        """Let nothing of this kind go there until Slack takes it again; it is nobody's fault."""
        self._metrics.delivered("limited")
        method = UPDATE if one.ts else POST

        def work(unit: Unit) -> None:
            unit.outbox.mark_again(one, after, "ratelimited", counts=False)
            unit.pace.hold(one.destination, method, unit.now + after)

        await self._write(work)
        self._wake_in(after)

    async def again(
        self,
        one: Notification,
        after: timedelta,
        error: str,
        *,
        counted: str,
        unsure: bool = False,
        counts: bool = True,
    ) -> None:
        """It is tried again, ``after`` this time; ``OutboxRows.mark_again`` tells what the rest means."""
        self._metrics.delivered(counted)
        await self._write(lambda unit: unit.outbox.mark_again(one, after, error, unsure=unsure, counts=counts))

    async def refused(self, letter: Letter, refused: SlackRefused) -> None:
        """Slack said no: whether that is about this copy, the token, the destination or the attempt decides."""
        one = letter.notification
        what = outcomes.about(refused.code, updating=bool(one.ts))
        if refused.code in outcomes.OURS_PERHAPS and not await self._is_ours():
            what = Refusal.TOKEN
        if what is Refusal.COPY:
            await self._lost(letter, refused.code)
        elif what is Refusal.TOKEN:
            log.error("Slack doesn't accept our token; deliveries wait", reason=refused.code)
            await self.again(one, outcomes.TOKEN_PAUSE, refused.code, counted="refused", counts=False)
        elif what is Refusal.DESTINATION:
            log.warning("a destination can't be reached", destination=one.destination, reason=refused.code)
            self._metrics.delivered("refused")
            await self.set_aside(one, refused.code)
        else:
            await self.again_or_aside(one, refused.code)

    async def _is_ours(self) -> bool:
        """Return whether Slack still accepts our token, so that what it said is about somebody else."""
        try:
            await self._slack.auth_test()
        except SlackRefused:
            return False
        return True

    async def _lost(self, letter: Letter, code: str) -> None:
        """A copy can't be changed any more: that matters only while it still asks something of its readers (F6)."""
        one = letter.notification
        asks = one.kind.asks and letter.asks
        if asks and code in outcomes.CLOSED:
            log.warning("a request stands where nobody can decide it", destination=one.destination, reason=code)
            self._metrics.delivered("refused")
            await self.set_aside(one, code)
        else:
            again = asks and code == "message_not_found"
            await self._write(lambda unit: unit.outbox.mark_gone(one, code, post_again=again))

    async def again_or_aside(self, one: Notification, error: str) -> None:
        """An error nobody knows: it is tried eight times."""
        if one.attempts >= outcomes.MOST_ATTEMPTS:
            log.error("a notification was set aside", notification=one.id, reason=error)
            await self.set_aside(one, error)
        else:
            await self.again(one, outcomes.pause(one.attempts), error, counted="refused")

    async def set_aside(self, one: Notification, error: str) -> None:
        """Give a destination up and go on to the next one of its chain, in one transaction."""

        def work(unit: Unit) -> None:
            # One after the other for each request: of two last destinations that fail at once, the later one knows.
            unit.contracts.hold(one.contract_id)
            unit.outbox.mark_failed(one, error)
            self._after_failure(unit, one)

        await self._write(work)
