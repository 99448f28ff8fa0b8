"""An Apiman export file (DOMAIN A3): organizations, members, plans, APIs, clients, contracts.

API keys, passwords of back ends, policies, gateways, plugins and audit entries are never taken over.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter

from bot.catalogs import files, raw
from bot.catalogs.apiman_clients import Clients
from bot.catalogs.apiman_ids import Ids, Scope
from bot.catalogs.apiman_people import People
from bot.catalogs.notes import Notes, counted
from bot.catalogs.places import Problem, Problems
from bot.catalogs.prose import readable
from bot.catalogs.raw import Raw
from bot.domain import names
from bot.domain.catalog import (
    TAGS_LIMIT,
    Api,
    ApiStatus,
    Catalog,
    Endpoint,
    Imported,
    Offer,
    Organization,
    Plan,
    Tag,
    Visibility,
)

_ENDPOINT: TypeAdapter[str] = TypeAdapter(Endpoint)
_TAG: TypeAdapter[str] = TypeAdapter(Tag)
_STATUS = {"Published": ApiStatus.PUBLISHED, "Retired": ApiStatus.RETIRED}
"""Apiman's Created and Ready are both Created here: nobody can sign up yet."""
_VISIBILITY = {
    "ORG_MEMBERS": Visibility.ORGANIZATION,
    "FULL_PLATFORM_MEMBERS": Visibility.MEMBERS,
    "ANONYMOUS": Visibility.EVERYONE,
    "PORTAL": Visibility.EVERYONE,
}
"""DOMAIN E3. Exports before Apiman 3 say nothing: everybody could find every API."""
_NOT_TAKEN = ("Gateways", "Plugins", "PolicyDefinitions")


def read(path: Path) -> Imported:
    """Return what the export file at ``path`` holds, with a note for each entry.

    Raises:
        Problems: not readable, or no Apiman export at all. Whatever is smaller is a note.
    """
    document = files.read(path).value
    if not isinstance(document, dict) or not isinstance(document.get("Orgs"), list):
        raise Problems([Problem(str(path), 0, "This is no Apiman export: it has no list called Orgs.")])
    return _Reader(document).read()


