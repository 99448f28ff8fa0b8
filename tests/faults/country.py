"""Many organizations of four shapes, so that thousands of destinations can be told without a crowd in any channel."""

import json
from dataclasses import dataclass

from bot.domain.contracts import SignUpDraft
from bot.domain.ids import new_id
from bot.domain.notifications import DestinationType
from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules
from bot.sandbox.workspace import Workspace
from bot.store.unit import Unit
from bot.usecases import contracts
from bot.usecases.sign_up_drafts import keep_sign_up
from tests.faults.market import noon

SHAPES = ("channel", "direct", "both", "alone")
"""Who is told in the organization: its channel; two approvers; all three of them; its only approver."""
PER_ROUND = 11
"""Destinations of a request in each shape, the requester among them: 2 + 3 + 4 + 2."""
ADMIN = "U0ADA"
"""The platform admin (``GATEHOUSE_ADMINS``) to whom everything falls back."""


@dataclass(frozen=True)
class Place:
    """A destination by its Slack id."""

    type: DestinationType
    id: str


@dataclass(frozen=True)
class Organization:
    """One organization, its people and its channel; they are numbered. ``shaped`` is its shape if it has no turn."""

    number: int
    shaped: str = ""

    @property
    def name(self) -> str:
        return f"Organization {self.number}"

    @property
    def shape(self) -> str:
        return self.shaped or SHAPES[self.number % len(SHAPES)]

    @property
    def channel(self) -> Place:
        return Place(DestinationType.CHANNEL, f"C0L{self.number:06}")

    @property
    def requester(self) -> Place:
        """Who signs up; nobody else looks after their clients."""
        return Place(DestinationType.USER, f"U0R{self.number:06}")

    @property
    def approvers(self) -> list[Place]:
        both = [Place(DestinationType.USER, f"U0{letter}{self.number:06}") for letter in "PQ"]
        return both[:1] if self.shape == "alone" else both

    @property
    def asked(self) -> list[Place]:
        """Who is asked first."""
        people = [] if self.shape == "channel" else self.approvers
        return [*([self.channel] if self.shape in ("channel", "both") else []), *people]

    @property
    def told(self) -> list[Place]:
        """Every destination of a request."""
        return [*self.asked, self.requester]

    def as_json(self) -> dict[str, object]:
        """Return it as a catalog file has it (INTERFACE 4)."""
        channel = {"approval_channel": self.channel.id} if self.shape in ("channel", "both") else {}
        notify = {"approvals": {"notify": "both"}} if self.shape == "both" else {}
        members = [{"user": one.id, "roles": ["API Developer"]} for one in self.approvers]
        offer = {"plan": "Gold", "version": "1.0", "requires_approval": True}
        return {
            "name": self.name,
            **channel,
            **notify,
            "members": [*members, {"user": self.requester.id, "roles": ["Client Developer"]}],
            "plans": [{"name": "Gold", "version": "1.0"}],
            "apis": [{"name": f"Payments {self.number}", "version": "1.0", "plans": [offer]}],
        }


def organizations(destinations: int) -> list[Organization]:
    """Return as many organizations as have this many destinations, when each is asked once."""
    count = -(-destinations * len(SHAPES) // PER_ROUND)
    return [Organization(number) for number in range(count)]


def catalog(there: list[Organization]) -> str:
    """Return the catalog file of these organizations."""
    return json.dumps({"version": 1, "organizations": [one.as_json() for one in there]})


def populate(workspace: Workspace, there: list[Organization]) -> None:
    """Put the people and channels of these organizations into the workspace; it is noon there: they get reminders."""
    for one in there:
        for place in (*one.approvers, one.requester):
            workspace.add_person(f"Person {place.id[2:]}", id=place.id, handle=place.id.lower(), tz=noon())
        if one.channel in one.asked:
            members = [place.id for place in one.approvers]
            workspace.add_channel(f"approvals-{one.number}", id=one.channel.id, members=members)


def acquaint(unit: Unit, team: str, there: list[Organization]) -> None:
    """Let the bot know everybody, so that it need not ask Slack who they are."""
    for one in there:
        for place in (*one.approvers, one.requester):
            unit.people.save_profile(profile(team, place), unit.now)


def profile(team: str, place: Place) -> Profile:
    """Return what Slack says about somebody here."""
    name = f"Person {place.id[2:]}"
    return Profile(person=Person(team=team, user=place.id), name=name, tz=noon(), home_team=team)


def offers(unit: Unit) -> dict[str, tuple[str, str]]:
    """Return by name of the organization its id and that of its offer."""
    found = unit.connection.exec_driver_sql(
        "SELECT organizations.name, organizations.id, offers.id FROM offers "
        "JOIN api_versions ON api_versions.id = api_version_id JOIN apis ON apis.id = api_id "
        "JOIN organizations ON organizations.id = organization_id"
    )
    return {name: (organization, offer) for name, organization, offer in found}


def sign_up(
    unit: Unit, rules: HouseRules, team: str, one: Organization, ids: tuple[str, str], client: str = "Till"
) -> str:
    """Let an organization's requester sign a new client up; return the contract's id."""
    organization, offer = ids
    somebody = profile(team, one.requester)
    draft = SignUpDraft(
        id=new_id(),
        offer=offer,
        kind="new",
        organization=organization,
        organization_name=one.name,
        name=f"{client} {one.number}",
        version="1.0",
        reason="We sell things.",
    )
    keep_sign_up(unit, somebody.person, draft)
    return contracts.sign_up(unit, rules, somebody, draft.id).id
