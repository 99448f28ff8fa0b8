"""One surface with blocks (a modal, the home, a message) as the templates see it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from bot.sandbox.fields import VALUE_KEYS, Field, Pair, held
from bot.sandbox.page.mrkdwn import Reader, render_mrkdwn, render_plain
from bot.sandbox.page.rich_text import render_rich_text
from bot.sandbox.records import Json

MIN_QUERY_DEFAULT = 3
"""``min_query_length`` of an external select when the app gives none (docs.slack.dev, select menu element)."""


def field_name(pair: Pair) -> str:
    """The name under which a form sends a field."""
    return "f" + json.dumps(pair)


def field_pair(name: str) -> Pair | None:
    """The field that a form calls so; None if the name is not one of ``field_name``."""
    if not name.startswith("f["):
        return None
    block_id, action_id = json.loads(name[1:])
    return str(block_id), str(action_id)


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a menu: what is sent and what is read."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Surface:
    """Where blocks stand and what their fields hold.

    ``base`` is the person's address (``/as/U0ADA``); ``place`` is ``modal``, ``home`` or ``message:CHANNEL:TS``;
    ``typed`` holds values by (block_id, action_id), ``errors`` sentences by block_id.
    """

    base: str
    place: str
    reader: Reader
    typed: Mapping[Pair, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    # -- texts -------------------------------------------------------------------------------------------------

    def text(self, text: Json | None) -> Markup:
        """A text object as HTML."""
        if not text:
            return Markup("")
        if text.get("type") == "mrkdwn":
            return self.mrkdwn(str(text.get("text", "")), verbatim=bool(text.get("verbatim")))
        return render_plain(str(text.get("text", "")), with_emoji=text.get("emoji", True))

    def mrkdwn(self, text: str, *, verbatim: bool = False) -> Markup:
        """A mrkdwn string as HTML."""
        return render_mrkdwn(text, self.reader, verbatim=verbatim)

    def plain(self, text: Json | None) -> str:
        """A text object without any formatting, for labels."""
        return str(self.text(text).striptags()) if text else ""

    def rich_text(self, block: Json) -> Markup:
        """A rich_text block as HTML."""
        return render_rich_text(block, self.reader)

    # -- names and addresses -----------------------------------------------------------------------------------

    def dom(self, *parts: object) -> str:
        """An id for the document: the same for the same field, whatever characters its ids are made of."""
        digest = hashlib.blake2b(repr((self.place, *parts)).encode(), digest_size=6).hexdigest()
        return f"f{digest}"

    def field(self, block_id: str, action_id: str) -> str:
        """The name under which a form sends this field."""
        return field_name((block_id, action_id))

    def vals(self, block_id: str, action_id: str, option: str | None = None) -> str:
        """What a control says about itself, as JSON."""
        about = {"place": self.place, "block": block_id, "action": action_id}
        return json.dumps(about if option is None else about | {"option": option})

    def options_url(self, block_id: str, action_id: str) -> str:
        """Where the entries of a menu come from."""
        return f"{self.base}/options?" + urlencode({"place": self.place, "block": block_id, "action": action_id})

    def answer(self) -> Markup:
        """What happens with the answer to a click: a modal is drawn anew, everything else is pushed."""
        if self.place == "modal":
            return Markup(
                'hx-target="#modal-layer" hx-swap="keyed" hx-include="closest form" hx-indicator="closest .modal"'
            )
        return Markup('hx-swap="none" hx-sync="this:drop"')

    # -- fields ------------------------------------------------------------------------------------------------

    def error(self, block_id: str) -> str | None:
        """The sentence at this block's field."""
        return self.errors.get(block_id)

    def holds(self, block: Json, element: Json) -> Any:
        """The raw value: typed, else initial."""
        return held(Field(block, element), dict(self.typed)) if element.get("type") in VALUE_KEYS else None

    def held(self, block: Json, element: Json) -> str:
        """The value of a text or date field as its input element wants it."""
        value = self.holds(block, element)
        return "" if value is None else str(value)

    def chosen(self, block: Json, element: Json) -> list[Choice]:
        """What is chosen in a menu or among ticks."""
        value = self.holds(block, element)
        values = value if isinstance(value, list) else [value] if value else []
        return [self.choice(one) for one in values]

    def choice(self, option: Any) -> Choice:
        """An option object, or the id of a person or conversation, as an entry."""
        if isinstance(option, dict):
            note = (option.get("description") or {}).get("text", "")
            return Choice(str(option.get("value", "")), str(option["text"]["text"]), note)
        one = str(option)
        name = self.reader.person(one)
        return Choice(one, name if name is not None else f"#{self.reader.channel(one) or one}")

    def is_chosen(self, block: Json, element: Json, option: Json) -> bool:
        """Whether this option is ticked."""
        return any(one.value == option.get("value") for one in self.chosen(block, element))

    def clearable(self, block: Json) -> bool:
        """Whether a choice can be taken back: only where Slack lets a person leave the field empty."""
        return block.get("type") == "input" and bool(block.get("optional"))

    def least(self, element: Json) -> int:
        """Characters to type before entries are asked for."""
        if "external" not in element["type"]:
            return 0
        return int(element.get("min_query_length", MIN_QUERY_DEFAULT))
