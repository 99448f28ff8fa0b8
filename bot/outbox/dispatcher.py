"""Delivers notifications: claims due rows under a lease, and posts or redraws each message (SPEC 6).

At least once, and visible at most once: before a post a row says that it is being tried, so after a crash or a lost
answer the message is looked for by its delivery id before it is sent again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from datetime import timedelta
from typing import Protocol, TypeVar

import structlog

from bot.clock import Clock
from bot.domain.notifications import Kind, Letter, Notification, State
from bot.endings import Posted, SlackRateLimited, SlackRefused, SlackUnreachable, SlackUnsure
from bot.errors import Unavailable
from bot.outbox import claiming, outcomes
from bot.outbox.carrier import Carrier, Json
from bot.outbox.extras import Extras
from bot.outbox.ledger import AfterFailure, Counter, Ledger
from bot.outbox.outcomes import Refusal
from bot.outbox.search import MayLook, Search
from bot.store.unit import Unit

T = TypeVar("T")
Card = tuple[str, list[Json]]
Draw = Callable[[Letter], Card]

AT_ONCE = 24
"""Calls to Slack under way at the same time: no more is claimed than can be carried well within its lease."""
OTHERS = 16
"""How many of them may carry what asks for no decision: thousands of those hold up no request."""
ENOUGH = timedelta(seconds=7)
"""What must be left of a lease before a call that may take five seconds; else it is renewed first (F17, F25)."""
METADATA = "gatehouse_notification"
"""``event_type`` of the metadata each message carries; its payload is the delivery id and nothing else."""

log = structlog.get_logger(__name__)


class Writing(Protocol):
    """Runs transactions and says when one left something to deliver; a store's ``write`` is one."""

    wake: Callable[[], None]

    def submit(self, work: Callable[[Unit], T]) -> Future[T]: ...


