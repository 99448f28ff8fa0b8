"""Contracts: a client version consumes an API version under a plan version, perhaps once approved (SPEC 4, 5)."""

import hashlib
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.domain.clients import ContractStatus
from bot.domain.people import Person
from bot.errors import Refusal

Status = ContractStatus


class Verdict(StrEnum):
    """What an approver can say."""

    APPROVE = "approve"
    REJECT = "reject"


class Offer(BaseModel):
    """An API version under a plan version, as somebody may sign up for it."""

    model_config = ConfigDict(frozen=True)

    id: str
    api_version_id: str
    plan_version_id: str
    organization_id: str
    """The organization of API and plan; its approvers decide."""
    organization: str
    api: str
    api_key: str
    api_version: str
    api_status: str
    plan: str
    plan_key: str
    plan_version: str
    plan_description: str
    plan_locked: bool
    requires_approval: bool
    terms_url: str = ""
    terms_version: str = ""
    endpoint: str = ""

    @property
    def titled(self) -> str:
        """How the API and the plan are named in one line."""
        return f"{self.api} {self.api_version} under {self.plan} {self.plan_version}"

    @property
    def terms_mark(self) -> str:
        """What tells these terms from others: another version or another address is other terms; empty: none."""
        stated = f"{self.terms_version} {self.terms_url}"
        return hashlib.sha256(stated.encode()).hexdigest()[:32] if self.terms_url else ""


class Word(BaseModel):
    """One turn of the talk between approver and requester, kept with the request (SPEC 5.10)."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    user: str
    name: str
    text: str
    asks: bool
    """Whether it is a question; else the answer to one."""


class Contract(BaseModel):
    """A contract with the names of everything it joins."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: Status
    revision: int
    client_id: str
    client_version_id: str
    client: str
    client_key: str
    client_version: str
    client_description: str = ""
    client_organization_id: str
    client_organization: str
    api_version_id: str
    api: str
    api_key: str
    api_version: str
    endpoint: str = ""
    plan: str
    plan_key: str
    plan_version: str
    organization_id: str
    organization: str
    reason: str = ""
    terms_url: str = ""
    terms_version: str = ""
    terms_accepted_at: datetime | None = None
    requested_by: Person
    requested_by_name: str = ""
    requested_at: datetime
    expires_at: datetime | None = None
    decided_by: Person | None = None
    decided_by_name: str = ""
    decided_at: datetime | None = None
    decision_reason: str = ""
    reminders: int = 0
    escalation: int = 0
    """Who was asked beyond the approvers: 0 nobody, 1 the owners, 2 the platform admins too."""
    unreachable: bool = False
    """Whether no approver could be reached and the platform admins were asked in their place."""
    claimed_by: Person | None = None
    claimed_by_name: str = ""
    claimed_until: datetime | None = None
    question: str = ""
    """What an approver asked and the requester has not answered yet."""
    history: tuple[Word, ...] = ()

    @property
    def is_waiting(self) -> bool:
        return self.status is Status.AWAITING_APPROVAL

    @property
    def audit_key(self) -> str:
        """The eight ids that name it in the audit (DOMAIN A3)."""
        return f"{self.client_key}/{self.client_version} → {self.api_key}/{self.api_version} {self.plan_key}"


class AlreadyDecided(Refusal):
    """Somebody was faster, or the request is no longer waiting; says who did what, when (SPEC 5.4)."""

    def __init__(self, contract: Contract) -> None:
        super().__init__(decided_sentence(contract))
        self.contract = contract


_DONE = {
    Status.ACTIVE: "approved this request",
    Status.REJECTED: "rejected this request",
    Status.WITHDRAWN: "withdrew this request",
    Status.BROKEN: "ended this contract",
}


def decided_sentence(contract: Contract) -> str:
    """Return who decided what and when, as one sentence."""
    if contract.status is Status.EXPIRED:
        return "This request expired without a decision."
    if contract.is_waiting:
        return "This request is still waiting for approval."
    who = contract.decided_by_name or "Somebody"
    at = f" on {contract.decided_at:%Y-%m-%d at %H:%M} UTC" if contract.decided_at else ""
    return f"{who} {_DONE[contract.status]}{at}."


TERMS_CHANGED = "The terms changed meanwhile: read and accept them again."


class SignUpDraft(BaseModel):
    """What somebody has entered in the sign-up wizard so far, exactly as typed."""

    model_config = ConfigDict(frozen=True)

    id: str
    offer: str
    kind: str = ""
    """``new`` or ``existing``; empty while nothing is chosen."""
    organization: str = ""
    organization_name: str = ""
    client: str = ""
    """Id of the existing client."""
    client_name: str = ""
    client_version: str = ""
    """Id of its version."""
    name: str = ""
    version: str = ""
    description: str = ""
    reason: str = ""
    terms_version: str = ""
    """The mark of the terms that were accepted; empty while none were."""
    edition: int = 0
    """Grows with each change, so that one that was made earlier and arrives later takes nothing back."""

    def accepts(self, offer: Offer) -> bool:
        """Return whether the terms of an offer, as they are now, were accepted, or there are none."""
        return not offer.terms_url or self.terms_version == offer.terms_mark


COUNTED = 1_000
"""Waiting requests that are counted exactly; of more it is only said that there are more."""


class Queue(BaseModel):
    """A page of what waits for somebody, oldest first; ``total`` counts the rest too."""

    model_config = ConfigDict(frozen=True)

    contracts: tuple[Contract, ...]
    page: int
    size: int
    total: int

    @property
    def first(self) -> int:
        return self.page * self.size + 1 if self.contracts else 0

    @property
    def last(self) -> int:
        return self.page * self.size + len(self.contracts)
