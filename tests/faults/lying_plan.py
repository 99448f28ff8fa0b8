"""Which destinations are lied to and how: drawn once from a seed, and aimed at exactly these (RELIABILITY F3–F10, G10).

What is told of a lie is what the bot can't know: whether Slack did what it was asked for before its answer broke.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import cycle

from bot.domain.notifications import DestinationType
from bot.sandbox.faults import Fault
from bot.sandbox.workspace import Workspace
from tests.faults.country import Organization, Place

Lie = tuple[str, bool]
"""A kind of fault, and whether Slack did what it was asked for."""

UNREADABLE: list[Lie] = [
    (kind, acted)
    for kind in ("html", "empty", "truncated", "list", "null", "bare", "error:fatal_error", "error:internal_error")
    for acted in (False, True)
] + [("reset_before", False), ("reset_after", False)]
ERRORS: list[Lie] = [(status, acted) for status in ("500", "502", "503", "504") for acted in (False, True)]
TIMEOUTS: list[Lie] = [("timeout", False), ("lost_answer", False), ("trickle", False), ("trickle", True)]
LOOKS = ("error:invalid_blocks", "error:msg_blocks_too_long", "error:msg_too_long")
HOUR = "3600"
DEAD_CHANNELS = ("is_archived", "not_in_channel", "channel_not_found", "restricted_action", "ekm_access_denied")
DEAD_PEOPLE = ("channel_not_found", "account_inactive", "cannot_dm_bot", "user_disabled", "user_not_found")
"""The first ones are true of the workspace; the rest is what Slack says for other reasons."""
TWICE = 4
"""Each fourth lie is told twice, so that the second attempt meets it too; where Slack acted there is no second one."""


def retry_after() -> list[str | None]:
    """Return every shape of ``Retry-After`` (RELIABILITY F3), the date in three seconds."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
    return ["1", "2.5", None, "", date, "0", "-5", "soon"]


@dataclass(frozen=True)
class Shares:
    """Per cent of all destinations."""

    unknown: float = 10.0
    limited: float = 10.0
    errors: float = 5.0
    timeouts: float = 2.0
    deleted: float = 1.0
    dead: float = 1.0
    looks: float = 1.0


