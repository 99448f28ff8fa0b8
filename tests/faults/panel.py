"""Requests that a whole panel may decide, ready to be raced for: delivered, with every payload written beforehand."""

import asyncio
import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from bot.catalogs import native
from bot.domain.notifications import DestinationType
from bot.domain.policy import HouseRules
from bot.sandbox.records import Message
from bot.store.tables import notifications
from bot.store.unit import Unit
from bot.usecases.catalog import apply_catalog
from tests.faults import country
from tests.faults.country import Organization, Place
from tests.faults.town import Town, town

Json = dict[str, Any]
MOST = 16
"""Approvers: as many as contend at once at most (RELIABILITY G3)."""
PANELS = 50
"""Organizations the requests are spread over, so that none waits for its channel's turn."""
ASKED_EVERY = 0.05
"""Seconds between two questions whether something has come about."""
PANEL = [Place(DestinationType.USER, f"U0PANEL{number:02}") for number in range(MOST)]
RULES = HouseRules()


class Panel(Organization):
    """An organization whose channel all approvers of the panel read."""

    @property
    def approvers(self) -> list[Place]:
        return PANEL

    def as_json(self, *, closed: str = "") -> Json:
        """Return it as a catalog file has it; ``closed`` retires its API (``api``) or locks its plan up (``plan``)."""
        said = super().as_json()
        plans, apis = copy.deepcopy(said["plans"]), copy.deepcopy(said["apis"])
        assert isinstance(plans, list)
        assert isinstance(apis, list)
        plans[0]["locked"] = closed != "plan"
        apis[0]["status"] = "Retired" if closed == "api" else "Published"
        return {**said, "plans": plans, "apis": apis}


@dataclass(frozen=True)
class Case:
    """A request that waits, and its messages: the one in the channel and the requester's."""

    contract: str
    panel: Panel
    asked: Message
    waiting: Message


class Court:
    """The panels, and what their people would send."""

    def __init__(self, at: Town, panels: list[Panel]) -> None:
        self.at, self._panels = at, panels
        self._ids: dict[str, tuple[str, str]] = {}
        self._forms: dict[str, Json] = {}
        self._made = 0

    async def case(self) -> Case:
        """Let the next panel's requester sign up, and wait until its messages stand there."""
        self._made += 1
        panel, client = self._panels[self._made % len(self._panels)], f"Till {self._made} of"
        self._ids = self._ids or await self.at.do(country.offers)
        team = self.at.workspace.team_id
        contract = await self.at.do(
            lambda unit: country.sign_up(unit, RULES, team, panel, self._ids[panel.name], client)
        )
        found: dict[str, Message] = {}

        async def delivered() -> bool:
            rows = await self.at.do(lambda unit: _places(unit, contract))
            for destination, channel, ts in rows:
                message = self.at.workspace.channels[channel].find(ts) if ts else None
                found.update({destination: message} if message else {})
            return len(found) == 2

        await soon(delivered)
        return Case(contract, panel, found[panel.channel.id], found[panel.requester.id])

    async def write_forms(self) -> None:
        """Open the form of a rejection once for everybody, to have its payload."""
        case = await self.case()
        for place in PANEL:
            somebody = self.at.workspace.actor(place.id)
            await somebody.press("Reject", message=case.asked)
            await self.at.until(lambda who=somebody: who.modal is not None)  # type: ignore[misc]
            await somebody.fill("Reason", "Budget is spent.")
            form = somebody.draft_submission()
            text = orjson.dumps(form).decode().replace(case.contract, "CONTRACT")
            self._forms[place.id] = orjson.loads(text)

    def approval(self, case: Case, number: int) -> Json:
        """Return what Slack sends when a member of the panel presses Approve."""
        return self.at.workspace.actor(PANEL[number].id).draft_press("Approve", message=case.asked)

    def rejection(self, case: Case, number: int) -> Json:
        """Return what Slack sends when a member of the panel submits a rejection."""
        text = orjson.dumps(self._forms[PANEL[number].id]).decode()
        rejection: Json = orjson.loads(text.replace("CONTRACT", case.contract))
        return rejection

    def withdrawal(self, case: Case) -> Json:
        """Return what Slack sends when the requester takes the request back."""
        return self.at.workspace.actor(case.panel.requester.id).draft_press("Withdraw", message=case.waiting)

    async def apply(self, panel: Panel, closed: str) -> None:
        """Apply a catalog file that closes the API or the plan, or (empty) opens both again."""
        text = orjson.dumps({"version": 1, "organizations": [panel.as_json(closed=closed)]}).decode()
        await self.at.do(lambda unit: apply_catalog(unit, native.parse(text).catalog, str))


async def soon(true: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Wait until something has come about that takes a question to the database.

    Raises:
        TimeoutError: it didn't.
    """
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110 - other processes bring it about, and none of them sets an event
            await asyncio.sleep(ASKED_EVERY)


def _places(unit: Unit, contract: str) -> list[tuple[str, str, str]]:
    columns = (notifications.c.destination, notifications.c.channel, notifications.c.ts)
    found = unit.connection.execute(sa.select(*columns).where(notifications.c.contract_id == contract))
    return [(destination, channel, ts) for destination, channel, ts in found]


@asynccontextmanager
async def court(database_url: str, replicas: int, tick: float) -> AsyncIterator[Court]:
    """Give a court on an empty database, with so many processes; ``tick`` is in seconds."""
    panels = [Panel(number, "channel") for number in range(PANELS)]
    async with town(database_url, catalog=country.catalog(list(panels))) as at:
        for place in PANEL:
            at.workspace.add_person(f"Judge {place.id[-2:]}", id=place.id, handle=place.id.lower())
        for panel in panels:
            member = panel.requester
            at.workspace.add_person(f"Person {member.id[2:]}", id=member.id, handle=member.id.lower())
            members = [place.id for place in PANEL]
            at.workspace.add_channel(f"approvals-{panel.number}", id=panel.channel.id, members=members)
        await at.do(lambda unit: country.acquaint(unit, at.workspace.team_id, list(panels)))
        for _ in range(replicas):
            await at.serve(GATEHOUSE_TICK=f"{tick * 1000:.0f}ms")
        there = Court(at, panels)
        await there.write_forms()
        yield there
