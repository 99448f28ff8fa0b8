"""What can be looked at: whole pages, and the parts that live updates fetch again."""

import asyncio
from typing import Any

from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.sandbox.finding import Impossible
from bot.sandbox.page import inspector, stream
from bot.sandbox.page.doing import Spot, find
from bot.sandbox.page.drawing import Drawing
from bot.sandbox.page.faces import humans
from bot.sandbox.page.menus import groups
from bot.sandbox.page.posts import Drawn
from bot.sandbox.page.reading import Reading
from bot.sandbox.page.web import HEADERS, EventStream, html, nothing
from bot.sandbox.records import Channel
from bot.sandbox.workspace import Workspace

FIRST_LOOK_SECONDS = 0.5
"""How long the App Home waits for the bot before it is shown as it is; the rest is pushed."""


class Looking:
    """The GET side of the page."""

    def __init__(self, workspace: Workspace, env: Environment, reading: Reading) -> None:
        self._at, self._env, self._reading = workspace, env, reading
        self._drawn = Drawn()
        self._under_way: set[asyncio.Task[None]] = set()

    def drawing(self, request: Request) -> Drawing:
        """The page of the person in the address.

        Raises:
            HTTPException: 404, there is no such person to act as.
        """
        person = request.path_params["person"]
        if person not in self._at.people or self._at.people[person].is_bot:
            raise HTTPException(404, "There is no such person in this workspace.")
        return Drawing(self._env, self._at, self._reading, self._at.actor(person), self._drawn)

    def channel(self, request: Request) -> Channel:
        """The channel in the address.

        Raises:
            HTTPException: 404, this person is not in such a channel.
        """
        channel = self._at.channels.get(request.path_params["channel"])
        if channel is None or request.path_params["person"] not in channel.members:
            raise HTTPException(404, "This person is not in such a channel.")
        return channel

    # -- whole pages -------------------------------------------------------------------------------------------

    async def front(self, request: Request) -> Response:
        """The first person's page."""
        everyone = humans(self._at)
        if not everyone:
            return html(self._env.get_template("nobody.html").render(), 404)
        return RedirectResponse(f"/as/{everyone[0].id}/", 303, headers=HEADERS)

    async def start(self, request: Request) -> Response:
        """Where a person begins: their first channel, else the app."""
        drawing = self.drawing(request)
        mine = [one for one in self._at.channels.values() if drawing.me.id in one.members and one.kind != "im"]
        place = f"c/{mine[0].id}" if mine else "home"
        return RedirectResponse(f"{drawing.base}/{place}", 303, headers=HEADERS)

    async def see_channel(self, request: Request) -> Response:
        """A channel or the direct messages with the app, and a thread beside it."""
        drawing, channel = self.drawing(request), self.channel(request)
        ts = request.path_params.get("ts")
        thread = drawing.thread(channel, ts) | {"ts": ts} if ts else None
        return self._page(
            drawing,
            "channel.html",
            at=channel.id,
            same_place="" if channel.kind == "im" else f"c/{channel.id}",
            channel=channel,
            thread=thread,
            **self._heading(drawing, channel),
            **drawing.conversation(channel),
        )

    async def see_app(self, request: Request) -> Response:
        """The Messages tab of the app: the direct messages with it."""
        drawing = self.drawing(request)
        channel = self._at.direct(drawing.me.id)
        self._begin(drawing, "messages")
        return RedirectResponse(f"{drawing.base}/c/{channel.id}", 303, headers=HEADERS)

    async def see_home(self, request: Request) -> Response:
        """The Home tab of the app; looking at it tells the bot (``app_home_opened``)."""
        drawing = self.drawing(request)
        task = self._begin(drawing, "home")
        if task:
            await asyncio.wait({task}, timeout=FIRST_LOOK_SECONDS)
        app = self._at.people[self._at.bot_user_id].real_name
        tabs = self._tabs(drawing, "Home")
        return self._page(
            drawing, "app_home.html", at="home", same_place="home", title=app, tabs=tabs, **drawing.home()
        )

    def _begin(self, drawing: Drawing, tab: str) -> asyncio.Task[None] | None:
        """Open the app's page in the background; someone deactivated only sees what was there before."""
        if drawing.actor.member.deleted:
            return None
        task = asyncio.create_task(_open_home(drawing, tab))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    def _page(self, drawing: Drawing, template: str, *, at: str, **context: Any) -> Response:
        manifest = self._at.manifest
        self._reading.hide(drawing.me.id)
        context = {"subtitle": "", "tabs": [], "place_id": at} | context
        shortcuts = [one for one in manifest.shortcuts if one.get("type") == "global"]
        return html(
            drawing.render(
                template,
                people=humans(self._at),
                shortcuts=shortcuts,
                **drawing.side(at),
                **context,
            )
        )

    def _heading(self, drawing: Drawing, channel: Channel) -> dict[str, Any]:
        closed = drawing.closed(channel)
        app = self._at.people[self._at.bot_user_id].real_name
        if channel.kind == "im":
            words = {"title": app, "tabs": self._tabs(drawing, "Messages"), "subtitle": ""}
        else:
            kind = "Private channel" if channel.kind == "private" else "Channel"
            count = len(channel.members)
            shared = ", shared with another workspace" if channel.is_ext_shared else ""
            topic = f" · {channel.topic}" if channel.topic else ""
            words = {"title": f"#{channel.name}", "subtitle": f"{kind}{shared} · {count} members{topic}"}
        return words | {"may_write": not closed, "closed_reason": closed}

    def _tabs(self, drawing: Drawing, current: str) -> list[dict[str, Any]]:
        home, messages = self._at.manifest.home_enabled, self._at.manifest.messages_enabled
        tabs = [("Home", f"{drawing.base}/home", home), ("Messages", f"{drawing.base}/app", messages)]
        return [{"name": name, "url": url, "current": name == current} for name, url, there in tabs if there]

    # -- parts -------------------------------------------------------------------------------------------------

    async def posts(self, request: Request) -> Response:
        """The messages of a channel."""
        drawing = self.drawing(request)
        return html(drawing.render("messages.html", **drawing.conversation(self.channel(request))))

    async def thread_posts(self, request: Request) -> Response:
        """The messages of a thread."""
        drawing = self.drawing(request)
        rows = drawing.thread(self.channel(request), request.path_params["ts"])
        return html(drawing.render("messages.html", **rows))

    async def side(self, request: Request) -> Response:
        """The list of conversations."""
        drawing = self.drawing(request)
        return html(drawing.render("sidebar.html", **drawing.side(request.query_params.get("at", ""))))

    async def modal(self, request: Request) -> Response:
        """The modal in front."""
        return html(self.drawing(request).modal())

    async def home(self, request: Request) -> Response:
        """The App Home's blocks."""
        drawing = self.drawing(request)
        return html(drawing.render("home.html", **drawing.home()))

    async def toasts(self, request: Request) -> Response:
        """The notices before this person."""
        drawing = self.drawing(request)
        return html(drawing.render("toasts.html", toasts=self._reading.toasts(drawing.me.id)))

    async def traffic(self, request: Request) -> Response:
        """The inspector's list."""
        return html(self.drawing(request).traffic())

    async def exchange(self, request: Request) -> Response:
        """One request and its answer."""
        drawing = self.drawing(request)
        found = inspector.details(self._at, request.path_params["number"], drawing.reader.viewer)
        return html(drawing.render("exchange.html", **found) if found else "<p>No longer kept.</p>")

    async def options(self, request: Request) -> Response:
        """The entries of a menu for what has been typed into it."""
        drawing, spot = self.drawing(request), Spot.of(request.query_params)
        try:
            target = find(self._at, drawing.actor, spot)
            surface = drawing.surface(target.where)
            listed = await groups(self._at, target, request.query_params.get("q", ""), surface)
        except (Impossible, TimeoutError):
            return nothing()
        chosen = {one.value for one in surface.chosen(target.block, target.element)}
        chosen |= {one.label for one in surface.chosen(target.block, target.element)}
        prefix = surface.dom(spot.block, spot.action)
        return html(drawing.render("options.html", groups=listed, chosen=chosen, prefix=prefix))

    async def events(self, request: Request) -> Response:
        """Server-sent events of this page."""
        drawing = self.drawing(request)
        return EventStream(stream.events(self._at, drawing.me.id, request.query_params.get("at", "")))


async def _open_home(drawing: Drawing, tab: str) -> None:
    """The bot may be away: then the page shows what was published before."""
    try:
        await drawing.actor.open_home(tab)
    except (TimeoutError, Impossible):
        return
