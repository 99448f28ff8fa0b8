"""The one place where things are wired: settings in, a running bot out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.clock import Clock, SystemClock
from bot.desk import Desk
from bot.directory import SlackDirectory
from bot.domain.notifications import DestinationType
from bot.domain.policy import HouseRules
from bot.edge import Edge
from bot.endings import SlackRefused
from bot.errors import GatehouseError, Unavailable, WrongSettings
from bot.metrics import Metrics
from bot.outbox.dispatcher import Dispatcher
from bot.probe import Probe
from bot.readers.contracts import draw
from bot.replays import Replays, replays_of
from bot.sandbox.surfaces import problems_of_blocks, problems_of_view
from bot.scheduler import Scheduler
from bot.settings import Settings
from bot.slack import Slack
from bot.socket import Socket
from bot.store import schema, soundness
from bot.store.engine import Store, open_store, reachable
from bot.store.lock import ServingLock
from bot.store.unit import Unit
from bot.usecases.chasing import escalate, expire, remind
from bot.usecases.notifying import after_failure
from bot.usecases.people import bind_team
from bot.usecases.tidying import SEEN_AT_ONCE, tidy
from bot.web import Readiness, Web, serve
from handlers.lines import bolt, dispatch
from handlers.registry import register_all
from handlers.switchboard import Switchboard

MOST_ROUNDS = 100
"""Transactions of one tidying."""
RETRY_SLACK = 5.0
"""Seconds between attempts to learn from Slack whose bot this is, while it can't be asked."""
DRAIN = 2.0
"""Seconds that what follows an answer, and deliveries under way, may take when the process stops."""

log = structlog.get_logger(__name__)


@dataclass
class Runtime:
    """A wired bot."""

    settings: Settings
    clock: Clock
    store: Store
    slack: Slack
    desk: Desk
    board: Switchboard
    scheduler: Scheduler
    metrics: Metrics
    web: Web
    socket: Socket | None
    workspace: "Workspace"
    dispatcher: Dispatcher
    replays: Replays
    closing: list[Callable[[], None]] = field(default_factory=list)

    async def start(self) -> None:
        """Learn whose bot this is and begin to work.

        Raises:
            WrongSettings: a token is refused, or the database belongs to another workspace.
        """
        await self.workspace.learn()
        await self.replays.recall()
        if self.store.is_sqlite:  # nobody else has the file's lock: what is claimed was by a process that died
            await asyncio.wrap_future(self.store.write.submit(lambda unit: unit.outbox.end_leases()))
        self.dispatcher.start()
        self.store.listen()
        self.scheduler.start()
        if self.socket:
            await self.socket.start()

    async def stop(self) -> None:
        """Finish what is under way and close everything."""
        self.scheduler.stop()
        if self.socket:
            await self.socket.stop()
        late, _ = await asyncio.gather(self.board.drain(DRAIN), self.dispatcher.stop(DRAIN))
        if late:
            log.warning("cut off while stopping", tasks=late)
        await self.workspace.stop()
        await self.desk.close()
        await self.slack.close()
        self.replays.close()
        self.store.close()
        for close in self.closing:
            close()


