"""The manifest and the code name the same commands, shortcuts, events and scopes, and Slack's own schema takes it."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot import slack
from bot.manifest import as_yaml, manifest
from handlers.registry import register_all
from handlers.switchboard import Switchboard

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "tests" / "data" / "slack_manifest" / "manifest.schema.2.0.0.json"
NEEDS = {
    "auth_test": set(),
    "chat_delete": {"chat:write"},
    "chat_getPermalink": set(),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_open": {"im:write"},
    "users_info": {"users:read"},
    "users_lookupByEmail": {"users:read.email"},
    "views_open": set(),
    "views_publish": set(),
    "views_update": set(),
}
"""Scopes of the methods the bot calls (docs.slack.dev/reference/methods), each on its page."""
WHERE_ALLOWED = {"conversations_info", "conversations_history", "conversations_replies"}
"""Called only where the installation was given the scope of that kind of conversation besides the manifest's."""


@pytest.fixture(scope="module")
def routes() -> set[tuple[str, str]]:
    """Everything the bot answers to, as (kind, id)."""
    nothing: Any = None
    board = Switchboard(slack=nothing, allowed=bool, watch=nothing, events=nothing, clock=nothing)
    register_all(board, desk=nothing, slack=nothing)
    return {(route.kind, route.name) for route in board.routes()}


def of(routes: set[tuple[str, str]], kind: str) -> set[str]:
    return {name for one, name in routes if one == kind}


def test_commands_are_the_same(routes: set[tuple[str, str]]) -> None:
    assert of(routes, "command") == {one["command"] for one in manifest()["features"]["slash_commands"]}


def test_shortcuts_are_the_same(routes: set[tuple[str, str]]) -> None:
    assert of(routes, "shortcut") == {one["callback_id"] for one in manifest()["features"]["shortcuts"]}


def test_events_are_the_same(routes: set[tuple[str, str]]) -> None:
    assert of(routes, "event") == set(manifest()["settings"]["event_subscriptions"]["bot_events"])


def test_every_scope_has_a_use_and_every_call_its_scope() -> None:
    called = set(re.findall(r"self\.client\.([a-z]+_\w+)\(", inspect.getsource(slack))) - WHERE_ALLOWED
    assert called == set(NEEDS)
    needed = set().union(*(NEEDS[method] for method in called)) | {"commands"}
    assert needed == set(manifest()["oauth_config"]["scopes"]["bot"])


def test_labels_are_those_of_the_interface() -> None:
    features = manifest()["features"]
    assert {"/create-client", "/apis", "/my-clients", "/approvals", "/gatehouse"} <= {
        one["command"] for one in features["slash_commands"]
    }
    assert {"Create client", "Find an API"} <= {one["name"] for one in features["shortcuts"]}


@pytest.mark.parametrize("socket", [False, True])
def test_slack_s_own_schema_takes_it(socket: bool) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    errors = [
        f"{error.json_path}: {error.message}"
        for error in jsonschema.Draft7Validator(schema).iter_errors(manifest(socket=socket))
    ]
    assert errors == []


def test_slack_s_own_schema_finds_what_is_wrong() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    wrong = manifest()
    wrong["display_information"]["name"] = "x" * 36
    wrong["settings"]["nonsense"] = True
    assert len(list(jsonschema.Draft7Validator(schema).iter_errors(wrong))) == 2


def test_socket_mode_needs_no_address_and_http_names_one_everywhere() -> None:
    assert "http" not in json.dumps(manifest(socket=True))
    url = "https://bot.acme.example"
    text = json.dumps(manifest(f"{url}/"))
    assert text.count(f"{url}/slack/events") == len(manifest()["features"]["slash_commands"]) + 3
    assert "gatehouse.example" not in text


def test_the_file_in_the_repository_is_what_is_printed() -> None:
    text = (ROOT / "manifest.yml").read_text(encoding="utf-8")
    assert text == as_yaml(manifest())
    assert yaml.safe_load(text) == manifest()
