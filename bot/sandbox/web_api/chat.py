"""chat.postMessage, update, delete, postEphemeral, getPermalink."""

from __future__ import annotations

from bot.sandbox.completion import completed_blocks
from bot.sandbox.records import Channel, Json, Message
from bot.sandbox.refused import Refused
from bot.sandbox.surfaces import check_blocks
from bot.sandbox.web_api.call import Call, method

_WRITE = ("chat:write",)

TEXT_CUT = 40_000
"""Characters after which Slack cuts a message's text (https://docs.slack.dev/reference/methods/chat.postMessage)."""

UPDATE_TEXT = 4_000
"""Characters of text that chat.update takes (https://docs.slack.dev/reference/methods/chat.update)."""


@method("chat.postMessage", scopes=_WRITE, reads_json=True)
def post_message(call: Call) -> Json:
    """Post a message (https://docs.slack.dev/reference/methods/chat.postMessage)."""
    content = _content(call)
    channel = _target(call)
    _may_post(call, channel)
    message = Message(
        call.at.next_ts(),
        channel.id,
        call.at.bot_user_id,
        thread_ts=_thread(call, channel),
        metadata=_metadata(call),
        bot_id=call.at.bot_id,
        app_id=call.at.app_id,
        team=call.at.team_id,
        **content,
    )
    call.at.put(message)
    return {"channel": channel.id, "ts": message.ts, "message": message.as_json()}


@method("chat.postEphemeral", scopes=_WRITE, reads_json=True)
def post_ephemeral(call: Call) -> Json:
    """Show one person a message (https://docs.slack.dev/reference/methods/chat.postEphemeral)."""
    content = _content(call)
    channel = call.channel()
    user = call.at.people.get(call.need("user"))
    if channel.is_archived:
        raise Refused("is_archived")
    if call.at.bot_user_id not in channel.members and channel.kind != "public":
        raise Refused("channel_not_found")
    if user is None or user.deleted or user.id not in channel.members:
        raise Refused("user_not_in_channel")
    message = Message(
        call.at.next_ts(),
        channel.id,
        call.at.bot_user_id,
        thread_ts=call.text("thread_ts") or None,
        bot_id=call.at.bot_id,
        app_id=call.at.app_id,
        team=call.at.team_id,
        ephemeral_to=user.id,
        **content,
    )
    call.at.put(message)
    return {"message_ts": message.ts}


@method("chat.update", scopes=_WRITE, reads_json=True)
def update(call: Call) -> Json:
    """Change one of the bot's own messages (https://docs.slack.dev/reference/methods/chat.update)."""
    channel, message = _own(call, "cant_update_message")
    text, blocks = call.args.get("text"), call.json("blocks")
    if text is None and blocks is None and call.json("attachments") is None and call.json("metadata") is None:
        raise Refused("no_text")
    if text is not None and len(str(text)) > UPDATE_TEXT:
        call.at.violated("update.text", f"chat.update with more than {UPDATE_TEXT} characters of text")
        raise Refused("msg_too_long")
    if blocks is not None:
        check_blocks(call.at, blocks)
        _no_mismatch(call, message, blocks)
    _change(call, message, text, blocks)
    call.at.altered(message)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": message.as_json()}


@method("chat.delete", scopes=_WRITE, reads_json=True)
def delete(call: Call) -> Json:
    """Delete one of the bot's own messages (https://docs.slack.dev/reference/methods/chat.delete)."""
    channel, message = _own(call, "cant_delete_message")
    call.at.remove(message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.getPermalink")
def get_permalink(call: Call) -> Json:
    """The address of a message (https://docs.slack.dev/reference/methods/chat.getPermalink)."""
    channel = call.channel()
    message = channel.find(call.need("message_ts"))
    if message is None:
        raise Refused("message_not_found")
    domain = call.at.teams[call.at.team_id].domain
    link = f"https://{domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


def _content(call: Call) -> Json:
    text, blocks, attachments = call.text("text"), call.json("blocks"), call.json("attachments")
    if call.text("markdown_text") and (text or blocks):
        raise Refused("markdown_text_conflict")
    if blocks:
        check_blocks(call.at, blocks)
    if not (text or blocks or attachments or call.text("markdown_text")):
        raise Refused("no_text")
    if isinstance(attachments, list) and len(attachments) > 100:
        raise Refused("too_many_attachments")
    text = text or call.text("markdown_text")
    return {
        "text": text[:TEXT_CUT],
        "blocks": completed_blocks(blocks or []),
        "attachments": attachments or [],
    }


def _target(call: Call) -> Channel:
    given = call.need("channel")
    if given in call.at.people:
        member = call.at.people[given]
        if member.deleted or member.id == call.at.bot_user_id or member.is_stranger:
            raise Refused("channel_not_found")
        return call.at.direct(given)
    if given.startswith("#"):
        by_name = [one.id for one in call.at.channels.values() if one.name == given[1:] and one.kind != "im"]
        if by_name:
            return Call(call.at, call.delivery, call.args | {"channel": by_name[0]}).channel()
    return call.channel()


def _may_post(call: Call, channel: Channel) -> None:
    if channel.is_archived:
        raise Refused("is_archived")
    if channel.kind == "im" and not call.at.manifest.messages_enabled:
        raise Refused("messages_tab_disabled")
    if call.at.bot_user_id not in channel.members and "chat:write.public" not in call.at.manifest.scopes:
        raise Refused("not_in_channel")
    call.at.pace.check(channel.id)


def _thread(call: Call, channel: Channel) -> str | None:
    ts = call.text("thread_ts")
    if not ts:
        return None
    parent = channel.find(ts)
    if parent is None:
        raise Refused("thread_not_found")
    root = parent.thread_ts or parent.ts
    first = channel.find(root)
    if first is not None and first.thread_ts is None:
        first.thread_ts = root
        call.at.altered(first)
    return root


def _metadata(call: Call) -> Json | None:
    metadata = call.json("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise Refused("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    return metadata


def _own(call: Call, not_mine: str) -> tuple[Channel, Message]:
    if call.need("channel") in call.at.people:
        raise Refused("channel_not_found")
    channel = call.channel()
    message = channel.find(call.need("ts"))
    if message is None:
        raise Refused("message_not_found")
    if message.bot_id != call.at.bot_id:
        raise Refused(not_mine)
    if channel.is_archived:
        raise Refused("is_inactive")
    return channel, message


def _no_mismatch(call: Call, message: Message, blocks: list[Json]) -> None:
    was_rich = any(block["type"] == "rich_text" for block in message.blocks)
    if was_rich and not any(block["type"] == "rich_text" for block in blocks):
        call.at.violated("update.block_mismatch", "a rich_text message can't become one without rich_text")
        raise Refused("block_mismatch")


def _change(call: Call, message: Message, text: object, blocks: list[Json] | None) -> None:
    if text is not None:
        message.text = str(text)
        if blocks is None:
            message.blocks = []
            message.edited = {"user": call.at.bot_user_id, "ts": call.at.next_ts()}
    if blocks is not None:
        message.blocks = completed_blocks(blocks)
    if call.json("attachments") is not None:
        message.attachments = call.json("attachments")
    if call.json("metadata") is not None:
        message.metadata = _metadata(call)