class Workspace:
    """Whose bot this is: asked of Slack at the start, bound in the database for good."""

    def __init__(self, slack: Slack, store: Store) -> None:
        self._slack, self._store = slack, store
        self._asking: asyncio.Task[None] | None = None
        self.team = ""
        self.identity: dict[str, Any] = {}

    def allowed(self, team: str) -> bool:
        """Return whether requests of this workspace are ours to answer."""
        return bool(self.team) and team == self.team

    def may_look(self, kind: DestinationType) -> bool | None:
        """Return whether the token has a scope that reads the history of such a conversation; None: not known yet."""
        if not self.identity:
            return None
        granted = {scope.strip() for scope in str(self.identity.get("scopes") or "").split(",")}
        needed = {"im:history"} if kind is DestinationType.USER else {"channels:history", "groups:history"}
        return bool(granted & needed)

    async def ready(self) -> str | None:
        """Return what is missing, for ``/readyz``."""
        return None if self.identity else "Slack has not answered since the start"

    async def learn(self) -> None:
        """Ask Slack; while it can't be asked, go on with what the database knows and ask again later."""
        self.team = await asyncio.wrap_future(self._store.read.submit(lambda unit: unit.people.team()))
        if not await self._ask():
            self._asking = asyncio.create_task(self._keep_asking())

    async def stop(self) -> None:
        """Ask no more."""
        if self._asking:
            self._asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._asking

    async def _keep_asking(self) -> None:
        while True:
            await asyncio.sleep(RETRY_SLACK)
            try:
                if await self._ask():
                    return
            except WrongSettings as error:
                log.error("not serving", reason=str(error))  # noqa: TRY400 - one sentence, no traceback

    async def _ask(self) -> bool:
        try:
            found = await self._slack.auth_test()
        except SlackRefused as error:
            raise WrongSettings(
                f"SLACK_BOT_TOKEN is refused by Slack ({error.code}): install the app and copy its "
                "Bot User OAuth Token; an example is xoxb-123-456-abc."
            ) from None
        except Unavailable as error:
            log.warning("Slack can't be asked yet", reason=getattr(error, "reason", type(error).__name__))
            return False
        await self._bind(Slack.home_of(found))
        self.identity.update(found)
        return True

    async def _bind(self, team: str) -> None:
        bound = await asyncio.wrap_future(self._store.write.submit(lambda unit: bind_team(unit, team)))
        if bound != team:
            raise WrongSettings(
                f"SLACK_BOT_TOKEN belongs to the workspace {team}, but this database to {bound}: "
                "use the token of that workspace, or another GATEHOUSE_DATABASE_URL."
            )
        self.team = team


def rules_of(settings: Settings) -> HouseRules:
    """Return the settings that decide about rights."""
    return HouseRules(
        admins=frozenset(settings.admins),
        self_service=settings.self_service,
        allow_self_approval=settings.allow_self_approval,
        remind_after=settings.remind_after,
        escalate_after=settings.escalate_after,
        expire_after=settings.expire_after,
    )


def prepared_store(settings: Settings, clock: Clock) -> Store:
    """Open the database with the schema this version needs: SQLite is brought there, PostgreSQL has to be.

    Raises:
        WrongSettings: the database can't be opened, or its PostgreSQL schema is an older one.
        GatehouseError: the database is of a newer version, or its file is damaged.
    """
    if settings.is_sqlite:
        soundness.check(settings.sqlite_path)
    store = open_store(settings.database_url, clock)
    try:
        with reachable():
            if store.is_sqlite:
                schema.upgrade(store.engine)
            elif schema.current(store.engine) != schema.newest():
                raise WrongSettings(
                    "GATEHOUSE_DATABASE_URL: the database's schema is not this version's: run gatehouse db upgrade."
                )
    except BaseException:
        store.close()
        raise
    return store


def findings(surface: str, payload: dict[str, Any]) -> Iterator[str]:
    """Yield what Slack would refuse in a ``modal``, ``home`` or ``message``: the check of our local workspace."""
    if surface == "message":
        yield from map(str, problems_of_blocks(payload.get("blocks") or []))
    else:
        yield from map(str, problems_of_view(payload, surface))


