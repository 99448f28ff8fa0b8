"""What a catalog file says (INTERFACE 4): organizations with their members, plans, APIs and offers.

Every value is checked and cleaned when it is made (SPEC 1), so whoever holds a ``Catalog`` need not check again.
``model_fields_set`` of each entry tells which keys the file mentions: what it does not mention stays as it is.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from bot import durations
from bot.domain import names
from bot.domain.clients import ClientStatus, ContractStatus
from bot.domain.letters import problem_in_name
from bot.domain.policy import Role
from bot.errors import Refusal

TAG_LIMIT = 40
"""Characters of a tag; ours."""
TAGS_LIMIT = 20
"""Tags of one API version; ours, so that a card stays readable."""
ADDRESS_LIMIT = 2000
"""Characters of a web address; ours, under the 3,000 of a Slack button (docs.slack.dev/reference/block-kit)."""

_ADDRESS_CHARACTERS = r'[^\s<>|"\\^`]+'
_LINK = rf"^https?://{_ADDRESS_CHARACTERS}$"
_ENDPOINT = rf"^(https?|wss?|grpcs?)://{_ADDRESS_CHARACTERS}$"
_SLACK_USER = r"^[UW][A-Z0-9]{2,20}$"
_EMAIL = r"^[^@\s<>|,;]{1,64}@[^@\s<>|,;]+\.[^@\s<>|,;]+$"


class ApiStatus(StrEnum):
    """Where an API version stands; only a published one can be signed up for (SPEC 1)."""

    CREATED = "Created"
    PUBLISHED = "Published"
    RETIRED = "Retired"


class Visibility(StrEnum):
    """Who may see an API version: everyone, members of any organization, or of its own (SPEC 3.2)."""

    EVERYONE = "everyone"
    MEMBERS = "members"
    ORGANIZATION = "organization"


def _refuse(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("rule", "{sentence}", {"sentence": sentence})


def _rule(check: Callable[[str], str]) -> Any:
    def checked(text: str) -> str:
        try:
            return check(text)
        except Refusal as refusal:
            raise _refuse(str(refusal)) from None

    return AfterValidator(checked)


def _matches(pattern: str, sentence: str) -> Any:
    compiled = re.compile(pattern)

    def checked(text: str) -> str:
        if not compiled.fullmatch(text) or problem_in_name(text):
            raise _refuse(sentence)
        return text

    return AfterValidator(checked)


def _tag(text: str) -> str:
    value = " ".join(text.split())
    if problem := problem_in_name(text):
        raise Refusal(f"Change the tag: {problem}.")
    if not value or len(value) > TAG_LIMIT:
        raise Refusal(f"Write a tag of 1 to {TAG_LIMIT} characters; this one has {len(value):,}.")
    return value


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return durations.parse(value)
    except ValueError as error:
        raise _refuse(f"This {error}.") from None


def _format(value: object) -> object:
    if type(value) is not int or value != 1:
        raise _refuse("Write version: 1, the only format of catalog files so far.")
    return value


def _user(text: str) -> str:
    return text.lower() if "@" in text else text


def _once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def _text(longest: int, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "maxLength": longest} | more)


_HIDDEN = r"\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
_ONE_LINE = rf"^\s*[^{_HIDDEN}]*[^\s{_HIDDEN}][^{_HIDDEN}]*\s*$"
"""For the JSON Schema only, which can't name all characters that ``names.name`` refuses."""

Name = Annotated[str, _rule(names.name), _text(names.NAME_LIMIT, minLength=1, pattern=_ONE_LINE)]
Version = Annotated[
    str, _rule(names.version), _text(names.VERSION_LIMIT, minLength=1, pattern=r"^\s*[A-Za-z0-9_.\-]+\s*$")
]
Description = Annotated[str, _rule(names.description), _text(names.DESCRIPTION_LIMIT)]
Tag = Annotated[str, _rule(_tag), _text(TAG_LIMIT, minLength=1, pattern=_ONE_LINE)]
Link = Annotated[
    str,
    Field(max_length=ADDRESS_LIMIT),
    _matches(_LINK, "Write a whole web address without spaces that begins with https:// or http://."),
    _text(ADDRESS_LIMIT, pattern=_LINK),
]
Endpoint = Annotated[
    str,
    Field(max_length=ADDRESS_LIMIT),
    _matches(_ENDPOINT, "Write a whole address without spaces that begins with https:// (or http, ws, wss, grpc)."),
    _text(ADDRESS_LIMIT, pattern=_ENDPOINT),
]
Channel = Annotated[
    str,
    _matches(r"^[CG][A-Z0-9]{2,20}$", "Write the channel's id, such as C0APPROVALS, not its name."),
    WithJsonSchema({"type": "string", "pattern": r"^[CG][A-Z0-9]{2,20}$"}),
]
Team = Annotated[
    str,
    _matches(r"^[TE][A-Z0-9]{2,20}$", "Write the workspace's id, such as T0ACME."),
    WithJsonSchema({"type": "string", "pattern": r"^[TE][A-Z0-9]{2,20}$"}),
]
User = Annotated[
    str,
    _matches(f"{_SLACK_USER}|{_EMAIL}", "Write a Slack user id, such as U0ADA, or an e-mail address."),
    AfterValidator(_user),
    WithJsonSchema({"type": "string", "pattern": f"{_SLACK_USER}|{_EMAIL}"}),
]
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(durations.write),
    WithJsonSchema({"type": "string", "pattern": durations.PATTERN}),
]


