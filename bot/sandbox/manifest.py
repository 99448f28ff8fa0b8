"""The app's manifest as the workspace reads it (https://docs.slack.dev/reference/app-manifest)."""

from __future__ import annotations

from typing import Any

from bot.sandbox.blockkit.shapes import Problems, listed, string
from bot.sandbox.records import Json

_LENGTHS: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("manifest.name", 35, ("display_information", "name")),
    ("manifest.name", 140, ("display_information", "description")),
    ("manifest.bot", 80, ("features", "bot_user", "display_name")),
)
_LISTS: tuple[tuple[str, int, tuple[str, ...], dict[str, int]], ...] = (
    (
        "manifest.commands",
        50,
        ("features", "slash_commands"),
        {"command": 32, "description": 2000, "usage_hint": 1000},
    ),
    ("manifest.shortcuts", 10, ("features", "shortcuts"), {"name": 24, "callback_id": 255, "description": 150}),
    ("manifest.events", 100, ("settings", "event_subscriptions", "bot_events"), {}),
    ("manifest.scopes", 255, ("oauth_config", "scopes", "bot"), {}),
)


def problems_of_manifest(body: Json) -> Problems:
    """Breaches of the manifest's limits."""
    problems: Problems = []
    for rule, most, path in _LENGTHS:
        string(most, rule)(problems, _at(body, *path) or "", "/" + "/".join(path))
    for rule, most, path, lengths in _LISTS:
        _check_list(problems, _at(body, *path) or [], "/" + "/".join(path), (rule, most, lengths))
    return problems


def _check_list(problems: Problems, items: Any, pointer: str, limits: tuple[str, int, dict[str, int]]) -> None:
    rule, most, lengths = limits

    def each(found: Problems, item: Any, where: str) -> None:
        for key, longest in lengths.items():
            string(longest, rule)(found, item.get(key, ""), f"{where}/{key}")

    listed(each, 0, most, rule)(problems, items, pointer)


class Manifest:
    """What the app is called, may do and wants to hear.

    Raises:
        ValueError: the manifest breaks a limit of Slack's.
    """

    def __init__(self, body: Json) -> None:
        problems = problems_of_manifest(body)
        if problems:
            raise ValueError("the manifest is not valid: " + "; ".join(map(str, problems)))
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
