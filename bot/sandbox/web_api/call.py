"""One call of a Web API method, and the table of methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from bot.sandbox.delivery import Delivery
from bot.sandbox.records import Channel, Json, Member
from bot.sandbox.refused import Refused
from bot.sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call and the workspace it is about."""

    at: Workspace
    delivery: Delivery
    args: Json

    def text(self, name: str, default: str = "") -> str:
        """An argument as text."""
        value = self.args.get(name)
        return default if value is None else str(value)

    def need(self, name: str) -> str:
        """An argument that must be there.

        Raises:
            Refused: ``invalid_arguments``, as Slack says it.
        """
        if not self.args.get(name):
            raise invalid(f"[ERROR] missing required field: {name}")
        return str(self.args[name])

    def flag(self, name: str, default: bool = False) -> bool:
        """A yes-or-no argument."""
        value = self.args.get(name)
        return default if value in (None, "") else str(value).lower() in {"true", "1"}

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        try:
            return int(self.args.get(name) or default)
        except ValueError:
            raise invalid(f"[ERROR] must be an integer [json-pointer:/{name}]") from None

    def json(self, name: str) -> Any:
        """A structured argument: JSON, or JSON inside a form field. None if it is absent or empty."""
        value = self.args.get(name)
        if isinstance(value, str):
            if not value.strip():
                return None
            try:
                return orjson.loads(value)
            except orjson.JSONDecodeError:
                raise Refused("invalid_blocks_format" if name == "blocks" else "invalid_arguments") from None
        return value

    def channel(self, name: str = "channel") -> Channel:
        """The channel named in an argument, if the bot can know of it.

        Raises:
            Refused: ``channel_not_found``: none there, or a private one without the bot.
        """
        channel = self.at.channels.get(self.need(name))
        if channel is None or (channel.kind != "public" and self.at.bot_user_id not in channel.members):
            raise Refused("channel_not_found")
        return channel

    def person(self, name: str = "user") -> Member:
        """The person named in an argument.

        Raises:
            Refused: ``user_not_found``.
        """
        member = self.at.people.get(self.need(name))
        if member is None:
            raise Refused("user_not_found")
        return member

    def page(self, items: list[Any], *, limit: int = 100) -> tuple[list[Any], str]:
        """One page of a list, as ``limit`` and ``cursor`` ask, and the cursor of the next one ("" at the end)."""
        size = min(self.number("limit", limit), 1000)
        cursor = self.text("cursor")
        if cursor and not cursor.removeprefix("next:").isdigit():
            raise Refused("invalid_cursor")
        start = int(cursor.removeprefix("next:") or 0)
        after = start + size
        return items[start:after], f"next:{after}" if after < len(items) else ""


def invalid(*messages: str) -> Refused:
    """``invalid_arguments`` with Slack's explanations."""
    return Refused("invalid_arguments", response_metadata={"messages": list(messages)})


@dataclass(frozen=True, slots=True)
class Method:
    """A method: any one of ``scopes`` is enough; ``reads_json`` says whether it takes a JSON body."""

    name: str
    run: Callable[[Call], Json]
    scopes: tuple[str, ...]
    reads_json: bool
    caller: str


METHODS: dict[str, Method] = {}


def method(
    name: str, *, scopes: tuple[str, ...] = (), reads_json: bool = False, caller: str = "bot"
) -> Callable[[Callable[[Call], Json]], Callable[[Call], Json]]:
    """Put a function into the table of methods; ``caller`` is whose token it takes: ``bot``, ``app`` or ``none``."""

    def enter(run: Callable[[Call], Json]) -> Callable[[Call], Json]:
        METHODS[name] = Method(name, run, scopes, reads_json, caller)
        return run

    return enter
