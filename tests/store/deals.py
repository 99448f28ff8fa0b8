"""A provider with an API under a plan, a client, and contracts between them, as rows."""

from dataclasses import dataclass
from typing import Any

from bot.domain.catalog import Catalog
from bot.domain.clients import ClientStatus, ContractStatus
from bot.domain.people import Person
from bot.store.unit import Unit
from bot.usecases.catalog import apply_catalog

TEAM = "T0ACME"
ADA, BOB = Person(team=TEAM, user="U0ADA"), Person(team=TEAM, user="U0BOB")
CATALOG: dict[str, Any] = {
    "version": 1,
    "team": TEAM,
    "organizations": [
        {
            "name": "Acme",
            "members": [{"user": "U0ADA", "roles": ["Owner"]}],
            "plans": [{"name": "Gold", "version": "1.0"}],
            "apis": [{"name": "Payments", "version": "1.0", "plans": [{"plan": "Gold", "version": "1.0"}]}],
        },
        {"name": "Shop", "members": [{"user": "U0BOB", "roles": ["Client Developer"]}]},
    ],
}


@dataclass(frozen=True)
class Deal:
    """The ids of what was made."""

    contract_id: str
    client_version_id: str
    values: dict[str, Any]
    """The columns of the contract."""


def make_deal(unit: Unit, client: str = "Till") -> Deal:
    """Make everything it takes and a contract that waits for approval."""
    apply_catalog(unit, Catalog.model_validate(CATALOG), str)
    shop = unit.organizations.by_text(TEAM, "Shop")
    assert shop
    client_id, _ = unit.clients.ensure(shop.id, client, client, "", unit.now)
    unit.clients.add_version(client_id, "1.0", ClientStatus.CREATED, unit.now)
    joined = unit.contracts.joined(
        TEAM, client=("shop", client.lower(), "1.0"), api=("acme", "payments", "1.0"), plan=("gold", "1.0")
    )
    assert joined
    values = joined | {
        "status": ContractStatus.AWAITING_APPROVAL,
        "requested_by": unit.people.id_of(BOB),
        "requested_at": unit.now,
    }
    contract_id = unit.contracts.create(values)
    assert contract_id
    return Deal(contract_id, joined["client_version_id"], values)
