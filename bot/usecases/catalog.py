"""Bring the database to what a catalog file says (INTERFACE 4): nothing is deleted, the same again changes nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.domain.audit import CATALOG, Change
from bot.domain.catalog import Api, Catalog, Member, Offer, Organization, Plan
from bot.domain.names import identifier
from bot.domain.ordering import sort_key
from bot.domain.people import Person
from bot.errors import CatalogError
from bot.store.catalog import Book, Shelf, Stored
from bot.store.unit import Unit

Place = tuple[str | int, ...]
"""Where something stands in a file: ``("organizations", 0, "apis", 2, "plans", 1)``."""


class Outcome(StrEnum):
    """What applying did with an entry."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "left alone"


class Line(BaseModel):
    """One entry of a file and what became of it."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    entity: str
    name: str


class Report(BaseModel):
    """What a file changed, in its own order."""

    model_config = ConfigDict(frozen=True)

    lines: tuple[Line, ...]

    def counted(self, outcome: Outcome) -> dict[str, int]:
        """Return how many entries of each entity had this outcome, in the order they were met."""
        return dict(Counter(line.entity for line in self.lines if line.outcome is outcome))


def apply_catalog(unit: Unit, catalog: Catalog, where: Callable[[Place], str]) -> Report:
    """Apply a file within the open transaction.

    Args:
        where: names the file and line of a place, for errors.

    Raises:
        CatalogError: the file is for another team, or an offer names a plan that neither file nor database know.
    """
    bound = unit.people.team()
    if catalog.team and bound and catalog.team != bound:
        raise CatalogError(f"{where(('team',))}: this database belongs to the workspace {bound}, not {catalog.team}.")
    team = bound or catalog.team or ""
    if team and not bound:
        unit.people.bind_team(team, unit.now)
    book = unit.catalog.open(team, [organization.key for organization in catalog.organizations])
    applying = _Applying(unit, book, team, where)
    for at, organization in enumerate(catalog.organizations):
        applying.organization(organization, ("organizations", at))
    book.close()
    applying.write_audit()
    return Report(lines=tuple(applying.lines))


class _Applying:
    """One run over a file: what was done so far, and the audit rows it owes."""

    def __init__(self, unit: Unit, book: Book, team: str, where: Callable[[Place], str]) -> None:
        self._unit, self._book, self._team, self._where = unit, book, team, where
        self.lines: list[Line] = []
        self._changes: dict[str, list[Change]] = {}

    def organization(self, entry: Organization, place: Place) -> None:
        """Bring an organization and all it lists to what the file says."""
        key = (self._team, entry.key)
        made = {"key": identifier(entry.name), "name": entry.name, "sort_name": sort_key(entry.name)}
        values: dict[str, Any] = {"description": entry.description, "approval_channel": entry.approval_channel}
        values["approvals"] = entry.approvals.model_dump(mode="json") if entry.approvals else None
        stored = self._set(
            Shelf.ORGANIZATION,
            key,
            _Named("organization", "Organization", entry.name, made["key"]),
            {"team": self._team, "folded": entry.key, **made, "personal_of": None, "created_at": self._unit.now},
            _mentioned(entry, values),
        )
        for member in entry.members:
            self._member(stored, member, made["key"])
        for plan in entry.plans:
            self._plan(stored, plan)
        for at, api in enumerate(entry.apis):
            self._api(stored, api, (*place, "apis", at))

    def _member(self, organization: Stored, entry: Member, key: str) -> None:
        people = self._unit.people
        if "@" in entry.user:
            person_id = people.id_of_email(self._team, entry.user)
        else:
            person_id = people.id_of(Person(team=self._team, user=entry.user))
        before, after = self._book.roles(organization.id, person_id), frozenset(map(str, entry.roles))
        name = f"{entry.user} in {organization.values['name']}"
        outcome = Outcome.UNCHANGED if before == after else Outcome.CHANGED if before else Outcome.CREATED
        self.lines.append(Line(outcome=outcome, entity="member", name=name))
        if before == after:
            return
        self._book.set_roles(organization, person_id, after)
        for what, roles in (("Grant", after - before), ("Revoke", before - after)):
            if roles:
                said = {"user": entry.user, "roles": sorted(roles)}
                self._owe(organization.id, Change(what=what, entity="Organization", key=key, after=said))

    def _plan(self, organization: Stored, entry: Plan) -> None:
        folded, version = entry.key
        plan = self._named(Shelf.PLAN, organization, entry.name, folded)
        self._set(
            Shelf.PLAN_VERSION,
            (plan.id, version),
            _Named("plan", "Plan", f"{entry.name} {version}", f"{plan.values['key']}/{version}", organization.id),
            {"plan_id": plan.id, "version": version},
            _mentioned(entry, {"description": entry.description, "locked": entry.locked}),
        )

    def _api(self, organization: Stored, entry: Api, place: Place) -> None:
        folded, version = entry.key
        api = self._named(Shelf.API, organization, entry.name, folded)
        stored = self._set(
            Shelf.API_VERSION,
            (api.id, version),
            _Named("API", "Api", f"{entry.name} {version}", f"{api.values['key']}/{version}", organization.id),
            {"api_id": api.id, "version": version},
            _mentioned(entry, _api_values(entry)),
        )
        for at, offer in enumerate(entry.plans):
            self._offer(organization, stored, entry, offer, at, (*place, "plans", at))

    def _offer(
        self, organization: Stored, api_version: Stored, api: Api, entry: Offer, position: int, place: Place
    ) -> None:
        folded, version = entry.key
        plan = self._book.find(Shelf.PLAN, (organization.id, folded))
        plan_version = self._book.find(Shelf.PLAN_VERSION, (plan.id, version)) if plan else None
        if plan_version is None:
            raise CatalogError(
                f"{self._where(place)}: {organization.values['name']} has no plan {entry.plan} {version}: "
                "list it under plans, or offer one that exists."
            )
        name = f"{api.name} {api.version} under {entry.plan} {version}"
        self._set(
            Shelf.OFFER,
            (api_version.id, plan_version.id),
            _Named("offer", "Api", name, f"{identifier(api.name)}/{api.version}", organization.id),
            {"api_version_id": api_version.id, "plan_version_id": plan_version.id},
            {"requires_approval": entry.requires_approval, "position": position},
        )

    def _named(self, shelf: Shelf, organization: Stored, name: str, folded: str) -> Stored:
        """Return the plan or API itself, made with its first version."""
        stored = self._book.find(shelf, (organization.id, folded))
        values = {"organization_id": organization.id, "folded": folded, "key": identifier(name), "name": name}
        return stored or self._book.add(shelf, **values)

    def _set(
        self,
        shelf: Shelf,
        key: tuple[str, str],
        named: "_Named",
        made: dict[str, Any],
        values: "dict[str, Any] | _Values",
    ) -> Stored:
        """Make a row or bring it to ``values``, and note what that was."""
        stated = values if isinstance(values, _Values) else _Values(values, values)
        stored = self._book.find(shelf, key)
        if stored is None:
            stored = self._book.add(shelf, **made, **stated.every)
            self._note(Outcome.CREATED, named, named.organization or stored.id, None, stated.every)
            return stored
        before = {column: stored.values[column] for column in stated.mentioned}
        changed = {column: value for column, value in stated.mentioned.items() if before[column] != value}
        if changed:
            self._book.change(shelf, stored, **changed)
        outcome = Outcome.CHANGED if changed else Outcome.UNCHANGED
        self._note(outcome, named, named.organization or stored.id, {c: before[c] for c in changed}, changed)
        return stored

    def _note(
        self,
        outcome: Outcome,
        named: "_Named",
        organization_id: str,
        before: dict[str, Any] | None,
        after: dict[str, Any],
    ) -> None:
        self.lines.append(Line(outcome=outcome, entity=named.entity, name=named.name))
        if outcome is not Outcome.UNCHANGED:
            what = "Create" if outcome is Outcome.CREATED else "Update"
            self._owe(
                organization_id, Change(what=what, entity=named.audited, key=named.key, before=before, after=after)
            )

    def _owe(self, organization_id: str, change: Change) -> None:
        self._changes.setdefault(organization_id, []).append(change)

    def write_audit(self) -> None:
        """Write down all changes, organization by organization."""
        for organization_id, changes in self._changes.items():
            self._unit.audit.record(organization_id, CATALOG, *changes)


@dataclass(frozen=True, slots=True)
class _Named:
    """What an entry is called: to the reader of the report, and in the audit of its organization."""

    entity: str
    audited: str
    name: str
    key: str
    organization: str = ""


@dataclass(frozen=True, slots=True)
class _Values:
    """Columns with what the file says: all of them, and those whose keys the file mentions."""

    every: dict[str, Any]
    mentioned: dict[str, Any]


_KEY_OF = {"terms_url": "terms", "terms_version": "terms"}
"""Columns that are not called like the file's key they come from."""


def _mentioned(entry: BaseModel, every: dict[str, Any]) -> _Values:
    stated = entry.model_fields_set
    return _Values(every=every, mentioned={c: value for c, value in every.items() if _KEY_OF.get(c, c) in stated})


def _api_values(entry: Api) -> dict[str, Any]:
    return {
        "status": str(entry.status),
        "visibility": str(entry.visibility),
        "description": entry.description,
        "endpoint": entry.endpoint or "",
        "documentation": entry.documentation or "",
        "tags": list(entry.tags),
        "terms_url": entry.terms.url if entry.terms else "",
        "terms_version": entry.terms.version if entry.terms else "",
    }
