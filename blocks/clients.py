"""A client as people see it: the list, the details, and the form that edits its description (SPEC 7)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from slack_sdk.models.blocks import ActionsBlock, Block, ExternalDataSelectElement, PlainTextObject

from blocks import kit
from blocks.client_wizard import organization_option
from bot.domain.clients import Client, ClientPage, ClientStatus
from bot.domain.organizations import Choice

Json = dict[str, Any]

LIST, SHOWN, DESCRIBE = "client.list", "client.shown", "client.describe"
CREATE, OPEN, EDIT, TO_LIST, TO_DETAILS = "client.create", "client.open", "client.edit", "client.list", "client.show"
PREVIOUS, NEXT, NARROW = "client.previous", "client.next", "client.narrow"

STATUS_WORDS = {
    ClientStatus.CREATED: "Created",
    ClientStatus.AWAITING_APPROVAL: "Awaiting approval",
    ClientStatus.READY: "Ready",
    ClientStatus.REGISTERED: "Registered",
    ClientStatus.RETIRED: "Retired",
}


class Place(BaseModel):
    """Where somebody is: a page of the list, narrowed to an organization or not, and the client opened from it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    client: str = Field(default="", max_length=kit.MOST_ID)
    page: int = Field(default=0, ge=0, le=kit.MOST_PAGE)
    organization: str = Field(default="", max_length=kit.MOST_ID)
    from_list: bool = False


def list_view(page: ClientPage) -> Json:
    """Return a page of the clients somebody may see."""
    place = Place(page=page.page, organization=page.organization, from_list=True)
    blocks: list[Block] = [_narrowing(page)]
    if page.clients:
        blocks += [line(client) for client in page.clients]
        blocks += _paging(page)
    else:
        blocks += _empty(page)
    return kit.modal("My clients", blocks, callback=LIST, metadata=place)


def line(client: Client) -> Block:
    """Return a client in a list: name, organization, versions with their status, and a button that opens it."""
    versions = ", ".join(f"{version.version} {STATUS_WORDS[version.status]}" for version in client.versions[:3])
    more = f" and {len(client.versions) - 3} more" if len(client.versions) > 3 else ""
    text = f"{client.name}\n{client.organization}  ·  {versions}{more}"
    opener = kit.button("Details", OPEN, client.id)
    opener.accessibility_label = kit.cut(f"Details of {client.name}", 75)
    return kit.paragraph(text, block_id=f"client_{client.id}", button=opener)


def _narrowing(page: ClientPage) -> Block:
    chosen = Choice(id=page.organization, name=page.organization_name) if page.organization_name else None
    menu = ExternalDataSelectElement(
        action_id=NARROW,
        placeholder=PlainTextObject(text="Organization"),
        initial_option=organization_option(chosen) if chosen else None,
        min_query_length=0,
    )
    everything = [kit.button("All organizations", TO_LIST, "all")] if page.organization else []
    offered = page.clients and page.may_create
    create = [kit.button("Create client", CREATE, page.organization or "any")] if offered else []
    return ActionsBlock(elements=[menu, *everything, *create], block_id=f"narrow_{page.organization or 'all'}")


def _empty(page: ClientPage) -> list[Block]:
    """An empty list leads on: the wizard opens with this organization already set (SPEC 2.1)."""
    place = f"{page.organization_name} has no clients yet." if page.organization_name else "You have no clients yet."
    if not page.may_create:
        return [kit.paragraph(place)]
    create = kit.button("Create client", CREATE, page.organization or "any", style="primary")
    return [kit.paragraph(place), kit.buttons(create)]


def _paging(page: ClientPage) -> list[Block]:
    elements = []
    if page.page:
        elements.append(kit.button("Previous page", PREVIOUS, str(page.page - 1)))
    if page.last < page.total:
        elements.append(kit.button("Next page", NEXT, str(page.page + 1)))
    counted: list[Block] = [kit.note(f"{page.first}–{page.last} of {page.total:,}")]
    return counted + ([kit.buttons(*elements, block_id=f"pages_{page.page}")] if elements else [])


def details_view(client: Client, place: Place, *, said: str = "") -> Json:
    """Return a client's details; ``said`` tells what has just happened to it."""
    place = place.model_copy(update={"client": client.id})
    blocks: list[Block] = [kit.note(f"✅ {kit.escape(said)}")] if said else []
    blocks.append(kit.header(client.name))
    blocks.append(kit.facts([("Organization", client.organization), ("Name", client.name), ("Id", client.key)]))
    blocks += [_version(version.version, version.status) for version in client.versions[:_VERSIONS]]
    blocks.append(kit.facts([("Description", client.description)]))
    blocks.append(kit.note(_origin(client)))
    elements = [kit.button("Edit description", EDIT, client.id)] if client.may_edit else []
    if place.from_list:
        elements.append(kit.button("Back", TO_LIST, "back"))
    if elements:
        blocks.append(kit.buttons(*elements, block_id="client_actions"))
    return kit.modal("Client", blocks, callback=SHOWN, metadata=place)


_VERSIONS = 20
"""Versions shown in the details: with everything else well under the 100 blocks of a view."""


def _version(version: str, status: ClientStatus) -> Block:
    return kit.facts([("Version", version), ("Status", STATUS_WORDS[status])])


def _origin(client: Client) -> str:
    by = f" by {kit.mention(client.created_by.user)}" if client.created_by else ""
    return f"Created{by} {kit.moment(client.created_at)}"


def describe_view(client: Client, place: Place) -> Json:
    """Return the form that edits a client's description."""
    place = place.model_copy(update={"client": client.id})
    blocks: list[Block] = [
        kit.paragraph(f"{client.name}\n{client.organization}"),
        kit.text_input(
            "description",
            "Description",
            value=client.description,
            hint="At most 512 characters; leave it empty to take it away.",
            optional=True,
            multiline=True,
            focus=True,
        ),
        kit.buttons(kit.button("Back", TO_DETAILS, client.id), block_id="back"),
    ]
    return kit.modal("Edit description", blocks, callback=DESCRIBE, metadata=place, submit="Save")


def read_description(values: Json) -> str:
    """Return the description as typed; an emptied field is the empty text."""
    return kit.entered(values, "description") or ""
