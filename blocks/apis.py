"""Finding an API and looking at it: the list with its search, and the details with versions and plans (SPEC 3)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    InputBlock,
    PlainTextInputElement,
    StaticSelectElement,
)
from slack_sdk.models.blocks.basic_components import DispatchActionConfig

from blocks import kit
from bot.domain.apis import Api, ApiLine, ApiPage, ApiVersion, PlanOffer
from bot.domain.catalog import ApiStatus

Json = dict[str, Any]

TITLE = "Find an API"
LIST, SHOWN = "api.list", "api.shown"
FIND, SEARCH, OPEN, SWITCH, TO_LIST = "api.find", "api.search", "api.open", "api.version", "api.list"
PREVIOUS, NEXT, DOCUMENTATION = "api.previous", "api.next", "api.documentation"
SIGN_UP = "contract.sign_up"
"""On each plan; its value is the offer's id."""

TEXT = "text"
"""block_id of the search."""
LONGEST_TEXT = 100
"""Characters of a search: a name has 80 (SPEC 1)."""
STATUS_WORDS = {
    ApiStatus.CREATED: "Not published yet",
    ApiStatus.PUBLISHED: "Published",
    ApiStatus.RETIRED: "Retired",
}


class Place(BaseModel):
    """Where somebody is: what they searched for, the page, and the API version opened from it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: str = Field(default="", max_length=LONGEST_TEXT)
    page: int = Field(default=0, ge=0, le=kit.MOST_PAGE)
    version: str = Field(default="", max_length=kit.MOST_ID)


def list_view(page: ApiPage) -> Json:
    """Return a page of what was found."""
    blocks: list[Block] = [_search(page.text)]
    if page.apis:
        blocks += [_line(api) for api in page.apis]
        blocks += _paging(page)
    else:
        blocks.append(kit.paragraph(_nothing(page.text)))
    place = Place(text=page.text, page=page.page)
    return kit.modal(TITLE, blocks, callback=LIST, metadata=place, submit="Search")


def read_search(values: Json) -> str | None:
    """Return what stands in the search; None if Slack says nothing about it."""
    block = values.get(TEXT)
    if not isinstance(block, dict) or not isinstance(block.get(SEARCH), dict):
        return None
    value = block[SEARCH].get("value")
    return value.replace("\0", "").strip()[:LONGEST_TEXT] if isinstance(value, str) else ""


def _search(text: str) -> Block:
    element = PlainTextInputElement(
        action_id=SEARCH,
        initial_value=text or None,
        placeholder="A name, a tag, an organization, or a word of the description",
        max_length=LONGEST_TEXT,
        dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_enter_pressed"]),
    )
    return InputBlock(label="Search", element=element, block_id=TEXT, optional=True, dispatch_action=True)


def _line(api: ApiLine) -> Block:
    first_line = api.description.partition("\n")[0].strip()
    pieces = [f"{api.name} {api.version}{_unless_published(api.status)}", api.organization]
    pieces += [kit.cut(first_line, 150)] if first_line else []
    pieces += [kit.cut(f"Tags: {', '.join(api.tags)}", 150)] if api.tags else []
    opener = kit.button("Learn More", OPEN, api.id)
    opener.accessibility_label = kit.cut(f"Learn more about {api.name}", 75)
    return kit.paragraph("\n".join(pieces), block_id=f"api_{api.id}", button=opener)


def _unless_published(status: ApiStatus) -> str:
    return "" if status is ApiStatus.PUBLISHED else f"  ·  {STATUS_WORDS[status]}"


def _nothing(text: str) -> str:
    if not text:
        return "There is no API yet that you may see."
    return f"No API that you may see matches “{text}”: try fewer or other words, or part of a word."


def _paging(page: ApiPage) -> list[Block]:
    elements = []
    if page.page:
        elements.append(kit.button("Previous page", PREVIOUS, str(page.page - 1)))
    if page.last < page.total:
        elements.append(kit.button("Next page", NEXT, str(page.page + 1)))
    more = " or more. Another word or letter narrows it down." if page.is_floor else ""
    counted: list[Block] = [kit.note(f"{page.first:,}–{page.last:,} of {page.total:,}{more}")]
    return counted + ([kit.buttons(*elements, block_id=f"pages_{page.page}")] if elements else [])


def details_view(api: Api, place: Place) -> Json:
    """Return an API version's details with its plans; ``place`` is the list that Back leads to."""
    place = place.model_copy(update={"version": api.id})
    blocks: list[Block] = [kit.header(api.name), kit.facts(_facts(api))]
    if api.description:
        blocks.append(kit.paragraph(api.description))
    blocks.append(ActionsBlock(elements=_ways(api), block_id=f"version_{api.id}"))
    blocks += _plans(api)
    return kit.modal("API", blocks, callback=SHOWN, metadata=place)


def _facts(api: Api) -> list[tuple[str, str]]:
    return [
        ("Version", api.version),
        ("Status", STATUS_WORDS[api.status]),
        ("Organization", api.organization),
        ("Tags", ", ".join(api.tags)),
        ("Endpoint", api.endpoint),
    ]


def _ways(api: Api) -> list[Any]:
    """Where one can go from here: another version, the documentation, the list."""
    shown = api.versions[: kit.MENU]
    menu = StaticSelectElement(
        action_id=SWITCH,
        placeholder="Version",
        options=[_version(one) for one in shown],
        initial_option=next((_version(one) for one in shown if one.id == api.id), None),
    )
    ways: list[Any] = [menu]
    if api.documentation.startswith(("https://", "http://")):
        documentation = ButtonElement(text="Documentation", action_id=DOCUMENTATION, url=api.documentation)
        ways.append(documentation)
    return [*ways, kit.button("Back", TO_LIST, "back")]


def _version(one: ApiVersion) -> Any:
    return kit.option(f"{one.version}{_unless_published(one.status)}", one.id)


_PLANS = 80
"""Plans shown in the details: with everything else under the 100 blocks of a view."""


def _plans(api: Api) -> list[Block]:
    blocks: list[Block] = [kit.header("Plans")]
    if api.closed:
        return [*blocks, kit.paragraph(api.closed)]
    blocks += [_plan(offer) for offer in api.offers[:_PLANS]]
    if len(api.offers) > _PLANS:
        blocks.append(kit.note(f"1–{_PLANS} of {len(api.offers)}: ask {kit.escape(api.organization)} for the others."))
    return blocks


def _plan(offer: PlanOffer) -> Block:
    approval = "Approval required" if offer.requires_approval else "No approval needed"
    pieces = [f"{offer.plan} {offer.version}", *([offer.description] if offer.description else []), approval]
    signing = kit.button("Sign Up", SIGN_UP, offer.id)
    signing.accessibility_label = kit.cut(f"Sign up for the plan {offer.plan} {offer.version}", 75)
    return kit.paragraph("\n".join(pieces), block_id=f"plan_{offer.id}", button=signing)
