"""Every limit of Slack that can be checked: what is just allowed passes, what is just too much is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.blockkit.shapes import Problems
from bot.sandbox.manifest import problems_of_manifest
from bot.sandbox.surfaces import problems_of_blocks, problems_of_suggestions, problems_of_view
from tests.sandbox.conftest import manifest
from tests.sandbox.parrot import button, home, menu, modal, option, section, text_input, words

DATA = Path(__file__).parent / "data"
LIMITS: dict[str, dict[str, str]] = {limit["id"]: limit for limit in json.loads((DATA / "limits.json").read_text())}

Build = Callable[[int], Problems]


def x(count: int) -> str:
    return "x" * count


def in_modal(*blocks: dict[str, Any], **more: Any) -> Problems:
    return problems_of_view(modal(*blocks, **more), "modal")


def in_message(*blocks: dict[str, Any]) -> Problems:
    return problems_of_blocks(list(blocks))


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def pick(kind: str = "static_select", **element: Any) -> dict[str, Any]:
    return menu("m", "Menu", {"type": kind} | element)


def options(count: int) -> list[dict[str, Any]]:
    return [option(f"o{number}") for number in range(count)]


def groups(count: int, each: int = 1) -> list[dict[str, Any]]:
    return [{"label": words("g"), "options": options(each)} for _ in range(count)]


def one_option(**changes: Any) -> dict[str, Any]:
    return pick(options=[option("a") | changes])


def confirmed(**changes: Any) -> dict[str, Any]:
    return actions(button("b", "a", confirm={"title": words("t"), "text": words("x")} | changes))


def card(**keys: Any) -> dict[str, Any]:
    return {"type": "card", "title": words("t")} | keys


def rows(count: int, columns: int = 1) -> list[list[Any]]:
    return [[{"type": "raw_text", "text": "x"}] * columns for _ in range(count)]


def with_feature(name: str, value: Any) -> Problems:
    return problems_of_manifest(manifest(**{name: value}))


def app(**keys: Any) -> dict[str, Any]:
    return manifest() | keys


def command(**keys: Any) -> list[dict[str, Any]]:
    return [{"command": "/c", "description": "d"} | keys]


def shortcut(**keys: Any) -> list[dict[str, Any]]:
    return [{"name": "n", "type": "global", "callback_id": "c", "description": "d"} | keys]


AT_MOST: list[tuple[str, int, Build]] = [
    ("view.title", 24, lambda n: in_modal(section("x"), title=x(n))),
    ("view.submit", 24, lambda n: in_modal(section("x"), submit=words(x(n)))),
    ("view.close", 24, lambda n: in_modal(section("x"), close=words(x(n)))),
    ("view.blocks", 100, lambda n: in_modal(*[section("x")] * n)),
    ("home.blocks", 100, lambda n: problems_of_view(home(*[section("x")] * n), "home")),
    ("view.private_metadata", 3000, lambda n: in_modal(section("x"), private_metadata=x(n))),
    ("view.callback_id", 255, lambda n: in_modal(section("x"), callback_id=x(n))),
    ("view.external_id", 255, lambda n: in_modal(section("x"), external_id=x(n))),
    ("message.blocks", 50, lambda n: in_message(*[section("x")] * n)),
    ("block_id", 255, lambda n: in_message(section("x", block_id=x(n)))),
    ("action_id", 255, lambda n: in_message(actions(button("b", x(n))))),
    ("section.text", 3000, lambda n: in_message(section(x(n)))),
    ("section.fields", 10, lambda n: in_message({"type": "section", "fields": [words("x")] * n})),
    ("section.field.text", 2000, lambda n: in_message({"type": "section", "fields": [words(x(n))]})),
    ("header.text", 150, lambda n: in_message({"type": "header", "text": words(x(n))})),
    ("context.elements", 10, lambda n: in_message({"type": "context", "elements": [words("x")] * n})),
    ("text.len", 3000, lambda n: in_message({"type": "context", "elements": [words(x(n))]})),
    ("actions.elements", 25, lambda n: in_message(actions(*[button("b", f"a{k}") for k in range(n)]))),
    ("input.label", 2000, lambda n: in_modal(text_input("b", x(n)))),
    ("input.hint", 2000, lambda n: in_modal(text_input("b", "L") | {"hint": words(x(n))})),
    ("image.alt_text", 2000, lambda n: in_message({"type": "image", "image_url": "https://a", "alt_text": x(n)})),
    ("image.alt_text", 3000, lambda n: in_message({"type": "image", "image_url": x(n), "alt_text": "x"})),
    ("markdown.text", 12_000, lambda n: in_message({"type": "markdown", "text": x(n)})),
    ("markdown.text", 6_000, lambda n: in_message(*[{"type": "markdown", "text": x(k)} for k in (6_000, n)])),
    ("table", 100, lambda n: in_message({"type": "table", "rows": rows(n)})),
    ("table", 20, lambda n: in_message({"type": "table", "rows": rows(1, n)})),
    ("table", 1, lambda n: in_message(*[{"type": "table", "rows": rows(1)}] * n)),
    ("data_table", 201, lambda n: in_message({"type": "data_table", "rows": rows(n)})),
    ("data_table", 20, lambda n: in_message({"type": "data_table", "rows": rows(2, n)})),
    ("data_table", 100, lambda n: in_message({"type": "data_table", "rows": rows(2), "page_size": n})),
    ("card", 150, lambda n: in_message(card(title=words(x(n))))),
    ("card", 150, lambda n: in_message(card(subtitle=words(x(n))))),
    ("card", 200, lambda n: in_message(card(body=words(x(n))))),
    ("card", 3, lambda n: in_message(card(actions=[button("b", f"a{k}") for k in range(n)]))),
    ("carousel", 10, lambda n: in_message({"type": "carousel", "elements": [card()] * n})),
    (
        "container",
        10,
        lambda n: in_message({"type": "container", "title": words("t"), "child_blocks": [section("x")] * n}),
    ),
    ("alert.text", 200, lambda n: in_modal({"type": "alert", "text": words(x(n))})),
    (
        "context_actions.elements",
        5,
        lambda n: in_message(
            {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": words("x")}] * n}
        ),
    ),
    ("plan.tasks", 50, lambda n: in_message({"type": "plan", "title": "t", "tasks": [{"type": "task_card"}] * n})),
    ("button.text", 75, lambda n: in_message(actions(button(x(n), "a")))),
    ("button.value", 2000, lambda n: in_message(actions(button("b", "a", value=x(n))))),
    ("button.url", 3000, lambda n: in_message(actions(button("b", "a", url=x(n))))),
    ("button.accessibility_label", 75, lambda n: in_message(actions(button("b", "a", accessibility_label=x(n))))),
    ("button.agent_prompt", 4000, lambda n: in_message(actions(button("b", "a", agent_prompt=x(n))))),
    ("select.placeholder", 150, lambda n: in_modal(pick(options=options(1), placeholder=words(x(n))))),
    ("select.options", 100, lambda n: in_modal(pick(options=options(n)))),
    ("select.option_groups", 100, lambda n: in_modal(pick(option_groups=groups(n)))),
    ("select.options", 100, lambda n: in_modal(pick(option_groups=groups(1, n)))),
    ("option_group.label", 75, lambda n: in_modal(pick(option_groups=[groups(1)[0] | {"label": words(x(n))}]))),
    ("option.text", 75, lambda n: in_modal(one_option(text=words(x(n))))),
    ("option.value", 150, lambda n: in_modal(one_option(value=x(n)))),
    ("option.description", 75, lambda n: in_modal(one_option(description=words(x(n))))),
    ("option.url", 3000, lambda n: in_message(actions({"type": "overflow", "options": [option("a") | {"url": x(n)}]}))),
    ("overflow.options", 5, lambda n: in_message(actions({"type": "overflow", "options": options(n)}))),
    ("checkboxes.options", 10, lambda n: in_modal(pick("checkboxes", options=options(n)))),
    ("radio.options", 10, lambda n: in_modal(pick("radio_buttons", options=options(n)))),
    ("external.answer", 100, lambda n: problems_of_suggestions({"options": options(n)})),
    ("external.answer", 100, lambda n: problems_of_suggestions({"option_groups": groups(n)})),
    ("pti.min_length", 3000, lambda n: in_modal(text_input("b", "L", min_length=n))),
    ("pti.max_length", 3000, lambda n: in_modal(text_input("b", "L", max_length=n))),
    ("file_input", 10, lambda n: in_modal(pick("file_input", max_files=n))),
    ("confirm", 100, lambda n: in_message(confirmed(title=words(x(n))))),
    ("confirm", 300, lambda n: in_message(confirmed(text=words(x(n))))),
    ("confirm", 30, lambda n: in_message(confirmed(confirm=words(x(n))))),
    ("confirm", 30, lambda n: in_message(confirmed(deny=words(x(n))))),
    ("focus_on_load", 1, lambda n: in_modal(*[text_input(f"b{k}", "L", focus_on_load=True) for k in range(n)])),
    ("manifest.name", 35, lambda n: problems_of_manifest(app(display_information={"name": x(n)}))),
    ("manifest.name", 140, lambda n: problems_of_manifest(app(display_information={"description": x(n)}))),
    ("manifest.bot", 80, lambda n: with_feature("bot_user", {"display_name": x(n)})),
    ("manifest.commands", 50, lambda n: with_feature("slash_commands", command() * n)),
    ("manifest.commands", 32, lambda n: with_feature("slash_commands", command(command="/" + x(n - 1)))),
    ("manifest.commands", 2000, lambda n: with_feature("slash_commands", command(description=x(n)))),
    ("manifest.commands", 1000, lambda n: with_feature("slash_commands", command(usage_hint=x(n)))),
    ("manifest.shortcuts", 10, lambda n: with_feature("shortcuts", shortcut() * n)),
    ("manifest.shortcuts", 24, lambda n: with_feature("shortcuts", shortcut(name=x(n)))),
    ("manifest.shortcuts", 255, lambda n: with_feature("shortcuts", shortcut(callback_id=x(n)))),
    ("manifest.shortcuts", 150, lambda n: with_feature("shortcuts", shortcut(description=x(n)))),
    (
        "manifest.events",
        100,
        lambda n: problems_of_manifest(app(settings={"event_subscriptions": {"bot_events": ["e"] * n}})),
    ),
    ("manifest.scopes", 255, lambda n: problems_of_manifest(app(oauth_config={"scopes": {"bot": ["s"] * n}}))),
]
"""Rule, greatest number that is allowed, and what is built with that number of things or characters."""

AT_LEAST: list[tuple[str, int, Build]] = [
    ("view.blocks", 1, lambda n: in_modal(*[section("x")] * n)),
    ("home.blocks", 1, lambda n: problems_of_view(home(*[section("x")] * n), "home")),
    ("section.text", 1, lambda n: in_message(section(x(n)))),
    ("text.len", 1, lambda n: in_message({"type": "context", "elements": [words(x(n))]})),
    ("select.options", 1, lambda n: in_modal(pick(options=options(n)))),
    ("overflow.options", 1, lambda n: in_message(actions({"type": "overflow", "options": options(n)}))),
    ("checkboxes.options", 1, lambda n: in_modal(pick("checkboxes", options=options(n)))),
    ("radio.options", 1, lambda n: in_modal(pick("radio_buttons", options=options(n)))),
    ("carousel", 1, lambda n: in_message({"type": "carousel", "elements": [card()] * n})),
    ("data_table", 2, lambda n: in_message({"type": "data_table", "rows": rows(n)})),
    ("data_table", 1, lambda n: in_message({"type": "data_table", "rows": rows(2), "page_size": n})),
    ("pti.min_length", 0, lambda n: in_modal(text_input("b", "L", min_length=n))),
    ("pti.max_length", 1, lambda n: in_modal(text_input("b", "L", max_length=n))),
    ("external.min_query_length", 0, lambda n: in_modal(pick("external_select", min_query_length=n))),
    ("file_input", 1, lambda n: in_modal(pick("file_input", max_files=n))),
]

OTHER_FILES = {
    **dict.fromkeys(
        ["view.stack", "view.size", "view.response", "view.flags", "view.hash", "trigger.ttl"], "test_modals"
    ),
    **dict.fromkeys(["select.initial", "pti.dispatch", "conversations_select"], "test_across_blocks"),
    **dict.fromkeys(["post.rate", "post.text", "update.text", "update.block_mismatch", "post.size"], "test_messages"),
    **dict.fromkeys(["ephemeral", "dm.open", "response_url"], "test_messages"),
    **dict.fromkeys(["ack.ttl", "command.ttl", "events.retry", "sign"], "test_delivery"),
    **dict.fromkeys(["socket.connections", "socket.refresh", "apps.connections.open"], "test_socket_mode"),
    **dict.fromkeys(["blocks.validate", "users.info", "users.lookupByEmail", "tiers"], "test_web_api"),
}
"""Limits that need a running workspace, and the file whose tests hold them."""

NOT_HERE = {
    "view.submit_disabled": "belongs to steps of workflows, which are gone",
    "post.idempotency": "there is none: the same message twice is two messages",
    "webhook.rate": "incoming webhooks are not part of this workspace",
    "history.2025": "concerns commercial apps outside the Marketplace",
    "events.rate": "thirty thousand events an hour are never sent here",
    "events.disable": "subscriptions are never switched off here",
    "token.rotation": "tokens are not rotated here",
    "command.thread": "there is no way to type a command in a thread",
    "command.conflict": "there is one app",
    **dict.fromkeys(
        ["views.tier", "users.list", "usergroups.users.list", "chat.update.tier", "conversations.open.tier"],
        "a 429 comes on demand (faults), not by counting minutes",
    ),
}


def rules(problems: Problems) -> set[str]:
    return {problem.rule for problem in problems}


@pytest.mark.parametrize(("rule", "most", "build"), AT_MOST, ids=[f"{rule}-{most}" for rule, most, _ in AT_MOST])
def test_as_much_as_allowed_passes_and_one_more_is_refused(rule: str, most: int, build: Build) -> None:
    assert build(most) == []
    assert rules(build(most + 1)) == {rule}


@pytest.mark.parametrize(("rule", "least", "build"), AT_LEAST, ids=[f"{rule}-{least}" for rule, least, _ in AT_LEAST])
def test_as_little_as_allowed_passes_and_one_less_is_refused(rule: str, least: int, build: Build) -> None:
    assert build(least) == []
    assert rules(build(least - 1)) == {rule}


def test_every_limit_is_held_by_a_test_or_named_with_the_reason_why_not() -> None:
    here = {rule for rule, _, _ in AT_MOST + AT_LEAST}
    held = here | set(OTHER_FILES) | set(NOT_HERE)
    assert sorted(set(LIMITS) - held) == []
    assert sorted(held - set(LIMITS)) == []


@pytest.mark.parametrize("name", sorted(set(OTHER_FILES.values())))
def test_the_files_that_hold_the_other_limits_name_them(name: str) -> None:
    text = (Path(__file__).parent / f"{name}.py").read_text()
    assert [rule for rule, file in OTHER_FILES.items() if file == name and f'"{rule}"' not in text] == []


def test_the_recorded_answer_to_a_long_option_comes_out_word_for_word() -> None:
    recorded = json.loads((DATA / "view_errors.json").read_text())["validation_error_example"]
    view = modal(section("1"), section("2"), one_option(text=words(x(76))))
    told = [f"[ERROR] {problem}" for problem in problems_of_view(view, "modal")]
    assert told == [recorded["response_metadata"]["messages"][2]]
