"""Clients and their versions: the applications that call APIs (SPEC 1, 2, 4.6)."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.domain import names
from bot.domain.people import Person
from bot.errors import Refusal


class ClientStatus(StrEnum):
    """Where a client version stands (SPEC 4.6)."""

    CREATED = "Created"
    AWAITING_APPROVAL = "AwaitingApproval"
    READY = "Ready"
    REGISTERED = "Registered"
    RETIRED = "Retired"


class ContractStatus(StrEnum):
    """Where a contract stands (SPEC 4.5, 5)."""

    AWAITING_APPROVAL = "AwaitingApproval"
    ACTIVE = "Active"
    REJECTED = "Rejected"
    WITHDRAWN = "Withdrawn"
    EXPIRED = "Expired"
    BROKEN = "Broken"


def status_of(current: ClientStatus, contracts: Collection[ContractStatus], *, published: bool) -> ClientStatus:
    """Return the status of a client version with these contracts, in the order of SPEC 4.6.

    Args:
        current: the status so far; Retired stays.
        contracts: the statuses of all its contracts.
        published: whether the version is on the gateway; true at once where no gateway is configured.
    """
    if current is ClientStatus.RETIRED:
        return current
    if ContractStatus.AWAITING_APPROVAL in contracts:
        return ClientStatus.AWAITING_APPROVAL
    if ContractStatus.ACTIVE in contracts:
        return ClientStatus.REGISTERED if published else ClientStatus.READY
    return ClientStatus.CREATED


class ClientVersion(BaseModel):
    """One version of a client; only versions have a status (SPEC 1)."""

    model_config = ConfigDict(frozen=True)

    id: str
    version: str
    status: ClientStatus
    created_at: datetime


class Client(BaseModel):
    """A client with its versions, newest first; ``may_edit`` is whether the reader holds ``clientEdit`` there."""

    model_config = ConfigDict(frozen=True)

    id: str
    organization_id: str
    organization: str
    key: str
    name: str
    description: str
    created_at: datetime
    created_by: Person | None
    versions: tuple[ClientVersion, ...]
    may_edit: bool = False


class ClientPage(BaseModel):
    """A page of a list of clients: entries ``first``–``last`` of ``total``, counted from 1; empty: 0 of 0."""

    model_config = ConfigDict(frozen=True)

    clients: tuple[Client, ...]
    page: int
    size: int
    total: int
    organization: str = ""
    """Id of the organization the list is narrowed to, or empty."""
    organization_name: str = ""
    may_create: bool = False

    @property
    def first(self) -> int:
        return self.page * self.size + 1 if self.clients else 0

    @property
    def last(self) -> int:
        return self.page * self.size + len(self.clients)


class ClientDraft(BaseModel):
    """What somebody has entered in the wizard so far, exactly as typed: Back and the ✕ lose nothing (SPEC 2.5)."""

    model_config = ConfigDict(frozen=True)

    id: str
    organization: str = ""
    """An organization's id, ``PERSONAL``, or empty while none is chosen."""
    organization_name: str = ""
    name: str = ""
    version: str = ""
    description: str = ""
    edition: int = 0
    """Grows with each change, so that one that was made earlier and arrives later takes nothing back."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed: such a draft isn't worth offering again."""
        return not (self.name or self.version or self.description)


class NewClient(BaseModel):
    """Checked entries of the wizard's second step."""

    model_config = ConfigDict(frozen=True)

    key: str
    name: str
    version: str
    description: str


def check_entries(draft: ClientDraft) -> NewClient | dict[str, Refusal]:
    """Return the entries as they will be stored, or a refusal for each field that breaks a text rule (SPEC 1)."""
    problems: dict[str, Refusal] = {}
    checked: dict[str, str] = {}
    for field, rule in (("name", names.name), ("version", names.version), ("description", names.description)):
        try:
            checked[field] = rule(getattr(draft, field))
        except Refusal as refusal:
            problems[field] = refusal
    if problems:
        return problems
    return NewClient(key=names.identifier(checked["name"]), **checked)
