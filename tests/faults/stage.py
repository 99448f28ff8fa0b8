"""A running bot that can be put back to its first moment, and the people before it, for many short stories in a row.

With ``http`` all goes over sockets; without, over a short wire (tests/faults/short_wire.py), several times as fast. The
people use the same windows and buttons either way.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from bot.bootstrap import rules_of
from bot.catalogs import native
from bot.domain.people import Person
from bot.sandbox.acting import Actor
from bot.sandbox.activity import Activity
from bot.sandbox.delivery import Answer, Parcel
from bot.sandbox.fields import elements
from bot.sandbox.payloads import Payloads
from bot.sandbox.records import Json, Message
from bot.sandbox.views import Screens
from bot.store.unit import Unit
from bot.usecases.catalog import apply_catalog
from bot.usecases.chasing import escalate, expire, remind
from bot.usecases.tidying import tidy
from tests.faults.expected import ROOT
from tests.faults.rewind import Rewind, Row
from tests.faults.short_wire import FORM, JSON, ShortWire
from tests.journeys.house import House, open_house
from tests.store.conftest import StandingClock

T = TypeVar("T")
HISTORY = ("channels:history", "groups:history", "im:history")
"""Scopes with which a message whose post got no answer can be looked for."""
SOON = timedelta(minutes=3)
"""Longer than any pause after a fault of these stories, shorter than until the next morning's reminder."""
ROUNDS = 300


class Stage:
    """The bot, the database and the workspace; ``person`` gives who acts."""

    def __init__(self, house: House, path: str, *, http: bool) -> None:
        self.house = house
        if not http:
            wire = ShortWire(house)
            house.workspace.delivery = _ShortDelivery(wire)  # type: ignore[assignment]
            house.workspace.activity = _Prompt(house)
        self._rewind = Rewind(house.runtime.store, path)
        self.begun = house.clock.at
        self._buttons: dict[tuple[str, str], tuple[Json, str, Message]] = {}

    def close(self) -> None:
        """Let go of the file."""
        self._rewind.close()

    def person(self, user: str) -> Actor:
        return self.house.workspace.actor(user)

    def identity(self, user: str) -> Person:
        return Person(team=self.house.workspace.team_id, user=user)

    def was_told(self, user: str) -> bool:
        """Return whether somebody was told something that only they see, since that was emptied."""
        return any(one.ephemeral_to == user for one in self.house.workspace.ephemerals)

    def write(self, work: Callable[[Unit], T]) -> T:
        """Run a transaction in the bot's own store."""
        return self.house.runtime.store.write.run(work)

    def rows(self, query: str) -> list[Row]:
        """Return what a query of our own finds."""
        return self.house.runtime.store.read.run(
            lambda unit: [dict(row) for row in unit.connection.exec_driver_sql(query).mappings()]
        )

    async def reset(self) -> None:
        """Put everything back to the first moment."""
        at = self.house.workspace
        await self.house.runtime.board.drain(15.0)
        at.faults.clear()
        at.violations.clear()
        at.ephemerals.clear()
        at.screens = Screens()
        at._actors.clear()  # they remember what menus offered them
        for channel in at.channels.values():
            channel.messages.clear()
        self._buttons.clear()
        self.house.clock.at = self.begun
        self.write(self._rewind.back(self._rewind.changes()))
        self._rewind.is_back()

    def apply(self, catalog: str) -> None:
        """Apply a catalog file."""
        source = native.parse(catalog)
        self.write(lambda unit: apply_catalog(unit, source.catalog, str))

    # -- time ----------------------------------------------------------------------------------------------------

    async def quiesce(self) -> None:
        """Wait until every message is as it should be; the clock moves on by the pauses that this takes."""
        runtime, clock = self.house.runtime, self.house.clock
        for _ in range(ROUNDS):
            await runtime.dispatcher.round()
            await self.house.bob.settle()
            found = runtime.store.read.run(lambda unit: unit.outbox.undelivered(200))
            due = [one.due_at for one in found if one.due_at and one.due_at <= clock.at + SOON]
            if not due:
                return
            clock.at = max(clock.at, min(due))
        raise AssertionError("the outbox never came to rest")

    async def tick(self, hours: float) -> None:
        """Let time pass, and do what the scheduler does at its next tick."""
        self.house.clock.forward(hours=hours)
        rules = rules_of(self.house.settings)
        jobs: tuple[Callable[[Unit], int], ...] = (
            lambda u: remind(u, rules),
            lambda u: escalate(u, rules),
            expire,
            tidy,
        )
        for job in jobs:
            while self.write(job):
                pass

    # -- pressing ------------------------------------------------------------------------------------------------

    def remember(self, contract: str, message: Message) -> None:
        """Keep the buttons of a message, to be pressed also when they are gone or by somebody who never saw them."""
        for block in message.blocks:
            for element in elements(block) if block["type"] == "actions" else []:
                if element.get("value") == contract:
                    self._buttons[contract, element["text"]["text"]] = (element, block["block_id"], message)

    def knows(self, contract: str, label: str) -> bool:
        """Return whether a request ever had this button."""
        return (contract, label) in self._buttons

    async def press(self, user: str, contract: str, label: str) -> None:
        """Let somebody press a button that a message about this request has or had."""
        element, block_id, message = self._buttons[contract, label]
        person = self.person(user)
        payload = Payloads(self.house.workspace, person.member, person.seat).action(element, block_id, {}, message, {})
        await person.wire.send("interactive", payload)
        await person.settle()

    def submission(self, user: str) -> Json:
        """Return what submitting the window in front would send, and take the window away."""
        person = self.person(user)
        payload = person.draft_submission()
        self.leave(user)
        return payload

    async def send(self, user: str, payload: Json) -> Any:
        """Send a payload that was kept, as if its window were still there; return what it is answered."""
        person = self.person(user)
        payload = payload | {"trigger_id": self.house.workspace.triggers.issue(person.seat)}
        answer = await person.wire.send_raw(payload)
        await person.settle()
        return answer.body

    def leave(self, user: str) -> None:
        """Close all windows as a closed browser does: nobody is told."""
        at = self.house.workspace
        while at.screens.stack(user):
            at.screens.clear(user)