async def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    strict: bool = False,
) -> Runtime:
    """Wire a bot, inside the running loop.

    Args:
        settings: checked settings, enough for serving.
        clock: where time comes from.
        strict: whether a view or message that Slack would refuse stops the call (in tests) or is logged.

    Raises:
        WrongSettings: the database can't be opened as it is.
    """
    clock = clock or SystemClock()
    store, closing = await _opened(settings, clock)
    slack = Slack(settings.bot_token, settings.api_url, check=findings, strict=strict)
    metrics, workspace, replays = Metrics(), Workspace(slack, store), replays_of(store)
    desk = Desk(store, rules_of(settings), SlackDirectory(slack), clock)
    board = Switchboard(slack=slack, allowed=workspace.allowed, watch=metrics, events=replays, clock=clock)
    register_all(board, desk, slack)
    rules = rules_of(settings)
    dispatcher = Dispatcher(
        store.write,
        slack,
        draw=draw,
        after_failure=lambda unit, one: after_failure(unit, rules, one),
        may_look=workspace.may_look,
        metrics=metrics,
        clock=clock,
    )
    scheduler = Scheduler(
        settings.tick,
        deliver=dispatcher.wake,
        chase=_chase(store, rules),
        meet=desk.meet_members,
        tidy=lambda: _tidied(store),
    )
    send = dispatch(bolt(board, slack.client))
    socket = Socket(settings.app_token, slack.client, send) if settings.mode == "socket" else None
    checks = {"database": Probe(store).ready, "scheduler": scheduler.ready, "slack": workspace.ready}
    web = Web(
        edge=None if socket else Edge(settings.signing_secrets, replays, clock),
        dispatch=send,
        readiness=Readiness(checks | ({"socket": socket.ready} if socket else {})),
        metrics=metrics,
        refresh=lambda: _refreshed(store, metrics),
    )
    beside = (scheduler, metrics, web, socket, workspace, dispatcher, replays)
    return Runtime(settings, clock, store, slack, desk, board, *beside, closing)


async def _opened(settings: Settings, clock: Clock) -> tuple[Store, list[Callable[[], None]]]:
    """Return the database, and what is to be done after it was closed; an SQLite file is locked first."""
    if not settings.is_sqlite:
        return await asyncio.to_thread(prepared_store, settings, clock), []
    lock = ServingLock(settings.sqlite_path)
    lock.take()
    try:
        return await asyncio.to_thread(prepared_store, settings, clock), [lock.release]
    except BaseException:
        lock.release()
        raise


def _chase(store: Store, rules: HouseRules) -> dict[str, Callable[[], Awaitable[int]]]:
    return {
        "remind": _job(store, lambda unit: remind(unit, rules)),
        "escalate": _job(store, lambda unit: escalate(unit, rules)),
        "expire": _job(store, expire),
    }


def _job(store: Store, work: Callable[[Unit], int]) -> Callable[[], Awaitable[int]]:
    """Return a job of the scheduler: one transaction, that tells how much it did."""
    return lambda: asyncio.wrap_future(store.write.submit(work))


async def _tidied(store: Store) -> int:
    """Tidy until there is nothing left, in transactions short enough for the others who wait for the same writer."""
    total = 0
    for _ in range(MOST_ROUNDS):
        rows = await asyncio.wrap_future(store.write.submit(tidy))
        total += rows
        if rows < SEEN_AT_ONCE:
            break
    return total


async def _refreshed(store: Store, metrics: Metrics) -> None:
    """Set what is looked up and not counted, just before the metrics are read."""

    def look(unit: Unit) -> tuple[tuple[int, float], dict[str, int]]:
        return unit.outbox.depth(), unit.contracts.waiting_by_age(unit.now)

    outbox, ages = await asyncio.wrap_future(store.read.submit(look))
    metrics.outbox(*outbox)
    metrics.pending(ages)


@contextlib.asynccontextmanager
async def running(settings: Settings, **overrides: Any) -> AsyncIterator[Runtime]:
    """Give a started bot that is not reachable over HTTP yet; it is stopped with the block."""
    runtime = await build(settings, **overrides)
    try:
        await runtime.start()
        yield runtime
    finally:
        await runtime.stop()


async def serve_forever(
    settings: Settings, *, started: Callable[[int], None] | None = None, stop: asyncio.Event | None = None
) -> None:
    """Serve until a signal or ``stop``.

    Args:
        settings: checked settings, enough for serving.
        started: called with the port once requests are taken.
        stop: ends the serving.

    Raises:
        WrongSettings: something about the settings makes it impossible.
        GatehouseError: the database stopped answering while this process started.
    """
    runtime = await build(settings)
    try:
        await runtime.start()
    except Unavailable:
        await runtime.stop()
        # What people are told about their requests says nothing to whoever starts a process.
        raise GatehouseError("The database stopped answering during the start: start again once it runs.") from None
    except BaseException:
        await runtime.stop()
        raise
    await serve(runtime.web, settings.host, settings.port, on_stop=runtime.stop, started=started, stop=stop)
