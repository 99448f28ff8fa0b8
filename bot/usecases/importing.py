"""Bring in what another system knows: its catalog, then its clients and contracts; again changes nothing."""

from datetime import datetime

from bot.domain import catalog as said
from bot.domain.audit import CATALOG, Change
from bot.domain.catalog import Imported, Offer
from bot.domain.clients import ContractStatus
from bot.domain.names import fold, identifier
from bot.domain.people import Person
from bot.domain.policy import HouseRules
from bot.errors import CatalogError
from bot.store.unit import Unit
from bot.usecases.catalog import Line, Outcome, Report, apply_catalog
from bot.usecases.notifying import tell_approvers
from bot.usecases.schedule import schedule

STAND_IN = "Import"
"""Who is named as the requester of a contract whose own requester is no Slack account."""


def import_all(unit: Unit, rules: HouseRules, imported: Imported) -> Report:
    """Apply an import within the open transaction and return what it changed, in its own order.

    Raises:
        CatalogError: the database belongs to another workspace.
    """
    report = apply_catalog(unit, imported.catalog, lambda place: "/".join(map(str, place)))
    team = unit.people.team()
    lines = [_client(unit, team, client) for client in imported.clients]
    lines += [_contract(unit, rules, team, contract) for contract in imported.contracts]
    return Report(lines=(*report.lines, *lines))


def offers_of(unit: Unit, organization: str, plans: list[str]) -> tuple[Offer, ...]:
    """Return offers of the newest open version of each named plan of an organization.

    Raises:
        CatalogError: the organization has no such plan.
    """
    offers = []
    for plan in plans:
        found = unit.catalog.newest_plan(unit.people.team(), fold(identifier(organization)), fold(identifier(plan)))
        if found is None:
            raise CatalogError(
                f"{organization} has no plan {plan} that is open for contracts: "
                "apply a catalog file that lists it first, or leave --plan out."
            )
        offers.append(Offer(plan=found[0], version=found[1]))
    return tuple(offers)


def _client(unit: Unit, team: str, client: said.Client) -> Line:
    organization = unit.organizations.by_text(team, client.organization)
    if organization is None:
        raise CatalogError(f"The client {client.name} belongs to {client.organization}, which is not in this import.")
    key = identifier(client.name)
    client_id, made = unit.clients.ensure(organization.id, key, client.name, client.description, unit.now)
    known = set() if made else unit.clients.version_names(client_id)
    fresh = [version for version in client.versions if version.version not in known]
    for version in fresh:
        unit.clients.add_version(client_id, version.version, version.status, unit.now)
        change = Change(
            what="Create",
            entity="ClientVersion",
            key=f"{key}/{version.version}",
            after={"version": version.version, "status": version.status},
        )
        unit.audit.record(organization.id, CATALOG, change)
    outcome = Outcome.CREATED if made else Outcome.CHANGED if fresh else Outcome.UNCHANGED
    return Line(outcome=outcome, entity="client", name=f"{client.name} in {client.organization}")


def _contract(unit: Unit, rules: HouseRules, team: str, contract: said.Contract) -> Line:
    name = f"{contract.client} {contract.client_version} → {contract.api} {contract.api_version}"
    joined = unit.contracts.joined(
        team,
        client=(_folded(contract.client_organization), _folded(contract.client), contract.client_version),
        api=(_folded(contract.api_organization), _folded(contract.api), contract.api_version),
        plan=(_folded(contract.plan), contract.plan_version),
    )
    if joined is None:
        raise CatalogError(f"The contract {name} joins something that is not in this import.")
    if unit.contracts.exists(joined["client_version_id"], joined["api_version_id"], joined["plan_version_id"]):
        return Line(outcome=Outcome.UNCHANGED, entity="contract", name=name)
    made = unit.contracts.create(joined | _state(unit, rules, team, contract, joined["organization_id"]))
    if made is None:
        return Line(outcome=Outcome.UNCHANGED, entity="contract", name=name)
    _follow_up(unit, rules, team, made)
    return Line(outcome=Outcome.CREATED, entity="contract", name=name)


def _state(
    unit: Unit, rules: HouseRules, team: str, contract: said.Contract, organization_id: str
) -> dict[str, str | datetime | None]:
    waits = contract.status is ContractStatus.AWAITING_APPROVAL
    return {
        "status": contract.status,
        "requested_by": _requester(unit, team, contract.requested_by),
        "requested_at": contract.requested_at or unit.now,
        **(schedule(rules, unit.organizations.approval_ways(organization_id), unit.now) if waits else {}),
        "reason": "",
        "terms_url": "",
        "terms_version": "",
        "decision_reason": "",
    }


def _requester(unit: Unit, team: str, user: str | None) -> str:
    if user is None:
        return unit.people.stand_in(team, STAND_IN)
    return unit.people.id_of_email(team, user) if "@" in user else unit.people.id_of(Person(team=team, user=user))


def _follow_up(unit: Unit, rules: HouseRules, team: str, contract_id: str) -> None:
    """An imported request that waits is told to its approvers like any other: nobody else would."""
    contract = unit.contracts.get(team, contract_id)
    assert contract is not None
    after = {"status": contract.status, "plan": f"{contract.plan_key}/{contract.plan_version}", "imported": True}
    change = Change(what="CreateContract", entity="Contract", key=contract.audit_key, after=after)
    for scope in sorted({contract.client_organization_id, contract.organization_id}):
        unit.audit.record(scope, CATALOG, change)
    if contract.is_waiting:
        tell_approvers(unit, rules, contract, unit.organizations.approval_ways(contract.organization_id))


def _folded(name: str) -> str:
    return fold(identifier(name))
