"""Organizations: they own clients, APIs and plans, and have members with roles (SPEC 1)."""

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
