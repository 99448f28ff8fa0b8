"""A market with many providers and many shops, so that no channel, chain of the audit or person is a bottleneck."""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.people import Person, Profile
from bot.sandbox.workspace import Workspace
from bot.store.unit import Unit
from bot.usecases.people import save_profile
from tests.faults.world import Plan, Provider

NAMES = ("Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima")
APPROVERS = 24
"""So many that nobody's direct messages come faster than one a second: beyond that a line only grows."""
FREE, GOLD = "Free", "Gold"


@dataclass(frozen=True)
class Market:
    """Providers ``Alpha Services`` with the API ``Alpha`` and so on, and shops with two people each.

    Every sixth provider has no approval channel, so its approvers are asked by direct message; every sixth wants both.
    """

    shops: int
    providers: int = len(NAMES)

    @property
    def walkers(self) -> int:
        return 2 * self.shops

    def approvers(self, number: int) -> tuple[str, str]:
        """Return who may decide about a provider's requests."""
        return f"U0APP{number % APPROVERS}", f"U0APP{(number + 3) % APPROVERS}"

    def populate(self, workspace: Workspace) -> None:
        """Put everybody and every channel into a workspace; for the approvers it is about noon: they get reminders."""
        zone = noon()
        for number in range(APPROVERS):
            workspace.add_person(f"Approver {number}", id=f"U0APP{number}", handle=f"approver{number}", tz=zone)
        for number in range(self.walkers):
            workspace.add_person(f"Walker {number}", id=f"U0W{number:02}", handle=f"w{number}")
            workspace.channel("general").members.add(f"U0W{number:02}")
        for number in range(self.providers):
            if number % 6 != 4:
                workspace.add_channel(
                    f"approvals-{number}", id=f"C0AP{number:02}", members=list(self.approvers(number))
                )

    def introduce(self, unit: Unit, team: str) -> None:
        """Let the bot know the approvers' time zone from the beginning."""
        for number in range(APPROVERS):
            person = Person(team=team, user=f"U0APP{number}")
            save_profile(unit, Profile(person=person, name=f"Approver {number}", tz=noon(), home_team=team))

    @property
    def catalog(self) -> str:
        """The catalog file."""
        providers = "".join(self._provider(number) for number in range(self.providers))
        return f"version: 1\norganizations:\n{providers}{''.join(self._shop(n) for n in range(self.shops))}"

    def _provider(self, number: int) -> str:
        name, people = NAMES[number], self.approvers(number)
        channel = "" if number % 6 == 4 else f"    approval_channel: C0AP{number:02}\n"
        both = "    approvals: {notify: both}\n" if number % 6 == 5 else ""
        return (
            f"  - name: {name} Services\n{channel}{both}    members:\n"
            + "".join(f"      - {{user: {user}, roles: [Editor]}}\n" for user in people)
            + f'    plans: [{{name: {FREE}, version: "1.0"}}, {{name: {GOLD}, version: "2.0"}}]\n'
            + f'    apis:\n      - name: {name}\n        version: "1.4"\n        plans:\n'
            + f'          - {{plan: {FREE}, version: "1.0"}}\n'
            + f'          - {{plan: {GOLD}, version: "2.0", requires_approval: true}}\n'
        )

    def _shop(self, number: int) -> str:
        people = "".join(f"      - {{user: {user}, roles: [Client Developer]}}\n" for user in self._people(number))
        return f"  - name: Shop {number}\n    members:\n{people}"

    def _people(self, shop: int) -> tuple[str, str]:
        return f"U0W{2 * shop:02}", f"U0W{2 * shop + 1:02}"

    def plan(self, secrets: dict[str, str], slowest: float) -> Plan:
        """Return what must be true of this market at rest."""
        providers = {f"{NAMES[number]}Services": self._told(number) for number in range(self.providers)}
        admins = {f"Shop{number}": frozenset(self._people(number)) for number in range(self.shops)}
        return Plan(providers, admins, secrets, slowest)

    def _told(self, number: int) -> Provider:
        people, channel = frozenset(self.approvers(number)), frozenset({f"C0AP{number:02}"})
        destinations = people if number % 6 == 4 else channel | people if number % 6 == 5 else channel
        return Provider(destinations, people, frozenset({GOLD}))


def noon() -> str:
    """Return the name of a time zone where it is about noon now."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
