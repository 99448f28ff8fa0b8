"""A form on the page becomes what a person does: which field or button is meant, and with what value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.acting import Actor
from bot.sandbox.fields import Field, Pair, elements, fields, options_of
from bot.sandbox.finding import Impossible, find_field, find_option
from bot.sandbox.page.surface import field_pair
from bot.sandbox.records import Json, Message
from bot.sandbox.views import View
from bot.sandbox.wording import option_text
from bot.sandbox.workspace import Workspace

TEXT_KINDS = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
DATE_KINDS = {"datepicker", "timepicker"}


@dataclass(frozen=True, slots=True)
class Spot:
    """One element: ``place`` is ``modal``, ``home`` or ``message:CHANNEL:TS``."""

    place: str
    block: str
    action: str

    @classmethod
    def of(cls, form: Mapping[str, Any]) -> "Spot":
        """What a control said about itself."""
        return cls(str(form.get("place", "")), str(form.get("block", "")), str(form.get("action", "")))

    @property
    def pair(self) -> Pair:
        """What Slack knows the element by."""
        return self.block, self.action


@dataclass(frozen=True, slots=True)
class Target:
    """An element on a person's screen, with the view or message it stands in."""

    actor: Actor
    where: View | Message
    block: Json
    element: Json

    @property
    def message(self) -> Message | None:
        """The message, if it stands in one."""
        return self.where if isinstance(self.where, Message) else None

    @property
    def field(self) -> Field:
        """The element as a field with a value."""
        return Field(self.block, self.element)

    @property
    def name(self) -> str:
        """What to call the field so that the actor finds this one and no other."""
        block_id, action_id = self.field.pair
        for name in (block_id, action_id, self.field.label):
            if name and find_field(self.where.blocks, name).pair == self.field.pair:
                return name
        raise Impossible(f"two fields are called {action_id!r}")


def find(workspace: Workspace, actor: Actor, spot: Spot) -> Target:
    """The element that is meant.

    Raises:
        Impossible: it is not on this person's screen any more.
    """
    where = _where(workspace, actor, spot.place)
    for block in where.blocks if where else []:
        for element in elements(block) if block.get("block_id") == spot.block else []:
            if element.get("action_id") == spot.action and where:
                return Target(actor, where, block, element)
    raise Impossible("This is no longer on the screen.")


def _where(workspace: Workspace, actor: Actor, place: str) -> View | Message | None:
    kind, _, rest = place.partition(":")
    if kind == "modal":
        return actor.modal
    if kind == "home":
        return actor.home
    channel, _, ts = rest.partition(":")
    known = workspace.channels.get(channel)
    return next((one for one in actor.reads(known.id) if one.ts == ts), None) if known else None


async def fill(target: Target, values: list[str]) -> None:
    """Put these values into the field: one text or date, or the values of options."""
    actor, kind = target.actor, str(target.element["type"])
    if kind in TEXT_KINDS or (kind in DATE_KINDS and target.message is None):
        await actor.fill(target.name, values[0] if values else "")
        return
    wanted = [_wanted(target, value) for value in values if value]
    choice = wanted if target.field.is_plural else (wanted[0] if wanted else None)
    await actor.choose(target.name, choice, message=target.message)


def _wanted(target: Target, value: str) -> str:
    """What the actor knows the option by: its value, or its words where those of another one equal it."""
    options = options_of(target.element)
    if options:
        option = next((one for one in options if one.get("value") == value), None)
        if option is None:
            raise Impossible("This choice is no longer offered.")
        return value if find_option(options, value) is option else option_text(option)
    return value


async def press(target: Target, option: str | None) -> None:
    """Press the button, or choose this entry of the overflow menu."""
    label = str(target.element.get("action_id"))
    if option is not None:
        label = next(option_text(one) for one in options_of(target.element) if one.get("value") == option)
    await target.actor.press(label, message=target.message, block=str(target.block["block_id"]))


def sent_texts(form: Mapping[str, Any]) -> Iterator[tuple[Pair, str]]:
    """The text fields that a form carries along, by the names the page gave them."""
    for name, value in form.items():
        pair = field_pair(name)
        if pair and isinstance(value, str):
            yield pair, value


def catch_up(view: View, form: Mapping[str, Any]) -> None:
    """Take over what was typed last: a click may overtake the last letters on their way."""
    there = {field.pair: field for field in fields(view.blocks)}
    for pair, text in sent_texts(form):
        field = there.get(pair)
        if field is None or field.kind not in TEXT_KINDS | DATE_KINDS:
            continue
        if (view.typed.get(pair, field.initial) or "") != text.replace("\r\n", "\n"):
            view.typed[pair] = text.replace("\r\n", "\n") or None
