"""A house with more in it than fits on a page, things that only some may see, and a foreign workspace's rows."""

from functools import partial

import sqlalchemy as sa

from bot.catalogs import native
from bot.domain.contracts import SignUpDraft
from bot.domain.ids import new_id
from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules
from bot.store.search_tables import search_entries, search_words
from bot.store.tables import notifications, people, workspace
from bot.store.unit import Unit
from bot.usecases import contracts
from bot.usecases.catalog import apply_catalog
from bot.usecases.sign_up_drafts import keep_sign_up
from tests.faults.town import offers, sign_up
from tests.journeys.house import House
from tests.journeys.signing import make_client

ADMIN, FOREIGN = "U0ROOT", "T0OTHER"
CLIENTS, APIS, REQUESTS = 12, 11, 9
"""More than a page holds: then there are buttons that turn it."""
ALONE = 2
"""Requests that come one by one; the others come at once, and one card stands for them."""

_MANY = "\n".join(
    f"      - {{name: Feed {n}, version: '1.0', plans: [{{plan: Free, version: '1.0'}}]}}" for n in range(APIS)
)
CATALOG = f"""
version: 1
organizations:
  - name: Acme Payments
    approval_channel: C0APPROVALS
    members:
      - {{user: U0ADA, roles: [Owner]}}
      - {{user: U0PAT, roles: [Editor]}}
    plans:
      - {{name: Free, version: "1.0"}}
      - {{name: Gold, version: "2.0"}}
    apis:
      - name: Payments
        version: "1.4"
        documentation: https://developer.acme.example/payments
        plans:
          - {{plan: Free, version: "1.0"}}
          - {{plan: Gold, version: "2.0", requires_approval: true}}
      - {{name: Payments, version: "1.3", plans: [{{plan: Free, version: "1.0"}}]}}
      - name: Ledger
        version: "2.0"
        terms: {{url: "https://acme.example/terms", version: "2026-03"}}
        plans: [{{plan: Gold, version: "2.0", requires_approval: true}}]
{_MANY}
  - name: Web Shop
    members:
      - {{user: U0BOB, roles: [Client Developer]}}
      - {{user: U0EVE, roles: [Viewer]}}
  - name: Side Shop
    members:
      - {{user: U0BOB, roles: [Client Developer]}}
  - name: Hidden Valley
    members:
      - {{user: U0ADA, roles: [Owner]}}
      - {{user: U0DAN, roles: [Owner]}}
    plans: [{{name: Secret, version: "1.0"}}]
    apis:
      - name: Sealed Vault
        version: "1.0"
        visibility: organization
        plans: [{{plan: Secret, version: "1.0", requires_approval: true}}]
"""
ELSEWHERE = """
version: 1
organizations:
  - name: Foreign Works
    members: [{user: U0OLGA, roles: [Client Developer]}, {user: U0BOB, roles: [Owner]}, {user: U0ADA, roles: [Owner]}]
    plans: [{name: Alien, version: "1.0"}]
    apis: [{name: Faraway, version: "1.0", plans: [{plan: Alien, version: "1.0", requires_approval: true}]}]
"""
"""What another workspace has in the same database: nothing of it exists for the people here."""


async def furnish(house: House) -> None:
    """Put more clients and waiting requests into the database than a page holds, and those of another workspace."""
    team = house.workspace.team_id
    for number in range(CLIENTS):
        make_client(house, f"Till {number:02}", "1.0", *(["2.0"] if number == 0 else []))
    make_client(house, "Vault Keeper", "1.0", organization="Hidden Valley")
    for number in range(REQUESTS):
        house.write(partial(sign_up, team=team, client=f"Asker {number}", api="Payments", plan="Gold"))
        if number < ALONE:
            await house.delivered()
    house.write(_furnish_another_workspace)
    await house.delivered()


def _furnish_another_workspace(unit: Unit) -> None:
    """Put an organization with a waiting request into the database as if it were bound to another workspace."""
    bound = unit.people.team()
    rebind = sa.update(workspace)
    unit.connection.execute(rebind.values(team=FOREIGN))
    apply_catalog(unit, native.parse(ELSEWHERE).catalog, str)
    olga = Profile(person=Person(team=FOREIGN, user="U0OLGA"), name="Olga Other", home_team=FOREIGN)
    organization = unit.organizations.by_text(FOREIGN, "Foreign Works")
    assert organization
    draft = SignUpDraft(
        id=new_id(),
        offer=offers(unit)["Faraway", "Alien"],
        kind="new",
        organization=organization.id,
        organization_name=organization.name,
        name="Gone Asker",
        version="1.0",
        reason="We are far away.",
    )
    keep_sign_up(unit, olga.person, draft)
    request = contracts.sign_up(unit, HouseRules(), olga, draft.id)
    assert request.is_waiting
    # The one bot here would tell our own people of it.
    unit.connection.execute(sa.delete(notifications).where(notifications.c.contract_id == request.id))
    # Search knows no workspaces, as a database belongs to one: what is found is not what is asked for here.
    for table in (search_words, search_entries):
        found = sa.select(search_entries.c.id).where(search_entries.c.organization_id == organization.id)
        column = table.c.entry_id if table is search_words else table.c.id
        unit.connection.execute(sa.delete(table).where(column.in_(found)))
    known = sa.update(people).where(people.c.team == FOREIGN)  # nobody here can ask Slack about them
    unit.connection.execute(known.values(seen_at=unit.now))
    unit.connection.execute(rebind.values(team=bound))
