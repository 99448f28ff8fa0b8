"""The entries of menus: the app's own, people, conversations, or what the bot answers to ``block_suggestion``."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.fields import Field
from bot.sandbox.page.doing import Target
from bot.sandbox.page.surface import Choice, Surface
from bot.sandbox.records import Channel, Json
from bot.sandbox.wording import option_text
from bot.sandbox.workspace import Workspace

SHOWN = 100
"""Entries of people and conversations that are listed; typing narrows them down."""


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one heading ("" for none)."""

    index: int
    label: str
    options: list[Choice]


async def groups(workspace: Workspace, target: Target, query: str, surface: Surface) -> list[Group]:
    """What the menu offers for these letters, in its groups; empty groups are left out."""
    kind = str(target.element["type"]).removeprefix("multi_")
    if kind == "external_select":
        return await _suggested(workspace, target, query)
    if kind == "users_select":
        return [Group(0, "", _matching(_people(workspace), query))]
    if kind in ("conversations_select", "channels_select"):
        return [Group(0, "", _matching(_conversations(workspace, target), query))]
    parts = _parts(target.element)
    listed = [Group(at, label, _matching(map(surface.choice, options), query)) for at, (label, options) in parts]
    return [group for group in listed if group.options]


def _parts(element: Json) -> list[tuple[int, tuple[str, list[Json]]]]:
    grouped = element.get("option_groups") or []
    if not grouped:
        return [(0, ("", element.get("options") or []))]
    return list(enumerate((str(group["label"]["text"]), group["options"]) for group in grouped))


async def _suggested(workspace: Workspace, target: Target, query: str) -> list[Group]:
    """The bot's answer in its groups. An external option is chosen by its words, which is how the actor knows it."""
    words = await target.actor.options(target.name, query, message=target.message)
    if not words:
        return []
    sections = _headings(workspace, target, query) or [("", words)]
    return [Group(at, label, [Choice(text, text) for text in texts]) for at, (label, texts) in enumerate(sections)]


def _headings(workspace: Workspace, target: Target, query: str) -> list[tuple[str, list[str]]]:
    """The groups of the newest answer to this question, out of the traffic: the actor hears of options only."""
    asked = (target.actor.member.id, target.element.get("action_id"), query)
    for exchange in reversed(workspace.traffic):
        request = exchange.request if isinstance(exchange.request, dict) else {}
        if request.get("type") != "block_suggestion" or not isinstance(exchange.response, dict):
            continue
        if (request["user"]["id"], request.get("action_id"), request.get("value")) == asked:
            given = exchange.response.get("option_groups") or []
            return [(str(one["label"]["text"]), [option_text(option) for option in one["options"]]) for one in given]
    return []


def _matching(choices: "map[Choice] | list[Choice]", query: str) -> list[Choice]:
    wanted = query.strip().lower()
    return [one for one in choices if wanted in one.label.lower()][:SHOWN]


def _people(workspace: Workspace) -> list[Choice]:
    return [Choice(one.id, one.real_name, f"@{one.name}") for one in workspace.people.values() if not one.deleted]


def _conversations(workspace: Workspace, target: Target) -> list[Choice]:
    allowed = _filter(Field(target.block, target.element))
    person = target.actor.member.id
    mine = (one for one in workspace.channels.values() if one.kind == "public" or person in one.members)
    return [Choice(one.id, f"#{one.name}") for one in mine if allowed(one)]


def _filter(field: Field) -> Callable[[Channel], bool]:
    """The menu's own filter (docs.slack.dev, conversation filter object); direct messages are never listed here."""
    rules = field.element.get("filter") or {}
    kinds = {"public"} if "channels" in field.kind else set(rules.get("include") or ["public", "private"])
    no_shared = bool(rules.get("exclude_external_shared_channels"))
    return lambda one: one.kind in kinds and not one.is_archived and not (no_shared and one.is_ext_shared)
