"""users.info, users.list, users.lookupByEmail, users.conversations."""

from __future__ import annotations

from bot.sandbox.records import Json, Member
from bot.sandbox.refused import Refused
from bot.sandbox.web_api.call import Call, method
from bot.sandbox.web_api.conversations import conversation, listed


@method("users.info", scopes=("users:read",))
def info(call: Call) -> Json:
    """One person (https://docs.slack.dev/reference/methods/users.info)."""
    return {"user": user(call, call.person("user"), locale=call.flag("include_locale"))}


@method("users.list", scopes=("users:read",))
def list_(call: Call) -> Json:
    """Everybody of this workspace, in pages (https://docs.slack.dev/reference/methods/users.list)."""
    own = [member for member in call.at.people.values() if member.team_id == call.at.team_id]
    some, cursor = call.page(own)
    members = [user(call, member, locale=call.flag("include_locale")) for member in some]
    now = int(call.at.now())
    return {"members": members, "cache_ts": now, "response_metadata": {"next_cursor": cursor}}


@method("users.lookupByEmail", scopes=("users:read.email",))
def lookup_by_email(call: Call) -> Json:
    """The person with this address (https://docs.slack.dev/reference/methods/users.lookupByEmail)."""
    email = call.need("email").lower()
    for member in call.at.people.values():
        if member.email.lower() == email and not member.deleted and member.team_id == call.at.team_id:
            return {"user": user(call, member)}
    raise Refused("users_not_found")


@method("users.conversations", scopes=("channels:read", "groups:read", "im:read", "mpim:read"))
def conversations(call: Call) -> Json:
    """The channels of a person, or of the bot (https://docs.slack.dev/reference/methods/users.conversations)."""
    who = call.text("user", call.at.bot_user_id)
    if who not in call.at.people:
        raise Refused("user_not_found")
    inside = [channel for channel in listed(call) if who in channel.members]
    some, cursor = call.page(inside)
    return {
        "channels": [conversation(call.at, channel) for channel in some],
        "response_metadata": {"next_cursor": cursor},
    }


def user(call: Call, member: Member, *, locale: bool = False) -> Json:
    """A user object (https://docs.slack.dev/reference/objects/user-object): strangers have fewer keys."""
    body: Json = {
        "id": member.id,
        "team_id": member.team_id,
        "name": member.name,
        "deleted": member.deleted,
        "profile": _profile(call, member),
        "is_bot": member.is_bot,
        "is_app_user": False,
        "updated": member.updated,
    }
    if member.is_stranger:
        return body | {"is_stranger": True}
    if locale:
        body["locale"] = member.locale
    if member.deleted:
        return body
    return body | {
        "color": "9f69e7",
        "real_name": member.real_name,
        "tz": member.tz,
        "tz_label": member.tz,
        "tz_offset": member.tz_offset,
        "is_admin": member.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": member.is_restricted,
        "is_ultra_restricted": member.is_ultra_restricted,
        "is_email_confirmed": True,
    }


def _profile(call: Call, member: Member) -> Json:
    profile: Json = {
        "real_name": member.real_name,
        "real_name_normalized": member.real_name,
        "display_name": member.name,
        "display_name_normalized": member.name,
        "team": member.team_id,
    }
    foreign = member.team_id != call.at.team_id
    if "users:read.email" in call.at.manifest.scopes and not member.is_bot and not foreign:
        profile["email"] = member.email
    return profile
