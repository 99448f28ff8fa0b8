"""usergroups.list and usergroups.users.list."""

from __future__ import annotations

from bot.sandbox.records import Json, UserGroup
from bot.sandbox.refused import Refused
from bot.sandbox.web_api.call import Call, method

_READ = ("usergroups:read",)


@method("usergroups.list", scopes=_READ)
def list_(call: Call) -> Json:
    """All user groups (https://docs.slack.dev/reference/methods/usergroups.list)."""
    groups = [group for group in call.at.usergroups.values() if _counts(call, group)]
    return {"usergroups": [_group(call, group) for group in groups]}


@method("usergroups.users.list", scopes=_READ)
def users_list(call: Call) -> Json:
    """The people of a group (https://docs.slack.dev/reference/methods/usergroups.users.list)."""
    group = call.at.usergroups.get(call.need("usergroup"))
    if group is None or not _counts(call, group):
        raise Refused("no_such_subteam")
    return {"users": list(group.users)}


def _counts(call: Call, group: UserGroup) -> bool:
    return not group.disabled or call.flag("include_disabled")


def _group(call: Call, group: UserGroup) -> Json:
    body: Json = {
        "id": group.id,
        "team_id": call.at.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_update": group.updated,
        "date_delete": group.updated if group.disabled else 0,
        "user_count": len(group.users),
    }
    return body | ({"users": list(group.users)} if call.flag("include_users") else {})
