"""What fifty people do with the bot in ten seconds, as signed requests; most of it needs calls to Slack.

Slack was asked about none of them for two minutes: the first thing each of them does meets an account that is too old.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa

from blocks import apis, client_wizard, clients, sign_up
from bot.domain.clients import ClientDraft
from bot.domain.contracts import SignUpDraft
from bot.domain.ids import new_id
from bot.domain.people import Person, Profile
from bot.store import schema
from bot.store.engine import Store, open_store
from bot.store.tables import clients as client_rows
from bot.store.tables import contracts
from bot.store.unit import Unit
from bot.usecases.catalog import apply_catalog
from bot.usecases.sign_up_drafts import keep_sign_up
from tests import stock
from tests.bench import traffic

PEOPLE = 50
"""Developers, each with an organization, its channel and its approver."""
UNASKED = timedelta(minutes=2)
SUBMITS = ("client", "sign-up", "sign-up again")


@dataclass(frozen=True, slots=True)
class Errands:
    """What was prepared: the request of each turn, without its signature, and the decisions beside."""

    turns: tuple[tuple[bytes, bytes], ...]
    decisions: tuple[tuple[bytes, bytes], ...]

    @property
    def made(self) -> tuple[int, int]:
        """How many clients and how many contracts there are afterwards, if every submit did what it should."""
        return PEOPLE * len(SUBMITS) + len(self.decisions), PEOPLE * 2 + len(self.decisions)


def prepared(url: str, decisions: int) -> Errands:
    """Fill a database with the people, what they have entered so far, and requests to be decided."""
    store = open_store(url, patient=True)
    try:
        schema.upgrade(store.engine)
        store.write.run(lambda unit: apply_catalog(unit, stock.catalog(PEOPLE), str))
        return store.write.run(lambda unit: _prepared(unit, decisions))
    finally:
        store.close()


def _prepared(unit: Unit, decisions: int) -> Errands:
    unit.people.bind_team(stock.TEAM, unit.now)
    places = stock.places(unit)
    everybody = [_walks(unit, number, place) for number, place in enumerate(places)]
    turns = tuple(walk[step] for step in range(len(everybody[0])) for walk in everybody)
    asked = [(number, places[number % PEOPLE]) for number in range(decisions)]
    stock.ask(unit, asked, remind_at=unit.now + stock.NEVER)
    waiting = sa.select(contracts.c.id, contracts.c.organization_id).order_by(contracts.c.requested_at)
    approvers = {place.organization_id: f"UA{number:04}" for number, place in enumerate(places)}
    presses = tuple(
        _approval(contract_id, approvers[organization_id])
        for contract_id, organization_id in unit.connection.execute(waiting)
    )
    return Errands(turns, presses)


def _walks(unit: Unit, number: int, place: stock.Place) -> list[tuple[bytes, bytes]]:
    """Return what one person does: first open a window and type ahead, as nobody submits at once, then all the rest.

    Each goes on with something else, so that all of it is asked for at any moment.
    """
    developer = Person(team=stock.TEAM, user=f"UD{number:04}")
    for user in (developer.user, f"UA{number:04}"):
        account = Profile(person=Person(team=stock.TEAM, user=user), name="Dana", home_team=stock.TEAM)
        unit.people.save_profile(account, unit.now - UNASKED)
    said = _entered(unit, developer, place, number)
    begun = [traffic.template("command", "/create-client"), traffic.template("options", client_wizard.CHOOSE)]
    rest = [
        said["client"],
        traffic.template("event", "app_home_opened"),
        said["sign-up"],
        traffic.template("command", "/apis"),
        traffic.template("shortcut", clients.CREATE),
        traffic.template("command", "/my-clients"),
        said["sign-up again"],
        traffic.template("shortcut", apis.FIND),
    ]
    first = number % len(rest)
    done = begun + rest[first:] + rest[:first]
    return [(kind, body.replace(b"U111", developer.user.encode())) for kind, body in done]


def _entered(unit: Unit, developer: Person, place: stock.Place, number: int) -> dict[str, tuple[bytes, bytes]]:
    """Write down what somebody has entered, and return the last submit of each wizard."""
    named = f"Organization {number}"
    mine: dict[str, Any] = {"organization": place.organization_id, "organization_name": named, "version": "1.0"}
    draft = ClientDraft(id=new_id(), name="Web shop", description="Sells shoes.", **mine)
    unit.drafts.save(unit.people.id_of(developer), draft, unit.now)
    submits = {"client": traffic.submission(client_wizard.summary_step(draft), developer.user)}
    offer = unit.contracts.offer(stock.TEAM, place.offer_id)
    assert offer is not None
    for name in SUBMITS[1:]:
        wish = SignUpDraft(id=new_id(), offer=offer.id, kind="new", name=name, reason="We sell shoes.", **mine)
        keep_sign_up(unit, developer, wish)
        step = sign_up.Step(
            offer=offer, draft=wish, needs_approval=True, several_organizations=False, has_clients=False
        )
        submits[name] = traffic.submission(sign_up.summary_step(step), developer.user)
    return submits


def _approval(contract_id: str, approver: str) -> tuple[bytes, bytes]:
    kind, body = traffic.template("action", "approval.approve")
    return kind, body.replace(b"0123456789abcdef", contract_id.encode()).replace(b"U111", approver.encode())


def signed(prepared: tuple[tuple[bytes, bytes], ...]) -> Iterator[bytes]:
    """Yield the requests one after the other, each signed when it is sent."""
    for number, (kind, body) in zip(_numbers, prepared, strict=False):
        yield traffic.signed(body.replace(b"NUMBER", b"%09d" % number), kind)


_numbers = count(1)


def warming_up() -> Iterator[bytes]:
    """Yield commands of somebody else for ever."""
    kind, body = traffic.template("command", "/apis")
    while True:
        yield traffic.signed(body.replace(b"NUMBER", b"%09d" % next(_numbers)).replace(b"U111", b"U0WARM"), kind)


def made(store: Store) -> tuple[int, int]:
    """Return how many clients and how many contracts there are."""

    def counted(unit: Unit, table: sa.Table) -> int:
        return int(unit.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())

    return store.read.run(lambda unit: (counted(unit, client_rows), counted(unit, contracts)))