class _Prompt(Activity):
    """Over a short wire nothing is under way but what follows an answer."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house

    async def settled(self, quiet: float, limit: float) -> None:
        assert await self._house.runtime.board.drain(limit) == 0, quiet


class _ShortDelivery:
    """Stands in for the way to the bot over HTTP."""

    def __init__(self, wire: ShortWire) -> None:
        self._wire = wire

    async def send(self, parcel: Parcel, headers: dict[str, str] | None = None) -> Answer:
        assert headers is None
        body, _ = parcel.encoded()
        answered = await self._wire.send(body, JSON if parcel.kind == "events" else FORM)
        exchange = self._wire.house.workspace.exchange("to bot", parcel.name, None)
        return Answer(answered.status, answered.parsed, exchange, {})


@asynccontextmanager
async def stage(path: str, catalog: str, *, http: bool) -> AsyncIterator[Stage]:
    """Give a stage on a new SQLite file."""
    settings = {"GATEHOUSE_ADMINS": ROOT, "GATEHOUSE_TICK": "24h", "GATEHOUSE_SELF_SERVICE": "false"}
    async with open_house(f"sqlite:///{path}", StandingClock(), catalog=catalog, socket=False, **settings) as house:
        house.workspace.manifest.scopes = [*house.workspace.manifest.scopes, *HISTORY]
        house.runtime.workspace.identity["scopes"] = ",".join(house.workspace.manifest.scopes)
        house.workspace.add_person("Root Admin", id=ROOT, handle="root")
        await _met(house)
        there = Stage(house, path, http=http)
        with _deaf(house):
            try:
                yield there
            finally:
                there.close()


@contextmanager
def _deaf(house: House) -> Iterator[None]:
    """Let nothing be delivered but where a story waits for it: no commit and no pause that is over wakes anybody."""
    dispatcher, rows = house.runtime.dispatcher, house.runtime.store.write
    heard, rows.wake, dispatcher._woken = (rows.wake, dispatcher._woken), lambda: None, asyncio.Event()
    try:
        yield
    finally:
        rows.wake, dispatcher._woken = heard


async def _met(house: House) -> None:
    """Let everybody be known to the bot."""
    while await house.runtime.desk.meet_members():
        pass
