"""auth.test, api.test, apps.connections.open, bots.info, team.info."""

from __future__ import annotations

from bot.sandbox.records import Json
from bot.sandbox.refused import Refused
from bot.sandbox.web_api.call import Call, method


@method("api.test", reads_json=True, caller="none")
def api_test(call: Call) -> Json:
    """Give the arguments back (https://docs.slack.dev/reference/methods/api.test)."""
    if call.args.get("error"):
        raise Refused(call.text("error"), args=call.args)
    return {"args": call.args}


@method("auth.test", reads_json=True)
def auth_test(call: Call) -> Json:
    """Who the token belongs to (https://docs.slack.dev/reference/methods/auth.test)."""
    at = call.at
    return {
        "url": f"https://{at.teams[at.team_id].domain}.slack.com/",
        "team": at.team_name,
        "user": at.people[at.bot_user_id].name,
        "team_id": at.team_id,
        "user_id": at.bot_user_id,
        "bot_id": at.bot_id,
        "is_enterprise_install": at.org_install,
        **({"enterprise_id": at.enterprise["id"]} if at.enterprise else {}),
    }


@method("apps.connections.open", caller="app")
def connections_open(call: Call) -> Json:
    """A WebSocket address for Socket Mode (https://docs.slack.dev/reference/methods/apps.connections.open)."""
    return {"url": call.delivery.socket_mode.url()}


@method("bots.info", scopes=("users:read",))
def bots_info(call: Call) -> Json:
    """The bot itself (https://docs.slack.dev/reference/methods/bots.info)."""
    at = call.at
    if call.text("bot", at.bot_id) != at.bot_id:
        raise Refused("bot_not_found")
    bot = at.people[at.bot_user_id]
    about = {"id": at.bot_id, "deleted": False, "name": at.manifest.name, "updated": bot.updated}
    return {"bot": about | {"app_id": at.app_id, "user_id": bot.id, "icons": {}}}


@method("team.info", scopes=("team:read",), reads_json=True)
def team_info(call: Call) -> Json:
    """The workspace (https://docs.slack.dev/reference/methods/team.info)."""
    team = call.at.teams.get(call.text("team", call.at.team_id))
    if team is None:
        raise Refused("team_not_found")
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": "", "icon": {}}}
