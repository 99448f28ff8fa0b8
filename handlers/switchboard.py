"""The one table of everything Slack can ask for, and the door around every entry.

A payload comes in as a dict, is frozen, finds its handler by (kind, id) in constant time, and whatever happens there
becomes an answer within the three seconds that Slack waits (docs.slack.dev/interactivity/handling-user-interaction).
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

import structlog

from bot.errors import GatehouseError, Refusal, Unavailable
from handlers.door import Door, Telling
from handlers.patience import Patience
from handlers.payloads import Click, Closed, Command, Event, Json, Payload, Shortcut, Submission, Suggestion
from handlers.reading import Unreadable, read
from handlers.replies import Afterwards, Reply

PATIENCE = 2.0
"""Seconds a handler has before its person hears that we could not confirm: with what comes before and after it, all
of an answer takes at most 2.5 (RELIABILITY F14; Slack waits 3.0)."""
INCIDENT_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0, 1, I or O: an incident number is read aloud."""

ELSEWHERE = "Gatehouse isn't connected to this workspace. Ask the people who run it to connect it, then try again."
OLD_BUTTON = "This button is from an older message and no longer works. Type /gatehouse to see what you can do now."
OLD_WINDOW = "This window is from an older version and no longer works. Please close it and start again."
OLD_COMMAND = "Gatehouse doesn't know this command any more. Type /gatehouse to see what you can do."
OLD_SHORTCUT = "This shortcut no longer works. Type /gatehouse to see what you can do."

P = TypeVar("P", bound=Payload)
Handler = Callable[[P], Awaitable[Reply]]

log = structlog.get_logger(__name__)


class Watch(Protocol):
    """Counts and times the answers; ``bot.metrics.Metrics`` is one."""

    def acknowledged(self, listener: str, outcome: str, seconds: float) -> None:
        """Note one answer of ``listener`` (``kind id``) with its outcome and how long it took."""
        ...


