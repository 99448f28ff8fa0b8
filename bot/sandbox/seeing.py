"""What a person sees at their Slack client."""

from __future__ import annotations

from typing import Any

from bot.sandbox.fields import Pair
from bot.sandbox.finding import Impossible, find_field
from bot.sandbox.records import Channel, Member, Message
from bot.sandbox.views import View
from bot.sandbox.wording import lines, shown, view_lines
from bot.sandbox.workspace import Workspace


class Onlooker:
    """One person at one client, looking only.

    ``seat`` is the client: the person's id, or id/device for a second one.
    """

    def __init__(self, at: Workspace, member: Member, seat: str) -> None:
        self.member, self.seat = member, seat
        self._at = at
        self._typed: dict[str, dict[Pair, Any]] = {}

    @property
    def views(self) -> list[View]:
        """The modal stack in front, top last."""
        return list(self._at.screens.stack(self.seat))

    @property
    def modal(self) -> View | None:
        """The modal in front."""
        stack = self._at.screens.stack(self.seat)
        return stack[-1] if stack else None

    @property
    def home(self) -> View | None:
        """The App Home, once the bot has published one."""
        return self._at.screens.homes.get(self.member.id)

    @property
    def errors(self) -> dict[str, str]:
        """Error texts shown in the modal in front, by the label of their field."""
        if self.modal is None:
            return {}
        labels = {block["block_id"]: block["label"]["text"] for block in self.modal.blocks if block["type"] == "input"}
        return {labels.get(block_id, block_id): text for block_id, text in self.modal.errors.items()}

    def value(self, label: str, *, message: Message | None = None) -> Any:
        """What a field holds now, as it is shown: text, an option's words, or a list of them."""
        where, typed = self._place(message)
        return shown(find_field(where.blocks, label), typed)

    def sees(self) -> str:
        """All visible words of the modal in front (else of the App Home), one line a piece."""
        view = self.modal or self.home
        return "\n".join(view_lines(view)) if view else ""

    def reads(self, channel: str) -> list[Message]:
        """The messages of a channel as this person sees them, oldest first, with those only they can see."""
        there = self._at.channel(channel)
        if not self._may_read(there):
            return []
        own = [one for one in self._at.ephemerals if one.channel == there.id and one.ephemeral_to == self.member.id]
        return sorted([*there.messages, *own], key=lambda message: float(message.ts))

    def inbox(self) -> list[Message]:
        """The direct messages with the bot, oldest first."""
        return self.reads(self._at.direct(self.member.id).id)

    def told(self, words: str) -> bool:
        """Whether these words stand in the modal in front, the direct messages or a message only they can see."""
        own = [one for one in self._at.ephemerals if one.ephemeral_to == self.member.id]
        texts = [line for one in [*self.inbox(), *own] for line in [one.text, *lines(one.blocks)]]
        return any(words in text for text in [self.sees(), *texts])

    def _may_read(self, channel: Channel) -> bool:
        return channel.kind == "public" or self.member.id in channel.members

    def _sees_message(self, message: Message) -> bool:
        if message.is_ephemeral:
            return message.ephemeral_to == self.member.id and message in self._at.ephemerals
        there = self._at.channels[message.channel]
        return self._may_read(there) and there.find(message.ts) is message

    def _place(self, message: Message | None) -> tuple[View | Message, dict[Pair, Any]]:
        if message is not None:
            if not self._sees_message(message):
                raise Impossible(f"{self.member.real_name} does not see that message")
            return message, self._typed.setdefault(message.ts, {})
        view = self.modal or self.home
        if view is None:
            raise Impossible("neither a modal nor an App Home is there")
        return view, view.typed
