"""Accounts as handlers ask about them: what Slack says, how long it counts, and who is gone (RELIABILITY B5, F8)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import structlog

from bot.clock import Clock
from bot.domain.contracts import Contract
from bot.domain.people import Person, Profile, Stranger
from bot.domain.policy import HouseRules
from bot.errors import Refusal, Unavailable
from bot.store.engine import Store
from bot.store.unit import Unit
from bot.usecases import people, unreached

P = ParamSpec("P")
T = TypeVar("T")

PROFILE_AGE = timedelta(seconds=60)
"""How long we believe what Slack said about an account (RELIABILITY B5)."""
STALE_AGE = timedelta(hours=24)
"""How long we go on with it where nothing is decided, while Slack can't be asked: an outage of Slack stops nobody's
typing, and whoever was deactivated before it gets no further than that."""
MET_AT_ONCE = 8
"""Accounts asked about in one go: every ten seconds, that is less than the fifty a minute of users.lookupByEmail
(docs.slack.dev/apis/web-api/rate-limits)."""
ASK_SOON, ASK_LATER = timedelta(minutes=1), timedelta(hours=1)
"""Until an account is asked about again: after Slack could not tell, and after it knew nobody by that id or address,
who may join the workspace any day."""
DIRECTORY_PATIENCE = 1.5
"""Seconds to wait for Slack to tell about an account: leaves the transaction its share of the three."""

WHO_ARE_YOU = "Slack didn't tell us who you are just now: please try again."

log = structlog.get_logger(__name__)


class Directory(Protocol):
    """Where accounts are looked up."""

    async def look_up(self, person: Person) -> Profile:
        """Return what Slack says about an account.

        Raises:
            Refusal: Slack doesn't know it.
            Unavailable: Slack could not be asked.
        """
        ...

    async def meet(self, stranger: Stranger) -> Profile | None:
        """Return what Slack says about somebody known by an id or an address; None if it knows nobody.

        Raises:
            Unavailable: Slack could not be asked.
        """
        ...

    def read(self, team: str, user: dict[str, Any]) -> Profile:
        """Return a ``user`` object that Slack sent by itself."""
        ...


class Accounts:
    """Who people are: asked of Slack, kept in the database, and believed for a while."""

    def __init__(self, store: Store, rules: HouseRules, directory: Directory, clock: Clock) -> None:
        self._store, self._rules, self._directory, self._clock = store, rules, directory, clock
        self._put_off: dict[str, datetime] = {}
        self._checking: set[Person] = set()
        self._asking: dict[Person, asyncio.Task[Profile]] = {}

    async def _write(self, work: Callable[Concatenate[Unit, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.wrap_future(self._store.write.submit(lambda unit: work(unit, *args, **kwargs)))

    async def _read(self, work: Callable[Concatenate[Unit, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.wrap_future(self._store.read.submit(lambda unit: work(unit, *args, **kwargs)))

    async def profile(self, person: Person, home_team: str = "") -> Profile:
        """Return what Slack says about an account, at most a minute old; a day if Slack can't be asked just now.

        Args:
            person: who acted.
            home_team: the account's own workspace if the payload names it: that alone makes a stranger.

        Raises:
            Refusal: Slack can't be asked and nothing newer than a day is known, or Slack doesn't know the account.
        """
        return await self._profile(person, home_team, STALE_AGE)

    async def deciding_profile(self, person: Person, home_team: str) -> Profile:
        """Return what Slack says about an account, at most a minute old: a decision takes nothing older.

        Raises:
            Refusal: Slack can't be asked, so nothing is decided (RELIABILITY B5: fail closed), or it doesn't know the
                account.
        """
        return await self._profile(person, home_team, PROFILE_AGE)

    async def _profile(self, person: Person, home_team: str, oldest: timedelta) -> Profile:
        """Return what Slack says about an account, and while Slack can't be asked what it said up to ``oldest`` ago."""
        known = await self._read(people.recall_profile, person)
        if known and self._clock.now() - known[1] <= PROFILE_AGE:
            return _at_home(known[0], home_team)
        try:
            async with asyncio.timeout(DIRECTORY_PATIENCE):
                profile = await asyncio.shield(self._asked(person))
        except (Unavailable, TimeoutError) as error:
            if known is None or self._clock.now() - known[1] > oldest:
                raise Refusal(WHO_ARE_YOU) from error
            log.warning("account not refreshed", user=person.user, error=type(error).__name__)
            return _at_home(known[0], home_team)
        return _at_home(profile, home_team)

    def _asked(self, person: Person) -> asyncio.Task[Profile]:
        """Return what asks Slack about an account, once for all who want to know; a late answer is kept, too."""
        asking = self._asking.get(person)
        if asking is None:
            asking = self._asking[person] = asyncio.create_task(self._ask(person))
            asking.add_done_callback(lambda done: self._answered(person, done))
        return asking

    async def _ask(self, person: Person) -> Profile:
        profile = await self._directory.look_up(person)
        try:
            await self._write(people.save_profile, profile)
        except Unavailable:
            log.warning("an account was not written down", user=person.user)
        return profile

    def _answered(self, person: Person, done: asyncio.Task[Profile]) -> None:
        del self._asking[person]
        if not done.cancelled() and (error := done.exception()):
            log.info("Slack did not tell about an account", user=person.user, error=type(error).__name__)

    async def close(self) -> None:
        """Ask no more."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def freshen(self, person: Person) -> None:
        """Ask Slack about an account ahead of what needs it fresh, if what is known would soon be too old for that."""
        known = await self._read(people.recall_profile, person)
        if known and self._clock.now() - known[1] <= PROFILE_AGE / 2:
            return
        await asyncio.wait({self._asked(person)})

    async def known_profile(self, person: Person, home_team: str = "") -> Profile:
        """Return what we know of an account without asking Slack, if it is no older than a day; for looking.

        Raises:
            Refusal: like ``profile``.
        """
        known = await self._read(people.recall_profile, person)
        if known and self._clock.now() - known[1] <= STALE_AGE:
            return _at_home(known[0], home_team)
        return await self.profile(person, home_team)

    async def meet_members(self) -> int:
        """Ask Slack about members it was never asked about, and return how many became known.

        Approvers who never used Gatehouse have a time zone, too, and those named by an address need an account before
        anything can be sent to them. Whoever Slack could not tell about is asked about again later.
        """
        now, met = self._clock.now(), 0
        self._put_off = {id_: until for id_, until in self._put_off.items() if until > now}
        for stranger in await self._read(people.strangers, self._put_off.keys(), MET_AT_ONCE):
            try:
                profile = await self._directory.meet(stranger)
            except Unavailable as error:
                log.warning("an account could not be asked about", reason=repr(error.__cause__ or error))
                self._put_off[stranger.id] = now + ASK_SOON
                break
            if profile is None:
                self._put_off[stranger.id] = now + ASK_LATER
            else:
                await self._write(people.save_profile, profile)
                await self.replace_approver(profile)
                met += 1
        return met

    async def account_changed(self, team: str, user: object) -> Profile | None:
        """Remember what Slack announces about an account we know (event user_change), and return it."""
        if not isinstance(user, dict) or not isinstance(user.get("id"), str):
            return None
        profile = self._directory.read(team, user)
        if await self._read(people.recall_profile, profile.person) is None:
            return None
        await self._write(people.save_profile, profile)
        return profile

    async def replace_approver(self, profile: Profile) -> None:
        """Have others asked where somebody who can't decide any more was the last approver (RELIABILITY F8)."""
        if not profile.is_member:
            while await self._write(unreached.after_departure, self._rules, profile.person) == unreached.AT_ONCE:
                pass

    async def check_approvers(self, contract: Contract) -> None:
        """Ask Slack about a request's approvers whom it was not asked about for a day.

        Slack takes direct messages to deactivated accounts as if they were read (github.com/slackapi/python-slack-sdk,
        issue 1156), and an event that told of it may have been lost: no delivery fails that would tell.
        """
        if not contract.is_waiting:
            return
        since, organization_id = self._clock.now() - STALE_AGE, contract.organization_id
        for person in await self._read(people.unchecked_approvers, organization_id, since, MET_AT_ONCE):
            if person in self._checking:
                continue
            self._checking.add(person)
            try:
                profile = await self._directory.look_up(person)
                await self._write(people.save_profile, profile)
                await self.replace_approver(profile)
            except Refusal:
                log.warning("Slack doesn't know an approver", user=person.user)
            finally:
                self._checking.discard(person)


def _at_home(profile: Profile, home_team: str) -> Profile:
    """An account of another workspace is a stranger, whatever else is known; E… names an organization, not a home.

    On an organization-wide install everybody is from some workspace: whose it is, only users.info says.
    """
    named = (profile.person.team, home_team)
    elsewhere = home_team not in ("", profile.person.team) and not any(team.startswith("E") for team in named)
    return profile.model_copy(update={"is_stranger": True}) if elsewhere else profile