class Deliveries(Protocol):
    """Remembers what was delivered already, for at least 10 minutes (slack/RULES.md A.2, Events API delivery)."""

    async def seen(self, key: str, now: datetime) -> bool:
        """Return whether ``key`` came before, and remember it."""
        ...


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table."""

    kind: str
    name: str
    handler: Handler[Any]


def incident_number() -> str:
    """Return eight letters and digits that a person can read aloud: about 10^12 different ones."""
    return "".join(secrets.choice(INCIDENT_LETTERS) for _ in range(8))


class Switchboard:
    """Routes payloads to handlers and turns everything that happens into an answer.

    Args:
        slack: how people are told what the answer itself has no room for.
        allowed: whether a workspace (team id, or enterprise id where Slack names no team) may be served.
        watch: where answers are counted.
        events: which ``event_id`` came before.
        clock: the time for ``events``.
        incident: makes incident numbers.
        patience: seconds a handler has.
    """

    def __init__(
        self,
        *,
        slack: Telling,
        allowed: Callable[[str], bool],
        watch: Watch,
        events: Deliveries,
        clock: Clock,
        incident: Callable[[], str] = incident_number,
        patience: float = PATIENCE,
    ) -> None:
        self._door = Door(slack)
        self._allowed = allowed
        self._watch = watch
        self._events = events
        self._clock = clock
        self._incident = incident
        self._patience = Patience(patience)
        self._table: dict[tuple[str, str], Handler[Any]] = {}
        self._strangers: set[tuple[str, str]] = set()
        self._running: set[asyncio.Task[None]] = set()

    def command(self, name: str) -> Callable[[Handler[Command]], Handler[Command]]:
        """Register the handler of a slash command, with its slash: ``/create-client``."""
        return self._registering("command", name)

    def shortcut(self, callback_id: str) -> Callable[[Handler[Shortcut]], Handler[Shortcut]]:
        """Register the handler of a global shortcut."""
        return self._registering("shortcut", callback_id)

    def action(self, action_id: str) -> Callable[[Handler[Click]], Handler[Click]]:
        """Register the handler of a button or menu."""
        return self._registering("action", action_id)

    def submission(self, callback_id: str) -> Callable[[Handler[Submission]], Handler[Submission]]:
        """Register the handler of a modal's submit button."""
        return self._registering("submission", callback_id)

    def closed(self, callback_id: str) -> Callable[[Handler[Closed]], Handler[Closed]]:
        """Register the handler of a modal's Cancel and ✕."""
        return self._registering("closed", callback_id)

    def options(self, action_id: str) -> Callable[[Handler[Suggestion]], Handler[Suggestion]]:
        """Register what fills a menu while somebody types."""
        return self._registering("options", action_id)

    def event(self, event_type: str) -> Callable[[Handler[Event]], Handler[Event]]:
        """Register the handler of an event of the Events API."""
        return self._registering("event", event_type)

    def _registering(self, kind: str, name: str) -> Callable[[Handler[P]], Handler[P]]:
        def register(handler: Handler[P]) -> Handler[P]:
            if (kind, name) in self._table:
                raise ValueError(f"Two handlers for the {kind} {name!r}: an id has exactly one.")
            self._table[kind, name] = handler
            return handler

        return register

    def routes(self) -> tuple[Route, ...]:
        """Return the table, sorted by kind and id."""
        return tuple(Route(kind, name, handler) for (kind, name), handler in sorted(self._table.items(), key=_by_id))

    async def answer(self, body: Json) -> Json | None:
        """Return what to answer Slack: a JSON body, or None for an empty 200. Nothing is ever raised."""
        started = time.perf_counter()
        try:
            payload = read(body)
        except Unreadable as reason:
            log.warning("payload refused", reason=str(reason), type=_printable(body.get("type")))
            self._watch.acknowledged("unreadable", "refused", time.perf_counter() - started)
            return None
        listener, outcome, reply = await self._route(payload)
        if reply.afterwards:
            self._follow(self._afterwards(payload, reply.afterwards, _shown(reply)))
        self._watch.acknowledged(listener, outcome, time.perf_counter() - started)
        return reply.body

    async def _route(self, payload: Payload) -> tuple[str, str, Reply]:
        key = (payload.kind, payload.name)
        handler = self._table.get(key)
        if not self._allowed(payload.person.team):
            log.info("another workspace", kind=payload.kind, team=payload.person.team)
            return f"{payload.kind} *", "elsewhere", self._door.instead(payload, "Not connected", ELSEWHERE)
        if handler is None:
            return f"{payload.kind} *", "unknown", self._unknown(payload)
        if payload.kind == "event" and await self._repeated(payload):
            return f"event {payload.name}", "repeated", Reply.nothing()
        outcome, reply = await self._guarded(handler, payload)
        return f"{payload.kind} {payload.name}", outcome, reply

    async def _guarded(self, handler: Handler[Any], payload: Payload) -> tuple[str, Reply]:
        """Run the handler; everything it raises becomes an answer."""
        try:
            async with self._patience.limit():
                reply = await handler(payload)
            return "ok", self._checked(payload, reply)
        except Refusal as error:
            log.info("refused", kind=payload.kind, id=payload.name, reason=type(error).__name__)
            return "refused", self._door.refuse(payload, error)
        except TimeoutError:
            log.warning("too slow", kind=payload.kind, id=payload.name, seconds=self._patience.seconds)
            return "unavailable", self._door.answer(payload, str(Unavailable()))
        except GatehouseError as error:
            log.warning("unavailable", kind=payload.kind, id=payload.name, reason=repr(error.__cause__ or error))
            return "unavailable", self._door.answer(payload, str(error))
        except Exception as error:  # noqa: BLE001 - no fault of ours leaves as a 5xx
            return "failed", self._door.answer(payload, self._fault(payload, error))

    def _checked(self, payload: Payload, reply: Reply) -> Reply:
        """Slack breaks a modal over an error at anything but an input block: say it on top of the view instead."""
        errors = (reply.body or {}).get("errors")
        if not errors or not isinstance(payload, Submission):
            return reply
        inputs = {block.get("block_id") for block in payload.view.blocks if block.get("type") == "input"}
        if inputs.issuperset(errors):
            return reply
        log.error("errors at no input", id=payload.name, fields=sorted(set(errors) - inputs))
        return self._door.answer(payload, " ".join(errors.values()))

    def _fault(self, payload: Payload, error: Exception) -> str:
        number = self._incident()
        log.error("incident", incident=number, kind=payload.kind, id=payload.name, exc_info=error)
        return f"Something went wrong on our side (incident {number}). Nothing more was done; please try again."

    async def _repeated(self, payload: Payload) -> bool:
        """Return whether an event was delivered before; Slack sends one up to four times (RELIABILITY F12)."""
        event_id = payload.body.get("event_id")
        if not isinstance(event_id, str):
            return False
        return await self._events.seen(f"{payload.person.team} {event_id}", self._clock.now())

    def _unknown(self, payload: Payload) -> Reply:
        key = (payload.kind, payload.name)
        if key not in self._strangers and len(self._strangers) < 1000:
            self._strangers.add(key)
            log.warning("unknown id", kind=payload.kind, id=_printable(payload.name))
        match payload:
            case Command():
                return self._door.answer(payload, OLD_COMMAND)
            case Shortcut():
                return self._door.answer(payload, OLD_SHORTCUT)
            case Submission():
                return self._door.instead(payload, "Gatehouse", OLD_WINDOW)
            case _:
                return self._door.answer(payload, OLD_BUTTON)

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Start what nobody waits for, beside the answer: what goes wrong there is only logged."""
        self._follow(_alone(work))

    def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        """Start what follows the answer, and keep hold of it: the loop itself holds tasks only weakly."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _afterwards(self, payload: Payload, work: Afterwards, shown: Json | None) -> None:
        try:
            await work()
        except GatehouseError as error:
            log.info("refused afterwards", kind=payload.kind, id=payload.name, reason=type(error).__name__)
            await self._door.tell(payload, str(error), shown)
        except Exception as error:  # noqa: BLE001 - told to the person like any other
            await self._door.tell(payload, self._fault(payload, error), shown)

    async def drain(self, seconds: float) -> int:
        """Wait for what follows answers already given; return how many were cut off after ``seconds``."""
        if not self._running:
            return 0
        _, late = await asyncio.wait(set(self._running), timeout=seconds)
        for task in late:
            task.cancel()
        return len(late)


async def _alone(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Unavailable as error:
        log.info("left for the next time", reason=repr(error.__cause__ or error))
    except Exception:
        log.exception("left undone beside an answer")


def _shown(reply: Reply) -> Json | None:
    view = (reply.body or {}).get("view")
    return view if isinstance(view, dict) else None


def _by_id(entry: tuple[tuple[str, str], Handler[Any]]) -> tuple[str, str]:
    return entry[0]


def _printable(raw: object) -> str:
    """Return at most 80 printable characters for a log line."""
    return "".join(letter for letter in str(raw)[:80] if letter.isprintable())
