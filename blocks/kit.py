"""The small parts every view and message is made of; limits and escaping live here once (slack/RULES.md A).

Text that people or catalogs wrote leaves as plain_text or as rich_text, where nothing is parsed; where Slack has only
mrkdwn it is escaped first (RELIABILITY T3).
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from slack_sdk.models.basic_objects import EMPTY_ALLOWED_TYPE_AND_PROPERTY_LIST, JsonObject
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    HeaderBlock,
    InputBlock,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    RichTextBlock,
    RichTextElementParts,
    RichTextSectionElement,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.errors import Refusal

Json = dict[str, Any]
M = TypeVar("M", bound=BaseModel)

PROBLEM = "problem"
"""block_id of the sentence on top of a view that says what is wrong; the next one replaces it."""
ENTRY = "entry"
"""action_id of every text input: its block_id says which field it is."""
MOST_ID = 22
"""Characters of an opaque id (bot/domain/ids.py): anything longer was not put there by us."""
MOST_EDITIONS = 1_000_000
"""Far more changes than a person can make in one wizard; what claims more was not drawn by us."""
MOST_PAGE = 999_999
"""Pages that a window can stand at: a higher number was not put there by us."""
MENU = 100
"""Entries of a menu (docs.slack.dev/reference/block-kit/block-elements/select-menu-element)."""
OPTION = 75
"""Characters of an option's text (docs.slack.dev/reference/block-kit/composition-objects/option-object)."""
TITLE = 24
"""Characters of a modal's title (docs.slack.dev/reference/views/modal-views)."""
SECTION = 3_000
"""Characters of a section's text (docs.slack.dev/reference/block-kit/blocks/section-block)."""
HEADER = 150
"""Characters of a header (docs.slack.dev/reference/block-kit/blocks/header-block)."""

OLD_WINDOW = "This window is from an older version: close it and start again."
"""What a window is answered that carries something this version does not put there."""

_USER = re.compile(r"[UW][A-Z0-9]+")
_CHANNEL = re.compile(r"[CG][A-Z0-9]+")


def cut(text: str, limit: int) -> str:
    """Return ``text``, or as much of it as fits with a … at its end."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escape(text: str, limit: int = SECTION) -> str:
    """Return ``text`` for mrkdwn: ``& < >`` escaped, cut at ``limit`` characters after that and never in an entity."""
    entities = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
    pieces, room = [], limit
    for character in text:
        piece = entities.get(character, character)
        if len(piece) > room:
            break
        pieces.append(piece)
        room -= len(piece)
    return "".join(pieces)


def plain(text: str, limit: int = SECTION) -> PlainTextObject:
    """Return text in which Slack parses nothing, not even emoji names."""
    return PlainTextObject(text=cut(text, limit), emoji=False)


def mention(user: str) -> str:
    """Return mrkdwn that names a Slack account."""
    return f"<@{user}>" if _USER.fullmatch(user) else escape(user)


def channel(channel_id: str) -> str:
    """Return mrkdwn that Slack shows as the channel's name, to those who may know it."""
    return f"<#{channel_id}>" if _CHANNEL.fullmatch(channel_id) else escape(channel_id)


def moment(at: datetime) -> str:
    """Return mrkdwn that shows a time in the reader's own zone (docs.slack.dev/messaging/formatting-message-text)."""
    fallback = at.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"


def header(text: str) -> HeaderBlock:
    """Return a heading."""
    return HeaderBlock(text=plain(text, HEADER))


def paragraph(text: str, *, block_id: str | None = None, button: ButtonElement | None = None) -> SectionBlock:
    """Return a paragraph of unparsed text, with a button beside it if given."""
    return SectionBlock(text=plain(text), block_id=block_id, accessory=button)


def note(*mrkdwn: str) -> ContextBlock:
    """Return small print; its pieces are our own mrkdwn, in which foreign text is escaped already."""
    return ContextBlock(elements=[MarkdownTextObject(text=piece, verbatim=True) for piece in mrkdwn])


def linked(mrkdwn: str) -> SectionBlock:
    """Return a paragraph of our own mrkdwn, in which foreign text is escaped already."""
    return SectionBlock(text=MarkdownTextObject(text=mrkdwn, verbatim=True))


def warning(sentence: str) -> SectionBlock:
    """Return the sentence on top of a view that says what is wrong."""
    return paragraph(f"⚠️ {sentence}", block_id=PROBLEM)


def facts(pairs: Sequence[tuple[str, str]], *, block_id: str | None = None) -> RichTextBlock:
    """Return names and values, one pair a line; values are shown exactly as they are."""
    pieces: list[RichTextElementParts.Text] = []
    for name, value in pairs:
        if pieces:
            pieces.append(RichTextElementParts.Text(text="\n"))
        pieces.append(RichTextElementParts.Text(text=f"{name}: ", style={"bold": True}))
        pieces.append(RichTextElementParts.Text(text=value or "–"))
    return RichTextBlock(elements=[RichTextSectionElement(elements=pieces)], block_id=block_id)


