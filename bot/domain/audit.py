"""What an audit row says: who did what to which entity, before and after (SPEC 9). No key, token or secret in it."""

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.domain.people import Person


class ActorKind(StrEnum):
    """In what capacity somebody acted; platform admins are marked as such (SPEC 8)."""

    PERSON = "person"
    ADMIN = "admin"
    CATALOG = "catalog"
    CLOCK = "clock"


class Actor(BaseModel):
    """Who acted: a person, or the command line or the clock without one."""

    model_config = ConfigDict(frozen=True)

    kind: ActorKind
    person: Person | None = None


CATALOG = Actor(kind=ActorKind.CATALOG)


class Change(BaseModel):
    """One change, not yet written down."""

    model_config = ConfigDict(frozen=True)

    what: str
    entity: str
    key: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


class AuditRow(BaseModel):
    """A change as it stands in the trail of its organization, chained to the row before it."""

    model_config = ConfigDict(frozen=True)

    scope: str
    number: int
    at: datetime
    actor: Actor
    change: Change
    previous_hash: str
    hash: str = ""


def digest(row: AuditRow) -> str:
    """Return the SHA-256 of everything a row says and of the hash before it, as 64 hexadecimal digits."""
    said = row.model_dump(mode="json", exclude={"hash"})
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
