"""What people write into channels, and the events that tell the bot of it."""

from __future__ import annotations

import re
import uuid

from bot.sandbox.completion import completed_blocks
from bot.sandbox.events import emit
from bot.sandbox.records import Channel, Json, Member, Message
from bot.sandbox.workspace import Workspace

_CHANNEL_TYPES = {"im": "im", "public": "channel", "private": "group"}


_MENTION = re.compile(r"<[@#][A-Z0-9]+>")


def escaped(text: str) -> str:
    """Give what was typed as Slack passes it on, with entities for &, < and > (docs.slack.dev/messaging)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


async def say(at: Workspace, member: Member, where: Channel, text: str, thread_ts: str | None = None) -> Message:
    """Put a person's message into a channel; the bot hears of it if its manifest subscribes."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    mentions = [*_MENTION.findall(text), ""]
    passed_on = "".join(escaped(piece) + mention for piece, mention in zip(_MENTION.split(text), mentions, strict=True))
    message = Message(
        at.next_ts(),
        where.id,
        member.id,
        passed_on,
        completed_blocks([{"type": "rich_text", "elements": [section]}]),
        thread_ts=thread_ts,
        team=member.team_id,
        client_msg_id=str(uuid.uuid4()),
    )
    at.put(message)
    body: Json = message.as_json() | {"channel": where.id}
    await emit(at, body | {"channel_type": _CHANNEL_TYPES[where.kind]}, who=member.id)
    if f"<@{at.bot_user_id}>" in text and where.kind != "im":
        await emit(at, body | {"type": "app_mention"}, who=member.id)
    return message