Format = Annotated[int, BeforeValidator(_format), WithJsonSchema({"type": "integer", "const": 1})]


class _Entry(BaseModel):
    """Shared by all entries: unknown keys and wrong types are errors, and nothing changes once it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=False)


class Member(_Entry):
    """A member of an organization; afterwards they hold exactly these roles, and none if the list is empty."""

    user: User
    """A Slack user id, or an e-mail address in lower case."""
    roles: Annotated[tuple[Annotated[Role, Field(strict=False)], ...], Field(strict=False), AfterValidator(_once)]


class Plan(_Entry):
    """A version of a plan. Only a locked one can be signed up for (SPEC 4.4)."""

    name: Name
    version: Version
    description: Description = ""
    locked: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """Its id, as folded for comparison, and its version."""
        return names.fold(names.identifier(self.name)), self.version


class Offer(_Entry):
    """An API version offers a plan version of its own organization, from this file or the database."""

    plan: Name
    version: Version
    requires_approval: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The plan's id, as folded for comparison, and its version."""
        return names.fold(names.identifier(self.plan)), self.version


class Terms(_Entry):
    """What has to be accepted before signing up (SPEC 4.3)."""

    url: Link
    version: Version


class Api(_Entry):
    """A version of an API; the same name may be listed again with another version."""

    name: Name
    version: Version
    description: Description = ""
    endpoint: Endpoint | None = None
    documentation: Link | None = None
    tags: Annotated[tuple[Tag, ...], Field(strict=False, max_length=TAGS_LIMIT), AfterValidator(_once)] = ()
    status: Annotated[ApiStatus, Field(strict=False)] = ApiStatus.PUBLISHED
    visibility: Annotated[Visibility, Field(strict=False)] = Visibility.EVERYONE
    terms: Terms | None = None
    plans: Annotated[tuple[Offer, ...], Field(strict=False)] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Its id, as folded for comparison, and its version."""
        return names.fold(names.identifier(self.name)), self.version


class Approvals(_Entry):
    """How an organization wants its approvals handled; None takes the installation's setting (INTERFACE 2)."""

    notify: Literal["channel", "direct", "both"] = "channel"
    remind_after: Duration | None = None
    escalate_after: Duration | None = None
    expire_after: Duration | None = None


class Organization(_Entry):
    """An organization and what it owns."""

    name: Name
    description: Description = ""
    approval_channel: Channel | None = None
    approvals: Approvals | None = None
    members: Annotated[tuple[Member, ...], Field(strict=False)] = ()
    plans: Annotated[tuple[Plan, ...], Field(strict=False)] = ()
    apis: Annotated[tuple[Api, ...], Field(strict=False)] = ()

    @property
    def key(self) -> str:
        """Its id, as folded for comparison."""
        return names.fold(names.identifier(self.name))


class Catalog(_Entry):
    """A whole file. Without ``team`` it belongs to the workspace the installation is bound to."""

    version: Format
    team: Team | None = None
    organizations: Annotated[tuple[Organization, ...], Field(strict=False)]

    def unresolved(self) -> Iterator[tuple[int, int, int, Offer]]:
        """Yield the offers whose plan version the file does not list in the same organization.

        Each with its place: index of the organization, of the API and of the offer. The database may know them.
        """
        for org_at, organization in enumerate(self.organizations):
            listed = {plan.key for plan in organization.plans}
            for api_at, api in enumerate(organization.apis):
                for at, offer in enumerate(api.plans):
                    if offer.key not in listed:
                        yield org_at, api_at, at, offer


class ClientVersion(_Entry):
    """A version of a client that another system knows."""

    version: Version
    status: ClientStatus


class Client(_Entry):
    """A client that another system knows."""

    organization: Name
    name: Name
    description: Description = ""
    versions: tuple[ClientVersion, ...]


class Contract(_Entry):
    """A contract that another system knows, by the names its parts have in the same import."""

    client_organization: Name
    client: Name
    client_version: Version
    api_organization: Name
    api: Name
    api_version: Version
    plan: Name
    plan_version: Version
    status: ContractStatus
    requested_by: User | None = None
    requested_at: AwareDatetime | None = None


class Outcome(StrEnum):
    """What an import did with an entry."""

    MAPPED = "mapped"
    CHANGED = "changed"
    LEFT_OUT = "left out"


class Note(_Entry):
    """What an import did with one entry, and why."""

    entry: str
    """Where it stands, as people find it: a file's name, or ``API Payments 1.4 of Acme``."""
    outcome: Outcome
    why: str


class Imported(_Entry):
    """Everything an import read, and a note for each entry that it changed or left out."""

    catalog: Catalog
    clients: tuple[Client, ...] = ()
    contracts: tuple[Contract, ...] = ()
    notes: tuple[Note, ...] = ()