class Dispatcher:
    """The deliver job.

    Args:
        rows: where the notifications are.
        slack: carries the messages.
        draw: shows a contract as a message of a kind.
        after_failure: goes on to the next destination, in the transaction that sets one aside.
        may_look: whether the token may read a kind of conversation, to find a message whose post got no answer;
            None: not known yet.
        metrics: counts outcomes.
        clock: for how long ago an attempt was.
    """

    def __init__(
        self,
        rows: Writing,
        slack: Carrier,
        *,
        draw: Draw,
        after_failure: AfterFailure,
        may_look: MayLook,
        metrics: Counter,
        clock: Clock,
    ) -> None:
        self._rows, self._slack, self._draw = rows, slack, draw
        self._clock, self._search = clock, Search(slack, may_look)
        self._extras = Extras(slack, self._write)
        self._ledger = Ledger(self._write, slack, after_failure=after_failure, metrics=metrics, wake_in=self._wake_in)
        self._woken = asyncio.Event()
        self._carrying: dict[asyncio.Task[None], Kind] = {}
        self._crowded = False
        """Whether something may have been left for want of room."""
        self._running: asyncio.Task[None] | None = None
        self._stopping = False
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Begin to deliver in the running loop; commits of this process wake it at once."""
        self._stopping = False
        self._rows.wake = self._wake_from_thread
        self._running = asyncio.create_task(self._run())

    async def stop(self, seconds: float = 5.0) -> None:
        """Claim nothing more, give back what is claimed and not begun, and let the rest end for some seconds.

        What is cut off then keeps its lease: another process looks for the message when that ends.
        """
        self._rows.wake = lambda: None
        self._stopping = True
        running, self._running = self._running, None
        if running:
            self._woken.set()
            await asyncio.wait({running}, timeout=seconds)
            await self._cut_off({running, *self._carrying})

    async def _cut_off(self, tasks: set[asyncio.Task[None]]) -> None:
        late = [task for task in tasks if not task.done()]
        if late:
            log.warning("deliveries were cut off; their leases end by themselves", calls=len(late) - 1)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def wake(self) -> None:
        """Look for due rows now."""
        self._woken.set()

    def _wake_from_thread(self) -> None:
        self._loop.call_soon_threadsafe(self._woken.set)

    async def _run(self) -> None:
        while self._running:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self._work_off()
            except Unavailable:
                log.warning("the outbox waits: the database did not answer")
            except Exception:
                log.exception("the outbox stumbled")
        await self._idle()

    async def _work_off(self) -> None:
        """Carry what is due, as many at once as may be; a slow call holds up nobody but itself."""
        while self._running and await self._take():
            pass

    async def round(self) -> int:
        """Deliver one batch of due notifications to its end and return how many were claimed."""
        claimed = await self._take()
        await self._idle()
        return claimed

    async def _take(self) -> int:
        """Begin to carry what there is room for, and return how many were claimed; room that ends wakes us again."""
        room = AT_ONCE - len(self._carrying)
        others = min(room, OTHERS - sum(not one.asks for one in self._carrying.values()))
        self._crowded = not others
        if not room:
            return 0
        taken = await self._write(lambda unit: claiming.take(unit, room, others))
        if self._stopping:
            await self._write(lambda unit: claiming.give_back(unit, taken.letters))
            return 0
        for letter in taken.letters:
            self._begin(letter)
        if taken.next_turn is not None:
            self._wake_in(taken.next_turn)
        return taken.claimed

    def _begin(self, letter: Letter) -> None:
        carrying = asyncio.create_task(self._guarded(letter))
        self._carrying[carrying] = letter.notification.kind
        carrying.add_done_callback(self._end)

    def _end(self, carried: asyncio.Task[None]) -> None:
        del self._carrying[carried]
        if self._crowded:
            self._woken.set()

    async def _idle(self) -> None:
        while self._carrying:
            await asyncio.wait(self._carrying)

    async def _guarded(self, letter: Letter) -> None:
        """One row that can't be drawn, or whose mark fails, delays no other."""
        one = letter.notification
        try:
            try:
                await self._carry(letter)
            except Unavailable:
                raise
            except Exception as error:
                log.exception("a delivery failed", notification=one.id)
                await self._ledger.again_or_aside(one, f"fault: {type(error).__name__}")
        except Unavailable:
            log.warning("a delivery was not written down; its lease ends by itself", notification=one.id)

    async def _carry(self, letter: Letter) -> None:
        one = letter.notification
        if one.kind is Kind.EXTRA:
            await self._take_away(one)
        elif letter.is_moot or (one.parent_id and not one.thread):
            await self._let_be(one)
        elif one.card_id:
            await self._on_card(one, one.card_id)
        elif one.kind is Kind.BURST and one.state is State.FAILED:
            await self._ledger.released(one)
        elif one.channel and one.ts:
            await self._update(letter, one.channel, one.ts)
        elif one.unsure and not await self._may_post_again(one):
            return
        else:
            await self._post(letter)

    async def _let_be(self, one: Notification) -> None:
        """There is nothing to say any more; a message that may be there already is looked for, to be known."""
        if one.ts:
            await self._write(lambda unit: unit.outbox.settle(one))
        elif not one.unsure or await self._may_post_again(one):
            await self._write(lambda unit: unit.outbox.drop(one))

    async def _take_away(self, extra: Notification) -> None:
        """Take a message away that stands twice; where Slack won't have it, it is left for the next press on it."""
        try:
            await self._extras.carry(extra)
        except SlackRateLimited as limited:
            await self._ledger.limited(extra, timedelta(seconds=limited.retry_after))
        except (SlackUnreachable, SlackUnsure) as error:
            await self._ledger.again(extra, outcomes.pause(extra.attempts), error.reason, counted="unsure")
        except SlackRefused as refused:
            if outcomes.about(refused.code, updating=True) is Refusal.TOKEN:
                await self._ledger.again(extra, outcomes.TOKEN_PAUSE, refused.code, counted="refused", counts=False)
                return
            log.warning("a message that stands twice can't be taken away", notification=extra.id, reason=refused.code)
            await self._write(lambda unit: unit.outbox.drop(extra))

    async def _on_card(self, one: Notification, card_id: str) -> None:
        """A burst card stands for it; where the card can't be shown, this one goes on to the next destination."""
        error = await self._write(lambda unit: unit.bursts.error(card_id))
        if error is None:
            await self._write(lambda unit: unit.outbox.settle(one))
        else:
            await self._ledger.set_aside(one, error)

    async def _may_post_again(self, one: Notification) -> bool:
        """Look for a message whose post got no answer; False if it was found, or if it is too early to look."""
        since = one.posting_since or self._clock.now()
        early = outcomes.LOOK_AFTER - (self._clock.now() - since)
        if early > timedelta(0):
            await self._write(lambda unit: unit.outbox.postpone(one, early))
            return False
        try:
            found = await self._search.find(one, since)
        except (SlackRateLimited, SlackUnreachable, SlackUnsure) as error:
            await self._ledger.again(one, outcomes.LOOK_AFTER, type(error).__name__, counted="unsure", unsure=True)
            return False
        if found:
            log.info("an unanswered message was found", notification=one.id)
            await self._ledger.found(one, found)
            self._woken.set()
        return found is None

    async def _held(self, letter: Letter) -> Letter | None:
        """Return the letter if its claim holds long enough for a call; None if somebody else has it by now (F17)."""
        one = letter.notification
        if one.lease_until and one.lease_until - self._clock.now() >= ENOUGH:
            return letter
        renewed = await self._write(lambda unit: unit.outbox.renew(one))
        if renewed is None:
            log.warning("a claim was lost before its call", notification=one.id)
            return None
        return letter.model_copy(update={"notification": renewed})

    async def _post(self, letter: Letter) -> None:
        one = letter.notification
        text, blocks = self._draw(letter)
        metadata = {"event_type": METADATA, "event_payload": {"delivery_id": one.id}}

        async def post(shown: list[Json] | None) -> Posted:
            return await self._slack.post(one.thread_channel or one.destination, text, shown, metadata, one.thread)

        if held := await self._held(letter):
            await self._ended(held, post, blocks)

    async def _update(self, letter: Letter, channel: str, ts: str) -> None:
        text, blocks = self._draw(letter)

        async def update(shown: list[Json] | None) -> Posted:
            return await self._slack.update(channel, ts, text, shown)

        if held := await self._held(letter):
            await self._ended(held, update, blocks)

    async def _ended(
        self,
        letter: Letter,
        call: Callable[[list[Json] | None], Awaitable[Posted]],
        blocks: list[Json] | None,
    ) -> None:
        """Make a call and write down how it ended."""
        one = letter.notification
        try:
            posted = await call(blocks)
        except SlackRateLimited as limited:
            await self._ledger.limited(one, timedelta(seconds=limited.retry_after))
        except SlackUnreachable as unreachable:
            await self._ledger.again(one, outcomes.pause(one.attempts), unreachable.reason, counted="unreachable")
        except SlackUnsure as unsure:
            await self._ledger.again(one, outcomes.LOOK_AFTER, unsure.reason, counted="unsure", unsure=True)
        except SlackRefused as refused:
            if outcomes.about(refused.code, updating=bool(one.ts)) is Refusal.LOOKS and blocks:
                log.warning("sent as plain text", notification=one.id, reason=str(refused))
                await self._ended(letter, call, None)
            else:
                await self._ledger.refused(letter, refused)
        else:
            await self._ledger.sent(one, posted)

    def _wake_in(self, time: timedelta) -> None:
        self._loop.call_later(time.total_seconds(), self._woken.set)

    async def _write(self, work: Callable[[Unit], T]) -> T:
        return await asyncio.wrap_future(self._rows.submit(work))