def button(label: str, action_id: str, value: str, *, style: str | None = None) -> ButtonElement:
    """Return a button; its value is an id and nothing else."""
    return ButtonElement(text=PlainTextObject(text=label), action_id=action_id, value=value, style=style)


def buttons(*elements: ButtonElement, block_id: str | None = None) -> ActionsBlock:
    """Return a row of buttons."""
    return ActionsBlock(elements=list(elements), block_id=block_id)


def text_input(
    field: str,
    label: str,
    *,
    value: str = "",
    hint: str = "",
    placeholder: str = "",
    optional: bool = False,
    multiline: bool = False,
    focus: bool = False,
) -> InputBlock:
    """Return a text input whose block_id is the draft's field."""
    element = PlainTextInputElement(
        action_id=ENTRY,
        initial_value=value or None,
        placeholder=placeholder or None,
        multiline=multiline,
        focus_on_load=focus or None,
    )
    return InputBlock(label=label, element=element, block_id=field, hint=hint or None, optional=optional)


def option(text: str, value: str) -> Option:
    """Return an entry of a menu."""
    return Option(text=plain(text, OPTION), value=value)


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    callback: str,
    metadata: BaseModel,
    submit: str | None = None,
    close: str = "Close",
    told_on_close: bool = False,
) -> Json:
    """Return a modal as Slack takes it.

    Args:
        title: at most 24 characters.
        blocks: what it shows.
        callback: ``noun.step``, the id its answers are routed by.
        metadata: what has to come back with every answer: ids only.
        submit: label of the submit button; required as soon as there is an input.
        close: label of the close button.
        told_on_close: whether Cancel and ✕ are told to us.
    """
    view = View(
        type="modal",
        title=PlainTextObject(text=title),
        blocks=list(blocks),
        callback_id=callback,
        private_metadata=metadata.model_dump_json(exclude_defaults=True),
        submit=PlainTextObject(text=submit) if submit else None,
        close=PlainTextObject(text=close),
        notify_on_close=told_on_close,
    )
    made: Json = drawn(view)
    return made


def home(blocks: Sequence[Block]) -> Json:
    """Return an App Home as Slack takes it."""
    made: Json = drawn(View(type="home", blocks=list(blocks)))
    return made


def drawn(shape: Any) -> Any:
    """Return what slack_sdk's ``to_dict`` returns, checks included, in half the time.

    Theirs walks every object anew at each level above it, and drawing is a third of what an answer costs.
    """
    if isinstance(shape, list | tuple):
        return [drawn(part) for part in shape]
    if not isinstance(shape, JsonObject):
        return shape
    if type(shape).to_dict is not JsonObject.to_dict:
        return shape.to_dict()
    shape.validate_json()
    fields = ((name, getattr(shape, name, None)) for name in sorted(shape.attributes))
    return {name: drawn(value) for name, value in fields if _says_something(shape, name, value)}


def _says_something(shape: JsonObject, name: str, value: Any) -> bool:
    """Slack takes no empty lists, but for the elements of rich text, and no empty texts."""
    if value is None:
        return False
    if name == "elements" and getattr(shape, "type", "") in _MAY_BE_EMPTY:
        return True
    return len(value) > 0 if hasattr(value, "__len__") else True


_MAY_BE_EMPTY = {one["type"] for one in EMPTY_ALLOWED_TYPE_AND_PROPERTY_LIST}


def read_metadata(model: type[M], metadata: str) -> M:
    """Return what a view carried.

    Raises:
        Refusal: it is not what this version of the bot puts there.
    """
    try:
        read = model.model_validate(orjson.loads(metadata or "{}"))
    except (ValidationError, ValueError):
        raise Refusal(OLD_WINDOW) from None
    if any(isinstance(value, str) and "\0" in value for value in read.__dict__.values()):
        raise Refusal(OLD_WINDOW)  # no database takes it, and none of our ids has it
    return read


def entered(values: Json, field: str) -> str | None:
    """Return what stands in a text input; None if Slack says nothing about it, which means unchanged.

    An optional input that was cleared comes as null and is the empty text (slack/RULES.md B.1).
    """
    block = values.get(field)
    if not isinstance(block, dict) or not isinstance(block.get(ENTRY), dict):
        return None
    value = block[ENTRY].get("value")
    return value if isinstance(value, str) else ""


def chosen(values: Json, field: str, action_id: str) -> str | None:
    """Return the value chosen in a menu; empty if nothing is, None if Slack says nothing about it."""
    block = values.get(field)
    if not isinstance(block, dict) or not isinstance(block.get(action_id), dict):
        return None
    selected = block[action_id].get("selected_option")
    value = selected.get("value") if isinstance(selected, dict) else None
    return value if isinstance(value, str) and "\0" not in value else ""
