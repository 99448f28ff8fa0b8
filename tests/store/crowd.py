"""Very many organizations at once, written in bulk."""

import sqlalchemy as sa

from bot.domain.ids import new_id
from bot.domain.ordering import sort_key
from bot.domain.people import Person
from bot.domain.policy import Role
from bot.store.tables import members, organizations
from bot.store.unit import Unit


def many_organizations(unit: Unit, developer: Person, count: int) -> list[str]:
    """Make ``Organization 00000`` and so on, in each of which somebody is a Client Developer; return the names."""
    person_id = unit.people.id_of(developer)
    names = [f"Organization {number:05}" for number in range(count)]
    made = [
        {
            "id": new_id(),
            "team": developer.team,
            "name": name,
            "key": name.replace(" ", ""),
            "sort_name": sort_key(name),
        }
        for name in names
    ]
    rows = [one | {"folded": one["key"].lower(), "created_at": unit.now} for one in made]
    unit.connection.execute(sa.insert(organizations), rows)
    role = {"person_id": person_id, "role": Role.CLIENT_DEVELOPER}
    held = [role | {"organization_id": one["id"], "sort_name": one["sort_name"]} for one in made]
    unit.connection.execute(sa.insert(members), held)
    return names
