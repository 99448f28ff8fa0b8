"""The Slack app manifest of this version: what ``gatehouse manifest`` prints and ``manifest.yml`` holds.

Its rules: docs.slack.dev/reference/app-manifest and Slack's own schema (github.com/slackapi/manifest-schema).
"""

from typing import Any

import yaml

from blocks import apis, clients

COMMANDS = {
    "/create-client": ("Create a client for calling APIs", "[organization]"),
    "/apis": ("Find an API and its plans", "[text]"),
    "/my-clients": ("See your clients and edit them", ""),
    "/approvals": ("See what waits for your approval", ""),
    "/gatehouse": ("See what you can do with Gatehouse", ""),
}
SHORTCUTS = {
    clients.CREATE: ("Create client", "Create a client for calling APIs"),
    apis.FIND: ("Find an API", "Find an API and sign up for one of its plans"),
}
EVENTS = ("app_home_opened", "user_change")
SCOPES = ("chat:write", "commands", "im:write", "users:read", "users:read.email")
"""Each with its use: see the table in docs/workspace.md."""
EXAMPLE_URL = "https://gatehouse.example.com"
"""Stands in the manifest until the real address is put there."""

_LONG = (
    "Gatehouse brings API management into Slack. Create a client in a short wizard, sign it up for a plan of an API, "
    "and approve or reject requests with a button: type /create-client, /my-clients or /approvals, use the "
    "shortcuts, or open the Home tab. Who may do what is read from the roles your platform team keeps."
)


def manifest(url: str = EXAMPLE_URL, *, socket: bool = False) -> dict[str, Any]:
    """Return the manifest.

    Args:
        url: where Slack reaches this installation, without ``/slack/events``; not used with ``socket``.
        socket: for Socket Mode, where Slack needs no address.
    """
    address = {} if socket else {"url": f"{url.rstrip('/')}/slack/events"}
    request = {} if socket else {"request_url": f"{url.rstrip('/')}/slack/events"}
    options = {} if socket else {"message_menu_options_url": f"{url.rstrip('/')}/slack/events"}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Gatehouse",
            "description": "Clients, contracts and approvals of your APIs, inside Slack",
            "long_description": _LONG,
            "background_color": "#1f3a4d",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "Gatehouse", "always_online": True},
            "shortcuts": [_shortcut(id_, *words) for id_, words in SHORTCUTS.items()],
            "slash_commands": [_command(name, *words) | address for name, words in COMMANDS.items()],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": request | {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True} | request | options,
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }


def as_yaml(content: dict[str, Any]) -> str:
    """Return a manifest as the text of ``manifest.yml``."""
    head = "# Printed by `gatehouse manifest`; make an app from it at api.slack.com/apps (see README.md).\n"
    return head + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def _shortcut(callback_id: str, name: str, description: str) -> dict[str, Any]:
    return {"name": name, "type": "global", "callback_id": callback_id, "description": description}


def _command(command: str, description: str, hint: str) -> dict[str, Any]:
    usage = {"usage_hint": hint} if hint else {}
    return {"command": command, "description": description, **usage, "should_escape": False}
