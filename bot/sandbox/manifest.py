"""The app's manifest as the workspace reads it (https://docs.slack.dev/reference/app-manifest)."""

from __future__ import annotations

from typing import Any

from bot.sandbox.records import Json


class Manifest:
    """What the app is called, may do and wants to hear."""

    def __init__(self, body: Json) -> None:
        self.body = body
        features: Json = body.get("features") or {}
        settings: Json = body.get("settings") or {}
        self.name: str = body.get("display_information", {}).get("name", "App")
        self.bot_name: str = (features.get("bot_user") or {}).get("display_name", self.name)
        self.commands: list[Json] = features.get("slash_commands") or []
        self.shortcuts: list[Json] = features.get("shortcuts") or []
        self.scopes: list[str] = _at(body, "oauth_config", "scopes", "bot") or []
        self.bot_events: list[str] = _at(settings, "event_subscriptions", "bot_events") or []
        home: Json = features.get("app_home") or {}
        self.home_enabled: bool = home.get("home_tab_enabled", False)
        self.messages_enabled: bool = home.get("messages_tab_enabled", True)
        self.messages_read_only: bool = home.get("messages_tab_read_only_enabled", False)

    def command(self, name: str) -> Json | None:
        """The slash command of this name, with its slash."""
        return next((command for command in self.commands if command["command"] == name), None)

    def shortcut(self, name: str, kind: str = "global") -> Json | None:
        """The shortcut that a person sees under this name (or knows by callback_id)."""
        known = (shortcut for shortcut in self.shortcuts if shortcut["type"] == kind)
        return next((shortcut for shortcut in known if name in (shortcut["name"], shortcut["callback_id"])), None)


def _at(body: Json, *path: str) -> Any:
    value: Any = body
    for key in path:
        value = (value or {}).get(key)
    return value
