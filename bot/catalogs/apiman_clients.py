"""Clients and contracts of an Apiman export (DOMAIN A3, B1)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.catalogs import raw
from bot.catalogs.apiman_ids import Ids
from bot.catalogs.apiman_people import People
from bot.catalogs.notes import Notes, counted
from bot.catalogs.prose import readable
from bot.catalogs.raw import Raw
from bot.domain import names
from bot.domain.catalog import Client, ClientVersion, Contract
from bot.domain.clients import ClientStatus, ContractStatus

_CONTRACT_STATUS = {
    "": ContractStatus.ACTIVE,
    "Created": ContractStatus.ACTIVE,
    "AwaitingApproval": ContractStatus.AWAITING_APPROVAL,
}
"""Apiman's Created is an approved contract; exports older than approvals say nothing (DOMAIN B1)."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A contract as it was found; it is resolved when all organizations are read."""

    entry: str
    organization: str
    client: str
    client_version: str
    found: Raw


class Clients:
    """Collects clients while the organizations are read, and resolves their contracts at the end."""

    def __init__(self, ids: Ids, people: People, notes: Notes) -> None:
        self._ids, self._people, self._notes = ids, people, notes
        self._clients: list[Client] = []
        self._waiting: list[_Waiting] = []

    def take(self, org: str, organization: str, found: Iterable[Raw]) -> None:
        """Take the clients of one organization; ``org`` is its id in Apiman."""
        for client in found:
            self._client(org, organization, client)

    def finish(self) -> tuple[tuple[Client, ...], tuple[Contract, ...]]:
        """Return all clients and the contracts whose parts were all taken over."""
        return tuple(self._clients), tuple(self._contracts())

    def _client(self, org: str, organization: str, found: Raw) -> None:
        bean, scope = raw.mapping(found, "ClientBean"), ("client", org)
        entry = f"client {raw.text(bean, 'name') or raw.text(bean, 'id') or 'without a name'} of {organization}"
        name = self._ids.take(entry, scope, bean)
        if name is None:
            return
        described = names.clean_description(readable(raw.text(bean, "description")))
        values = {
            "organization": organization,
            "name": name,
            "description": self._notes.cleaned(entry, "description", described),
            "versions": tuple(self._versions(entry, organization, name, org, found)),
        }
        if not values["versions"]:
            self._notes.left_out(entry, "it has no version")
        elif made := self._notes.made(entry, Client, values):
            self._clients.append(made)
            self._notes.mapped(
                entry, f"{counted(len(made.versions), 'version')}; API keys are made anew when first shown"
            )

    def _versions(self, title: str, organization: str, client: str, org: str, found: Raw) -> Iterator[ClientVersion]:
        id_ = raw.text(raw.mapping(found, "ClientBean"), "id")
        for listed in raw.mappings(found, "Versions"):
            details = raw.mapping(listed, "ClientVersionBean")
            given, status = raw.text(details, "version"), raw.text(details, "status")
            entry = f"{title}, version {given or '?'}"
            version = self._ids.take_version(entry, ("client", org), id_, given)
            if version is None:
                continue
            if status not in set(ClientStatus):
                self._notes.changed(entry, f"status {status or 'unknown'} became {ClientStatus.CREATED}")
            for contract in raw.mappings(listed, "Contracts"):
                self._waiting.append(
                    _Waiting(_contract_entry(entry, contract), organization, client, version, contract)
                )
            yield ClientVersion(
                version=version, status=ClientStatus(status) if status in set(ClientStatus) else ClientStatus.CREATED
            )

    def _contracts(self) -> Iterator[Contract]:
        seen: set[tuple[str, ...]] = set()
        for waiting in self._waiting:
            values = self._parts(waiting)
            if values is None:
                continue
            key = tuple(values[part] for part in values if part.startswith(("client", "api")))
            if key in seen:
                self._notes.left_out(waiting.entry, "there is a contract with this API version already")
            elif made := self._contract(waiting, values):
                seen.add(key)
                yield made

    def _parts(self, waiting: _Waiting) -> dict[str, str] | None:
        """Return the names of the contract's API and plan, or None if one of them was not taken over."""
        api, plan = raw.mapping(waiting.found, "api"), raw.mapping(waiting.found, "plan")
        parts = {
            "client_organization": waiting.organization,
            "client": waiting.client,
            "client_version": waiting.client_version,
            **self._resolved("api", api),
            **self._resolved("plan", plan),
        }
        parts.pop("plan_organization", None)
        if missing := [part for part, name in parts.items() if name is None]:
            self._notes.left_out(waiting.entry, f"its {missing[0].replace('_', ' ')} was not taken over")
            return None
        return {part: name for part, name in parts.items() if name is not None}

    def _resolved(self, kind: str, found: Raw) -> dict[str, str | None]:
        inner = raw.mapping(found, kind)
        org, id_ = raw.text(raw.mapping(inner, "organization"), "id"), raw.text(inner, "id")
        return {
            f"{kind}_organization": self._ids.name(("org",), org),
            kind: self._ids.name((kind, org), id_),
            f"{kind}_version": self._ids.version((kind, org), id_, raw.text(found, "version")),
        }

    def _contract(self, waiting: _Waiting, parts: dict[str, str]) -> Contract | None:
        status = raw.text(waiting.found, "status")
        if status not in _CONTRACT_STATUS:
            self._notes.left_out(waiting.entry, f"status {status} is not one that lasts")
            return None
        values = {
            **parts,
            "status": _CONTRACT_STATUS[status],
            "requested_by": self._people.user(raw.text(waiting.found, "createdBy")),
            "requested_at": _time(waiting.found.get("createdOn")),
        }
        made = self._notes.made(waiting.entry, Contract, values)
        if made:
            self._notes.mapped(waiting.entry, f"{made.status} under plan {made.plan} {made.plan_version}")
        return made


def _contract_entry(client: str, contract: Raw) -> str:
    api = raw.mapping(contract, "api")
    named = raw.text(raw.mapping(api, "api"), "id") or "?"
    return f"contract of {client} with API {named} {raw.text(api, 'version')}".strip()


def _time(given: object) -> datetime | None:
    """Return a time written as RFC 3339, or as milliseconds since 1970, as Apiman's versions differ; else None."""
    try:
        if isinstance(given, str):
            read = datetime.fromisoformat(given)
            return read if read.tzinfo else read.replace(tzinfo=UTC)
        if isinstance(given, int):
            return datetime.fromtimestamp(given / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
