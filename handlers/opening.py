"""Showing a view that no answer can carry: opened by a trigger, or put in the place of the one that was clicked.

The acknowledgement never waits for Slack (RELIABILITY F5): what it takes to draw the view is mostly known within a few
milliseconds, and then a refusal still travels in the answer; otherwise all of it follows the answer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from bot.errors import WindowGone
from handlers.payloads import Click, Command, Payload
from handlers.replies import Reply

Json = dict[str, Any]
T = TypeVar("T")
Build = Callable[[], Awaitable[T]]

PROMPT = 0.015
"""Seconds the answer waits for a view to be drawn: what the database takes. Whoever Slack has to be asked about first
gets the answer before that, so that a slow Slack slows no acknowledgement (PERFORMANCE P10)."""


class Windows(Protocol):
    """The calls to Slack that open and change views."""

    async def open_view(self, trigger: str, view: Json) -> None: ...

    async def update_view(self, view_id: str, view: Json, hash: str | None = None) -> None: ...

    async def publish_home(self, user: str, view: Json, hash: str | None = None) -> None: ...

    async def tell(self, response_url: str, user: str, text: str, blocks: list[Json] | None = None) -> None: ...


async def opening(payload: Payload, slack: Windows, build: Build[Json]) -> Reply:
    """Answer by opening a modal with what ``build`` draws."""

    async def show(view: Json) -> None:
        await slack.open_view(payload.trigger, view)

    return await _after(build, show)


async def turning(click: Click, slack: Windows, build: Build[Json]) -> Reply:
    """Answer a click in a modal by putting what ``build`` draws in its place; elsewhere, by opening a modal."""
    view = click.view
    if view is None or not view.is_modal:
        return await opening(click, slack, build)

    async def show(next_view: Json) -> None:
        try:
            await slack.update_view(view.id, next_view, view.hash or None)
        except WindowGone:
            # Closed meanwhile, or a second click was faster: nobody waits for this one (slack/RULES.md B.2).
            return

    return await _after(build, show)


async def saying(command: Command, slack: Windows, build: Build[tuple[str, list[Json]]]) -> Reply:
    """Answer a command with a message only the person sees: in the answer itself, or just after it."""
    drawing = asyncio.ensure_future(build())
    done, _ = await asyncio.wait({drawing}, timeout=PROMPT)
    if done:
        return Reply.say(*drawing.result())

    async def afterwards() -> None:
        await slack.tell(command.response_url, command.person.user, *await drawing)

    return Reply.later(afterwards)


async def _after(build: Build[Json], show: Callable[[Json], Awaitable[None]]) -> Reply:
    drawing = asyncio.ensure_future(build())
    done, _ = await asyncio.wait({drawing}, timeout=PROMPT)
    view = drawing.result() if done else None

    async def afterwards() -> None:
        await show(view if view is not None else await drawing)

    return Reply.later(afterwards)
