"""Organizations: they own clients, APIs and plans, and have members with roles (SPEC 1)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Organization(BaseModel):
    """An organization as the database holds it.

    ``id`` is opaque and travels to Slack; ``key`` is the id people see and type, written from the name (SPEC 1).
    """

    model_config = ConfigDict(frozen=True)

    id: str
    team: str
    key: str
    name: str
    description: str = ""


PERSONAL = "personal"
"""Stands for the personal organization that self-service makes together with the first client (SPEC 2.8)."""


class Choice(BaseModel):
    """An organization somebody may choose in a wizard: ``id`` is an organization's id, or ``PERSONAL``."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str


class Choices(BaseModel):
    """The first of all organizations that may be chosen, best first, and how many there are altogether."""

    model_config = ConfigDict(frozen=True)

    shown: tuple[Choice, ...]
    total: int
    is_floor: bool = False
    """There may be more than ``total``: counting stops at a bound."""


class ApprovalWays(BaseModel):
    """How an organization wants its approvers told (INTERFACE 4, approvals)."""

    model_config = ConfigDict(frozen=True)

    channel: str = ""
    notify: Literal["channel", "direct", "both"] = "channel"
    remind_after: str | None = None
    escalate_after: str | None = None
    expire_after: str | None = None
    """Durations as catalog files write them; None takes the installation's setting."""

    @property
    def tells_channel(self) -> bool:
        return bool(self.channel) and self.notify != "direct"

    @property
    def tells_people(self) -> bool:
        return not self.channel or self.notify != "channel"
