"""APIs as people find them: who may see which version, which one a list shows, and what it offers (SPEC 3)."""

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum

from pydantic import BaseModel, ConfigDict

from bot.domain.catalog import ApiStatus, Visibility


class Standing(IntEnum):
    """How close somebody is to an API's organization; each sees what the one before sees, and more (DOMAIN E3)."""

    ANYBODY = 0
    """A member of the workspace, and of no organization."""
    MEMBER = 1
    """A member of any organization, whatever the role."""
    INSIDE = 2
    """Holds ``apiView`` in the API's own organization, or is a platform admin."""


class ApiVersion(BaseModel):
    """One version of an API; only a published one can be signed up for (SPEC 1)."""

    model_config = ConfigDict(frozen=True)

    id: str
    version: str
    status: ApiStatus
    visibility: Visibility


class PlanOffer(BaseModel):
    """A plan version that an API version offers; ``id`` is the offer's."""

    model_config = ConfigDict(frozen=True)

    id: str
    plan: str
    version: str
    description: str
    requires_approval: bool


class ApiLine(BaseModel):
    """An API in a list, with its newest version that the reader may see; ``id`` is that version's."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    version: str
    status: ApiStatus
    organization: str
    description: str
    tags: tuple[str, ...]


class ApiPage(BaseModel):
    """A page of what was found for ``text``: entries ``first``–``last`` of ``total``, counted from 1; empty: 0 of 0."""

    model_config = ConfigDict(frozen=True)

    apis: tuple[ApiLine, ...]
    page: int
    size: int
    total: int
    is_floor: bool = False
    """There may be more than ``total``: counting stops at a bound so that a million APIs take no longer than ten."""
    text: str = ""

    @property
    def first(self) -> int:
        return self.page * self.size + 1 if self.apis else 0

    @property
    def last(self) -> int:
        return self.page * self.size + len(self.apis)


class Api(BaseModel):
    """An API version with everything its reader may know of it; ``versions`` are those they may see, newest first."""

    model_config = ConfigDict(frozen=True)

    id: str
    api_id: str
    organization_id: str
    organization: str
    name: str
    version: str
    status: ApiStatus
    visibility: Visibility
    description: str
    endpoint: str
    documentation: str
    tags: tuple[str, ...]
    versions: tuple[ApiVersion, ...] = ()
    offers: tuple[PlanOffer, ...] = ()

    @property
    def closed(self) -> str:
        """Why nobody can sign up for this version, or empty (SPEC 3.3)."""
        if self.status is ApiStatus.CREATED:
            return "This version is not published yet, so nobody can sign up for it."
        if self.status is ApiStatus.RETIRED:
            return "This version is retired, so nobody can sign up for it any more: look for a newer version."
        if not self.offers:
            return f"This version offers no plan yet, so nobody can sign up for it: ask {self.organization} for one."
        return ""


class Face(BaseModel):
    """The version that stands for an API in the lists of people from one standing to another, both included."""

    model_config = ConfigDict(frozen=True)

    version: ApiVersion
    first: Standing
    last: Standing


def may_see(status: ApiStatus, visibility: Visibility, standing: Standing) -> bool:
    """Return whether somebody of this standing may see an API version (SPEC 3.2).

    What is not published yet is seen inside only (**ours**); a retired one by whoever saw it before.
    """
    if standing is Standing.INSIDE:
        return True
    if status is ApiStatus.CREATED or visibility is Visibility.ORGANIZATION:
        return False
    return visibility is Visibility.EVERYONE or standing is Standing.MEMBER


def newest_first(versions: Iterable[ApiVersion]) -> tuple[ApiVersion, ...]:
    """Return versions by their number, the newest first."""
    return tuple(sorted(versions, key=lambda one: (age(one.version), one.version), reverse=True))


def age(version: str) -> tuple[tuple[int, int, str], ...]:
    """Return what orders versions: numbers by value, so 1.10 is after 1.9, and 2.0-beta before 2.0."""
    parts = re.findall(r"\d+|[a-z]+", version.lower().removeprefix("v"))
    return (*((2, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts), (1, 0, ""))


def faces(versions: Sequence[ApiVersion]) -> tuple[Face, ...]:
    """Return which version a list shows to whom: the newest published one they may see.

    Inside, an API without a published version is shown with its newest one that isn't; retired ones are in no list.
    """
    found: list[Face] = []
    for standing in Standing:
        version = _shown(versions, standing)
        if version and found and found[-1].version == version and found[-1].last == standing - 1:
            found[-1] = found[-1].model_copy(update={"last": standing})
        elif version:
            found.append(Face(version=version, first=standing, last=standing))
    return tuple(found)


def _shown(versions: Sequence[ApiVersion], standing: Standing) -> ApiVersion | None:
    seen = newest_first(one for one in versions if may_see(one.status, one.visibility, standing))
    for status in (ApiStatus.PUBLISHED, ApiStatus.CREATED):
        for version in seen:
            if version.status is status:
                return version
    return None
