"""conversations.open, info, history, replies, list, members, join."""

from __future__ import annotations

from bot.sandbox.records import Channel, Json, Message
from bot.sandbox.refused import Refused
from bot.sandbox.web_api.call import Call, method
from bot.sandbox.workspace import Workspace

_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
_SCOPE_KIND = {"public": "channels", "private": "groups", "im": "im"}
_KIND_TYPES = {"public": "public_channel", "private": "private_channel", "im": "im"}

OPEN_LIMIT = 8
"""People in one conversations.open (https://docs.slack.dev/reference/methods/conversations.open)."""


@method("conversations.open", scopes=("im:write",), reads_json=True)
def open_(call: Call) -> Json:
    """Open the direct messages with a person (https://docs.slack.dev/reference/methods/conversations.open)."""
    channel = call.channel() if call.text("channel") else _direct(call)
    body: Json = {"id": channel.id}
    return {"channel": conversation(call.at, channel) if call.flag("return_im") else body}


def _direct(call: Call) -> Channel:
    given = call.args.get("users") or ""
    ids = [one.strip() for one in (given if isinstance(given, list) else str(given).split(",")) if one.strip()]
    if not ids:
        raise Refused("users_list_not_supplied")
    if len(ids) > OPEN_LIMIT:
        raise Refused("too_many_users")
    if len(ids) > 1:
        raise Refused("missing_scope", needed="mpim:write", provided=",".join(call.at.manifest.scopes))
    member = call.at.people.get(ids[0])
    if member is None or member.is_bot:
        raise Refused("user_not_found")
    if member.deleted:
        raise Refused("user_disabled")
    if member.is_stranger:
        raise Refused("user_not_visible")
    return call.at.direct(member.id)


@method("conversations.info", scopes=_READ)
def info(call: Call) -> Json:
    """One conversation (https://docs.slack.dev/reference/methods/conversations.info)."""
    channel = call.channel()
    _need_scope(call, channel, "read")
    body = conversation(call.at, channel)
    return {"channel": body | ({"num_members": len(channel.members)} if call.flag("include_num_members") else {})}


@method("conversations.history", scopes=_HISTORY, reads_json=True)
def history(call: Call) -> Json:
    """Messages, newest first (https://docs.slack.dev/reference/methods/conversations.history)."""
    channel = _readable(call)
    top = [one for one in reversed(channel.messages) if one.thread_ts in (None, one.ts) and _within(call, one)]
    some, cursor = call.page(top)
    messages = [with_metadata(call, message) for message in some]
    return {"messages": messages, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


@method("conversations.replies", scopes=_HISTORY, reads_json=True)
def replies(call: Call) -> Json:
    """A thread, oldest first (https://docs.slack.dev/reference/methods/conversations.replies)."""
    channel = _readable(call)
    ts = call.need("ts")
    if channel.find(ts) is None:
        raise Refused("thread_not_found")
    thread = [message for message in channel.messages if ts in (message.ts, message.thread_ts)]
    some, cursor = call.page(thread)
    messages = [with_metadata(call, message) for message in some]
    return {"messages": messages, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


@method("conversations.list", scopes=_READ)
def list_(call: Call) -> Json:
    """Conversations the bot can know of (https://docs.slack.dev/reference/methods/conversations.list)."""
    some, cursor = call.page(listed(call))
    return {
        "channels": [conversation(call.at, channel) for channel in some],
        "response_metadata": {"next_cursor": cursor},
    }


@method("conversations.members", scopes=_READ)
def members(call: Call) -> Json:
    """Who is inside (https://docs.slack.dev/reference/methods/conversations.members)."""
    channel = call.channel()
    _need_scope(call, channel, "read")
    some, cursor = call.page(sorted(channel.members))
    return {"members": some, "response_metadata": {"next_cursor": cursor}}


@method("conversations.join", scopes=("channels:join",), reads_json=True)
def join(call: Call) -> Json:
    """Let the bot enter a public channel (https://docs.slack.dev/reference/methods/conversations.join)."""
    channel = call.channel()
    if channel.kind != "public":
        raise Refused("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise Refused("is_archived")
    channel.members.add(call.at.bot_user_id)
    return {"channel": conversation(call.at, channel)}


def listed(call: Call) -> list[Channel]:
    """The conversations that ``types`` and ``exclude_archived`` ask for and the bot may know of."""
    types = {one.strip() for one in call.text("types", "public_channel").split(",")}
    return [
        channel
        for channel in call.at.channels.values()
        if _KIND_TYPES[channel.kind] in types
        and f"{_SCOPE_KIND[channel.kind]}:read" in call.at.manifest.scopes
        and (channel.kind == "public" or call.at.bot_user_id in channel.members)
        and not (call.flag("exclude_archived") and channel.is_archived)
    ]


def conversation(at: Workspace, channel: Channel) -> Json:
    """A conversation object (https://docs.slack.dev/reference/objects/conversation-object)."""
    if channel.kind == "im":
        body: Json = {"id": channel.id, "created": channel.created, "is_im": True, "is_org_shared": False}
        return body | {"context_team_id": at.team_id, "user": channel.user, "is_archived": False, "is_open": True}
    private = channel.kind == "private"
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not private,
        "is_group": private,
        "is_im": False,
        "is_mpim": False,
        "is_private": private,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_general": channel.name == "general",
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "is_member": at.bot_user_id in channel.members,
        "context_team_id": at.team_id,
        "shared_team_ids": sorted({at.people[member].team_id for member in channel.members} | {at.team_id}),
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def with_metadata(call: Call, message: Message) -> Json:
    """A message as history shows it: metadata only if asked for."""
    body = message.as_json()
    if not call.flag("include_all_metadata"):
        body.pop("metadata", None)
    return body


def _readable(call: Call) -> Channel:
    channel = call.channel()
    _need_scope(call, channel, "history")
    if call.at.bot_user_id not in channel.members:
        raise Refused("not_in_channel")
    return channel


def _within(call: Call, message: Message) -> bool:
    oldest, latest = call.text("oldest", "0"), call.text("latest", "99999999999")
    stamp = float(message.ts)
    if call.flag("inclusive"):
        return float(oldest) <= stamp <= float(latest)
    return float(oldest) < stamp < float(latest)


def _need_scope(call: Call, channel: Channel, what: str) -> None:
    needed = f"{_SCOPE_KIND[channel.kind]}:{what}"
    if needed not in call.at.manifest.scopes:
        raise Refused("missing_scope", needed=needed, provided=",".join(call.at.manifest.scopes))
