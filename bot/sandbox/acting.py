"""A person at a Slack client: what they can do, and what they see."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.sandbox import answers
from bot.sandbox.delivery import Answer, Kind
from bot.sandbox.events import emit
from bot.sandbox.fields import Field, Pair, held, options_of
from bot.sandbox.finding import Impossible, find_button, find_checkbox, find_field, find_option, pressed_value
from bot.sandbox.payloads import Payloads
from bot.sandbox.records import Channel, Json, Member, Message
from bot.sandbox.required import unfilled
from bot.sandbox.seeing import Onlooker
from bot.sandbox.talking import escaped, say
from bot.sandbox.views import View
from bot.sandbox.wire import Wire
from bot.sandbox.wording import option_text
from bot.sandbox.workspace import Workspace

SETTLE_SECONDS = 15.0
"""How long a person waits for quiet at most."""

MIN_QUERY = 3
"""Letters before an external menu asks the bot, unless it says otherwise (min_query_length)."""


class Actor(Onlooker):
    """One person at one client.

    ``notice`` is what Slack itself said to the last action: a command's error (``operation_timeout``,
    ``dispatch_failed``), ``answers.TROUBLE``, or None. Labels are the visible words; block_id and action_id work
    too. Every action waits for the bot's acknowledgement and then for quiet.
    """

    def __init__(self, at: Workspace, member: Member, seat: str) -> None:
        super().__init__(at, member, seat)
        self.notice: str | None = None
        self.wire = Wire(at)
        self._payloads = Payloads(at, member, seat)
        self._offered: dict[Pair, list[Json]] = {}

    # -- what there is to do -----------------------------------------------------------------------------------

    async def command(self, command: str, text: str = "", channel: str | None = None) -> None:
        """Type a slash command (``channel``: where; by default the first public channel they are in)."""
        self._must_be_here()
        spec = self._at.manifest.command(command)
        if spec is None or not self._at.teams[self.member.team_id].installed:
            self.notice = f"{command} is not a valid command."
            return
        where = self._where(channel)
        given = escaped(text) if spec.get("should_escape") else text
        answer = await self.wire.send("command", self._payloads.command(command, given, where))
        self._note(answers.after_command(self._at, answer, self.member.id, where))
        await self.settle()

    async def shortcut(self, name: str, *, message: Message | None = None) -> None:
        """Choose a shortcut by its name in the manifest: a global one, or with ``message`` one on that message."""
        self._must_be_here()
        spec = self._at.manifest.shortcut(name, "message" if message else "global")
        if spec is None or not self._at.teams[self.member.team_id].installed:
            raise Impossible(f"no shortcut {name!r}; there are {[one['name'] for one in self._at.manifest.shortcuts]}")
        if message:
            payload = self._payloads.message_shortcut(spec["callback_id"], message)
        else:
            payload = self._payloads.shortcut(spec["callback_id"])
        await self._interact(payload)

    async def open_home(self, tab: str = "home") -> None:
        """Open the app's page: the Home tab, or ``messages``."""
        self._must_be_here()
        event: Json = {"type": "app_home_opened", "user": self.member.id, "tab": tab}
        event |= {"channel": self._at.direct(self.member.id).id}
        if tab == "home" and self.home:
            event["view"] = self._payloads.view(self.home)
        await emit(self._at, event, who=self.member.id)
        await self.settle()

    async def say(self, text: str, channel: str | None = None, *, thread_ts: str | None = None) -> Message:
        """Write a message into a channel (by default to the bot)."""
        self._must_be_here()
        where = self._at.channel(channel) if channel else self._at.direct(self.member.id)
        if where.kind == "im" and self._at.manifest.messages_read_only:
            raise Impossible("the app's messages are read-only (messages_tab_read_only_enabled)")
        if where.is_archived or self.member.id not in where.members:
            raise Impossible(f"{self.member.real_name} can't write in {where.name}")
        message = await say(self._at, self.member, where, text, thread_ts)
        await self.settle()
        return message

    async def fill(self, label: str, text: str) -> None:
        """Type into a text field; "" empties it."""
        where, _ = self._place(None)
        field = find_field(where.blocks, label)
        if field.key not in {"value", "selected_date", "selected_time"}:
            raise Impossible(f"{label!r} is a {field.kind}: choose() or tick() it")
        on = (field.element.get("dispatch_action_config") or {}).get("trigger_actions_on", ["on_enter_pressed"])
        await self._set(field, text or None, where, send=field.dispatches and "on_character_entered" in on)

    async def enter(self, label: str) -> None:
        """Press Enter in a text field that sends its text to the bot (``dispatch_action``)."""
        where, typed = self._place(None)
        field = find_field(where.blocks, label)
        if field.dispatches:
            self._note(await self._act(field, {"value": held(field, typed)}, where))
            await self.settle()

    async def choose(self, label: str, option: str | list[str] | None, *, message: Message | None = None) -> None:
        """Choose in a menu, radio buttons or date picker; a list in one for several; None takes the choice back."""
        where, _ = self._place(message)
        field = find_field(where.blocks, label)
        wanted = option if isinstance(option, list) else [] if option is None else [option]
        found = [await self._choice(field, one, where) for one in wanted]
        value = found if field.is_plural else (found[0] if found else None)
        await self._set(field, value, where, send=field.dispatches)

    async def options(self, label: str, query: str = "", *, message: Message | None = None) -> list[str]:
        """What a menu offers for these letters; one with options from the bot asks it (``block_suggestion``)."""
        where, _ = self._place(message)
        found = await self._options(find_field(where.blocks, label), query, where)
        return [option_text(option) for option in found]

    async def tick(self, label: str, option: str | None = None, on: bool = True) -> None:
        """Tick (or with ``on=False`` untick) a checkbox: by its field and option, or by its own words."""
        where, typed = self._place(None)
        field, chosen = find_checkbox(where.blocks, label, option)
        rest = [one for one in held(field, typed) if one["value"] != chosen["value"]]
        await self._set(field, [*rest, chosen] if on else rest, where, send=field.dispatches)

    async def press(
        self,
        label: str,
        *,
        message: Message | None = None,
        block: str | None = None,
        near: str | None = None,
        times: int = 1,
    ) -> None:
        """Press a button of the message, else of the modal in front, else of the App Home; confirms are answered yes.

        Args:
            label: the words on it, or its action_id.
            message: the message it stands in.
            block: block_id it stands in, if there are several.
            near: words in or directly above its block, if there are several.
            times: 2 for a double click: both are under way at once.
        """
        self._must_be_here()
        where, _ = self._place(message)
        field = find_button(where.blocks, label, block=block, near=near)
        value = pressed_value(field.element, label)
        notices = await asyncio.gather(*(self._act(field, value, where) for _ in range(times)))
        self._note(_worst(notices))
        await self.settle()

    async def submit(self, label: str | None = None, *, force: bool = False, times: int = 1) -> None:
        """Press the submit button of the modal in front.

        Args:
            label: what must be written on it.
            force: send it even if Slack's client would not: required fields empty, texts too long.
            times: 2 for a double click or a second client: both are under way at once.
        """
        self._must_be_here()
        view = self._modal()
        if view.submit_label is None or label not in (None, view.submit_label):
            raise Impossible(f"no submit button {label or ''!r}; there is {view.submit_label!r}")
        view.errors = {} if force else unfilled(view)
        if view.errors:
            self._at.changed(f"modal:{self.seat}")
            return
        self._note(_worst(await asyncio.gather(*(self._submit(view) for _ in range(times)))))
        await self.settle()

    async def cancel(self) -> None:
        """Press the close button: the view in front goes (all of them, if it says clear_on_close)."""
        view = self._modal()
        cleared = bool(view.body.get("clear_on_close"))
        if cleared:
            self._at.screens.clear(self.seat)
        else:
            self._at.screens.close(view)
        await self._closed(view, is_cleared=cleared)

    async def dismiss(self) -> None:
        """Press the cross: the whole stack goes; the bot hears of its first view."""
        self._modal()
        root = self._at.screens.stack(self.seat)[0]
        self._at.screens.clear(self.seat)
        await self._closed(root, is_cleared=True)

    async def settle(self, limit: float = SETTLE_SECONDS) -> None:
        """Wait until nothing is under way between Slack and the bot.

        Raises:
            TimeoutError: it did not become quiet within ``limit`` seconds.
        """
        if self._at.quiet_seconds:
            await self._at.activity.settled(self._at.quiet_seconds, limit)

    # -- what no honest client does ----------------------------------------------------------------------------

    async def repeat(self, *, exact: bool = False) -> Answer:
        """Send the last payload again, as a retry or a replay (``exact``: with the same signature and time)."""
        return await self.wire.repeat(exact=exact)

    async def send(self, payload: Any, kind: Kind = "interactive") -> Answer:
        """Send any payload, well signed. Its answer has no effect on what this person sees."""
        return await self.wire.send_raw(payload, kind)

    def draft_submission(self) -> Json:
        """The payload that submitting the modal in front would send: to be changed and sent."""
        return self._payloads.submission(self._modal())

    def draft_press(self, label: str, *, message: Message | None = None) -> Json:
        """The payload that pressing a button would send: to be changed and sent."""
        where, typed = self._place(message)
        field = find_button(where.blocks, label)
        return self._payloads.action(field.element, field.pair[0], pressed_value(field.element, label), where, typed)

    # ----------------------------------------------------------------------------------------------------------

    def _must_be_here(self) -> None:
        if self.member.deleted:
            raise Impossible(f"{self.member.real_name} is deactivated and can't use Slack")

    def _modal(self) -> View:
        if self.modal is None:
            raise Impossible("no modal is open")
        return self.modal

    def _where(self, channel: str | None) -> Channel:
        if channel:
            return self._at.channel(channel)
        mine = (one for one in self._at.channels.values() if self.member.id in one.members)
        return next((one for one in mine if one.kind == "public"), None) or self._at.direct(self.member.id)

    def _note(self, notice: str | None) -> None:
        self.notice = notice
        self._at.changed(f"notice:{self.seat}")

    async def _interact(self, payload: Json) -> None:
        self._note(answers.after_interaction(self._at, await self.wire.send("interactive", payload)))
        await self.settle()

    async def _act(self, field: Field, value: Json, where: View | Message) -> str | None:
        typed = where.typed if isinstance(where, View) else self._typed.setdefault(where.ts, {})
        payload = self._payloads.action(field.element, field.pair[0], value, where, typed)
        return answers.after_interaction(self._at, await self.wire.send("interactive", payload))

    async def _set(self, field: Field, value: Any, where: View | Message, *, send: bool) -> None:
        typed = where.typed if isinstance(where, View) else self._typed.setdefault(where.ts, {})
        typed[field.pair] = value
        if isinstance(where, View):
            self._at.changed(f"{where.type}:{self.seat}")
        if send:
            self._note(await self._act(field, {field.key: value}, where))
            await self.settle()

    async def _submit(self, view: View) -> str | None:
        view.busy = True
        self._at.changed(f"modal:{self.seat}")
        with self._at.activity.under_way():
            answer = await self.wire.send("interactive", self._payloads.submission(view))
            view.busy = False
            notice = answers.after_submission(self._at, answer, view)
        self._at.changed(f"modal:{self.seat}")
        return notice

    async def _closed(self, view: View, *, is_cleared: bool) -> None:
        self._at.changed(f"modal:{self.seat}")
        if view.body.get("notify_on_close"):
            await self._interact(self._payloads.closed(view, is_cleared=is_cleared))

    async def _choice(self, field: Field, wanted: str, where: View | Message) -> Any:
        if "users" in field.kind:
            return self._at.member(wanted).id
        if "conversations" in field.kind or "channels" in field.kind:
            return self._at.channel(wanted).id
        if not field.key.startswith("selected_option"):
            return wanted
        offered = [*self._offered.get(field.pair, []), *options_of(field.element)]
        if "external" in field.kind and wanted not in [option_text(one) for one in offered]:
            offered = await self._options(field, wanted, where)
        return find_option(offered, wanted)

    async def _options(self, field: Field, query: str, where: View | Message) -> list[Json]:
        if "external" not in field.kind:
            return [one for one in options_of(field.element) if query.lower() in option_text(one).lower()]
        if len(query) < field.element.get("min_query_length", MIN_QUERY):
            return []
        payload = self._payloads.suggestion(field.element, field.pair[0], query, where)
        found = answers.suggested(self._at, await self.wire.send("options", payload))
        self._offered[field.pair] = found
        return found


def _worst(notices: list[str | None]) -> str | None:
    return next((notice for notice in notices if notice), None)