@dataclass
class Lies:
    """What is planned against whom.

    ``touched`` names the group of each destination that is lied to, ``gone`` the code of each that is dead, ``late``
    the one that has to wait for an hour.
    """

    workspace: Workspace
    shares: Shares
    seed: int
    looks_up: bool
    """Whether the bot may look for a message, so that it posts none twice."""
    thorough: bool = True
    """Lie to some of them twice, to some look-ups as well, and let one destination wait for an hour."""
    touched: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    late: Place | None = None
    planned: list[tuple[Fault, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - repeatable, not secret

    def prepare(self, there: list[Organization]) -> None:
        """Draw who is lied to, and plan it."""
        total = sum(len(one.told) for one in there)
        self._kill(there, round(total * self.shares.dead / 100))
        free = [place for one in there for place in one.told if not self._near_death(one)]
        self._chance.shuffle(free)
        self.late = self._draw_late(there, free) if self.thorough else None
        pool = iter(free)
        for group, share, lies in (
            ("unknown", self.shares.unknown, UNREADABLE),
            ("errors", self.shares.errors, ERRORS),
            ("timeouts", self.shares.timeouts, TIMEOUTS),
        ):
            self._lie_about_posts(group, round(total * share / 100), lies, pool)
        self._limit(round(total * self.shares.limited / 100), pool)
        for number in range(round(total * self.shares.looks / 100)):
            self._plan("looks", next(pool), "chat.postMessage", LOOKS[number % len(LOOKS)])

    def about_redraws(self, places: list[Place]) -> None:
        """Lie about the redraws of the messages at these destinations, each of which will be drawn again."""
        kinds = cycle([*UNREADABLE, *ERRORS, ("429", False), *TIMEOUTS])
        for place in places:
            kind, acted = next(kinds)
            self._plan("redraws", place, "chat.update", kind, acted=acted)

    def unknown_posts(self, *, acted: bool) -> int:
        """Return how many posts ended so that the bot can't know; ``acted``: of these, those that Slack carried out."""
        groups = {*UNREADABLE, *ERRORS, *TIMEOUTS}
        return sum(
            fault.fired
            for fault, _ in self.planned
            if fault.method == "chat.postMessage"
            and fault.kind in {kind for kind, _ in groups}
            and (fault.acted or not acted)
        )

    def fired(self) -> Counter[str]:
        """Return how often each kind of lie was told."""
        counted: Counter[str] = Counter()
        for fault, _ in self.planned:
            counted[f"{fault.kind}{' after it acted' * fault.acted}"] += fault.fired
        return counted

    def silent(self) -> list[str]:
        """Return the lies that were planned and not told: with one of them a run proves nothing."""
        return [
            f"{fault.kind} of {fault.method} about {fault.about} struck {fault.fired} of {times} times"
            for fault, times in self.planned
            if fault.fired < times
        ]

    def _near_death(self, one: Organization) -> bool:
        return any(place.id in self.gone for place in one.told)

    def _draw_late(self, there: list[Organization], free: list[Place]) -> Place:
        late = next(one.channel for one in there if one.shape == "both" and one.channel in free)
        free.remove(late)
        self._plan("late", late, "chat.postMessage", "429", retry_after=HOUR)
        return late

    def _lie_about_posts(self, group: str, count: int, lies: list[Lie], pool: Iterator[Place]) -> None:
        for number in range(count):
            place, (kind, acted) = next(pool), lies[number % len(lies)]
            is_found = self.looks_up and (acted or kind in ("reset_after", "lost_answer"))
            times = 1 if is_found else self._times(number // len(lies))
            self._plan(group, place, "chat.postMessage", kind, acted=acted, times=times)
            if self.looks_up and self.thorough and number % 5 == 0:
                look = "conversations.open" if place.type is DestinationType.USER else "conversations.history"
                self._plan(group, place, look, ("429", "500", "html", "reset_before")[number // 5 % 4])

    def _limit(self, count: int, pool: Iterator[Place]) -> None:
        shapes = retry_after()
        for number in range(count):
            times, shape = self._times(number // len(shapes)), shapes[number % len(shapes)]
            self._plan("limited", next(pool), "chat.postMessage", "429", times=times, retry_after=shape)

    def _times(self, round_: int) -> int:
        return 2 if self.thorough and round_ % TWICE == TWICE - 1 else 1

    def _kill(self, there: list[Organization], count: int) -> None:
        """Let channels and last approvers be dead, each in another organization."""
        ways = [("channel", DEAD_CHANNELS), ("alone", DEAD_PEOPLE)]
        for shape, codes in ways:
            mine = self._chance.sample([one for one in there if one.shape == shape], count // len(ways))
            for number, one in enumerate(mine):
                code = codes[number % len(codes)]
                self.gone[one.asked[0].id] = code
                self.touched |= {place.id: "dead" for place in one.told}
                self._bury(one.asked[0], code)

    def _bury(self, place: Place, code: str) -> None:
        at = self.workspace
        if place.type is DestinationType.USER and code == "channel_not_found":
            at.member(place.id).deleted = True
        elif place.type is DestinationType.CHANNEL and code in DEAD_CHANNELS[:3]:
            channel = at.channel(place.id)
            channel.is_archived = code == "is_archived"
            if code != "is_archived":
                channel.members.discard(at.bot_user_id)
            if code == "channel_not_found":
                channel.kind = "private"
        else:
            self._plan("dead", place, "chat.postMessage", f"error:{code}")

    def _plan(
        self,
        group: str,
        place: Place,
        method: str,
        kind: str,
        *,
        acted: bool = False,
        times: int = 1,
        retry_after: str | None = "1",
    ) -> None:
        self.touched.setdefault(place.id, group)
        fault = self.workspace.faults.add(
            method=method, kind=kind, about=place.id, acted=acted, times=times, retry_after=retry_after
        )
        self.planned.append((fault, times))
