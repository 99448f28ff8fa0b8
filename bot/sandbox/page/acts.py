"""What a person does on the page. Every answer is the modal as it is now, or nothing because changes are pushed."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bot.sandbox.answers import TROUBLE
from bot.sandbox.finding import Impossible
from bot.sandbox.page.doing import Spot, Target, catch_up, fill, find, press
from bot.sandbox.page.drawing import Drawing
from bot.sandbox.page.looking import Looking
from bot.sandbox.page.reading import Reading
from bot.sandbox.page.surface import field_name
from bot.sandbox.page.web import from_this_page, html, nothing
from bot.sandbox.views import View
from bot.sandbox.workspace import Workspace

STILL_BUSY = "The app is still busy. What it shows next appears here by itself."


class Acts:
    """The POST side of the page."""

    def __init__(self, workspace: Workspace, looking: Looking, reading: Reading) -> None:
        self._at, self._looking, self._reading = workspace, looking, reading

    async def _do(self, drawing: Drawing, action: Callable[[], Awaitable[Any]]) -> None:
        """Do it, and tell the person what Slack would tell them if it can't be done."""
        me, actor = drawing.me.id, drawing.actor
        self._reading.hide(me)
        try:
            await action()
        except Impossible as impossible:
            self._reading.tell(me, _sentence(str(impossible)))
        except TimeoutError:
            self._reading.tell(me, STILL_BUSY, "info")
        else:
            if actor.notice == TROUBLE and actor.modal is None:
                self._reading.tell(me, TROUBLE)

    # -- writing -----------------------------------------------------------------------------------------------

    @from_this_page
    async def send(self, request: Request) -> Response:
        """What was written in the composer: a slash command or a message."""
        drawing, form = self._looking.drawing(request), await _form(request)
        text, channel = form.get("text", "").strip(), form.get("channel", "")
        if text.startswith("/") and not form.get("thread"):
            await self._command(drawing, text, channel)
        elif text:
            thread = form.get("thread") or None
            await self._do(drawing, lambda: drawing.actor.say(text, channel, thread_ts=thread))
        return nothing()

    async def _command(self, drawing: Drawing, text: str, channel: str) -> None:
        command, _, rest = text.partition(" ")
        await self._do(drawing, lambda: drawing.actor.command(command, rest.strip(), channel or None))
        notice = drawing.actor.notice
        if notice and notice != TROUBLE and not self._reading.toasts(drawing.me.id):
            failed = f"{command} failed with the error “{notice}”"
            self._reading.tell(drawing.me.id, notice if " " in notice else failed)

    @from_this_page
    async def shortcut(self, request: Request) -> Response:
        """A global shortcut from the menu."""
        drawing, form = self._looking.drawing(request), await _form(request)
        await self._do(drawing, lambda: drawing.actor.shortcut(form.get("name", "")))
        return nothing()

    # -- fields and buttons ------------------------------------------------------------------------------------

    @from_this_page
    async def fill(self, request: Request) -> Response:
        """One field has changed. A menu is drawn again with its choice."""
        drawing = self._looking.drawing(request)
        form = await request.form()
        spot = Spot.of(form)
        values = [str(value) for key, value in form.multi_items() if key in ("value", field_name(spot.pair))]
        found: list[Target] = []

        async def change() -> None:
            found.append(find(self._at, drawing.actor, spot))
            await fill(found[0], values)
            self._remember(drawing, found[0], values)

        await self._do(drawing, change)
        if not found or "menu" not in form:
            return nothing()
        return html(drawing.field(found[0].where, spot.pair))

    def _remember(self, drawing: Drawing, target: Target, values: list[str]) -> None:
        if target.message is None:
            return
        offered = {one["value"]: one for one in [*target.element.get("options", [])]}
        chosen: Any = [offered.get(value, value) for value in values]
        kept = chosen if target.field.is_plural else (chosen[0] if chosen else None)
        self._reading.type(drawing.me.id, target.message, target.field.pair, kept)

    @from_this_page
    async def enter(self, request: Request) -> Response:
        """Enter in a field that sends its text by itself (``dispatch_action``)."""
        drawing, form = self._looking.drawing(request), await _form(request)

        async def change() -> None:
            target = find(self._at, drawing.actor, Spot.of(form))
            await drawing.actor.fill(target.name, form.get("value", ""))
            await drawing.actor.enter(target.name)

        await self._do(drawing, change)
        return nothing()

    @from_this_page
    async def press(self, request: Request) -> Response:
        """A button, or an entry of an overflow menu."""
        drawing, form = self._looking.drawing(request), await _form(request)
        spot = Spot.of(form)

        async def click() -> None:
            target = find(self._at, drawing.actor, spot)
            if isinstance(target.where, View):
                catch_up(target.where, form)
            await press(target, form.get("option"))

        await self._do(drawing, click)
        return html(drawing.modal()) if spot.place == "modal" else nothing()

    # -- modals ------------------------------------------------------------------------------------------------

    @from_this_page
    async def submit(self, request: Request) -> Response:
        """The modal's submit button; a second click on a view that has changed meanwhile does nothing."""
        drawing, form = self._looking.drawing(request), await _form(request)
        view = drawing.actor.modal
        if view is not None and (view.id, view.hash) == (form.get("view"), form.get("hash")) and not view.busy:
            catch_up(view, form)
            await self._do(drawing, drawing.actor.submit)
        return html(drawing.modal())

    @from_this_page
    async def cancel(self, request: Request) -> Response:
        """The modal's close button."""
        return await self._leave(request, self._looking.drawing(request).actor.cancel)

    @from_this_page
    async def dismiss(self, request: Request) -> Response:
        """The modal's cross, or Escape."""
        return await self._leave(request, self._looking.drawing(request).actor.dismiss)

    async def _leave(self, request: Request, leave: Callable[[], Awaitable[None]]) -> Response:
        drawing = self._looking.drawing(request)
        if drawing.actor.modal is not None:
            await self._do(drawing, leave)
        return html(drawing.modal())

    @from_this_page
    async def close_toast(self, request: Request) -> Response:
        """Take a notice away."""
        drawing = self._looking.drawing(request)
        self._reading.hide(drawing.me.id)
        return html("")


async def _form(request: Request) -> Mapping[str, str]:
    form = await request.form()
    return {key: value for key, value in form.multi_items() if isinstance(value, str)}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