class _Reader:
    def __init__(self, document: Raw) -> None:
        self.document = document
        self.notes = Notes()
        self.ids = Ids(self.notes)
        self.people = People(document, self.notes)
        self.clients = Clients(self.ids, self.people, self.notes)

    def read(self) -> Imported:
        """Return everything; contracts last, when all that they name is known."""
        made = tuple(done for found in raw.mappings(self.document, "Orgs") if (done := self._organization(found)))
        clients, contracts = self.clients.finish()
        for kind in _NOT_TAKEN:
            if count := len(raw.items(self.document, kind)):
                self.notes.left_out(kind, f"{counted(count, 'entry', 'entries')}, which Gatehouse has no use for")
        catalog = Catalog(version=1, organizations=made)
        return Imported(catalog=catalog, clients=clients, contracts=contracts, notes=self.notes.all())

    def _organization(self, found: Raw) -> Organization | None:
        bean = raw.mapping(found, "OrganizationBean")
        entry, id_ = f"organization {_called(bean)}", raw.text(bean, "id")
        name = self.ids.take(entry, ("org",), bean)
        if name is None:
            return None
        values = {
            "name": name,
            "description": self._described(entry, bean),
            "members": self.people.members(name, raw.mappings(found, "Memberships")),
            "plans": tuple(self._plans(id_, name, found)),
            "apis": tuple(self._apis(id_, name, found)),
        }
        made = self.notes.made(entry, Organization, values)
        if made:
            held = {"member": made.members, "plan version": made.plans, "API version": made.apis}
            self.notes.mapped(entry, ", ".join(counted(len(listed), word) for word, listed in held.items()))
            self.clients.take(id_, name, raw.mappings(found, "Clients"))
        if count := len(raw.items(found, "Audits")):
            self.notes.left_out(
                f"audit of {name}", f"{counted(count, 'entry', 'entries')}: Gatehouse keeps its own from now on"
            )
        return made

    def _plans(self, org: str, organization: str, found: Raw) -> Iterator[Plan]:
        for plan in raw.mappings(found, "Plans"):
            bean, scope = raw.mapping(plan, "PlanBean"), ("plan", org)
            title = f"plan {_called(bean)} of {organization}"
            name = self.ids.take(title, scope, bean)
            for entry, version, details in self._versions(title, scope, bean, plan) if name else ():
                values = {
                    "name": name,
                    "version": version,
                    "description": self._described(entry, bean),
                    "locked": raw.text(details, "status") == "Locked",
                }
                if made := self.notes.made(entry, Plan, values):
                    self.notes.mapped(entry, "locked" if made.locked else "not locked")
                    yield made

    def _apis(self, org: str, organization: str, found: Raw) -> Iterator[Api]:
        for api in raw.mappings(found, "Apis"):
            bean, scope = raw.mapping(api, "ApiBean"), ("api", org)
            title = f"API {_called(bean)} of {organization}"
            name = self.ids.take(title, scope, bean)
            for entry, version, details in self._versions(title, scope, bean, api) if name else ():
                values = {"name": name, "version": version, **self._api_values(entry, org, bean, details)}
                if made := self.notes.made(entry, Api, values):
                    self.notes.mapped(entry, f"{made.status}, {counted(len(made.plans), 'plan')}")
                    yield made

    def _versions(self, title: str, scope: Scope, bean: Raw, found: Raw) -> Iterator[tuple[str, str, Raw]]:
        """Yield entry, version and details of each version that is taken over."""
        kind = {"plan": "PlanVersionBean", "api": "ApiVersionBean"}[scope[0]]
        for listed in raw.mappings(found, "Versions"):
            details = raw.mapping(listed, kind)
            given = raw.text(details, "version")
            entry = f"{title}, version {given or '?'}"
            version = self.ids.take_version(entry, scope, raw.text(bean, "id"), given)
            if count := len(raw.items(listed, "Policies")):
                self.notes.changed(entry, f"{counted(count, 'policy', 'policies')} left out: the gateway's business")
            if version:
                yield entry, version, details

    def _api_values(self, entry: str, org: str, bean: Raw, details: Raw) -> dict[str, object]:
        if details.get("publicAPI") is True:
            self.notes.changed(entry, "it is public in Apiman, so it has no plans and nobody can sign up for it")
        return {
            "description": self._described(entry, bean),
            "endpoint": self.notes.kept(entry, "endpoint", _ENDPOINT, raw.text(details, "endpoint")),
            "tags": self._tags(entry, bean),
            "status": _STATUS.get(raw.text(details, "status"), ApiStatus.CREATED),
            "visibility": _VISIBILITY.get(raw.text(details, "discoverability")),
            "plans": tuple(self._offers(entry, org, details)),
        }

    def _offers(self, entry: str, org: str, details: Raw) -> Iterator[Offer]:
        seen: set[tuple[str, str]] = set()
        for offered in raw.mappings(details, "plans"):
            id_, given = raw.text(offered, "planId"), raw.text(offered, "version")
            name, version = self.ids.name(("plan", org), id_), self.ids.version(("plan", org), id_, given)
            if name is None or version is None:
                self.notes.changed(entry, f"offer of plan {id_} {given} left out: there is no such plan here")
            elif (name, version) not in seen:
                seen.add((name, version))
                yield Offer(plan=name, version=version, requires_approval=offered.get("requiresApproval") is True)

    def _tags(self, entry: str, bean: Raw) -> tuple[str, ...]:
        given = [raw.text(tag, "value") or raw.text(tag, "key") for tag in raw.mappings(bean, "tags")]
        fitting = [tag for text in given if (tag := self.notes.kept(entry, "tag", _TAG, text))]
        return tuple(dict.fromkeys(fitting))[:TAGS_LIMIT]

    def _described(self, entry: str, bean: Raw) -> str:
        cleaned = names.clean_description(readable(raw.text(bean, "description")))
        return self.notes.cleaned(entry, "description", cleaned)


def _called(bean: Raw) -> str:
    return raw.text(bean, "name") or raw.text(bean, "id") or "without a name"
