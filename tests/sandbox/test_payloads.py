"""What the workspace sends has every key that Slack's own recordings of the same kind have."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.acting import Actor
from bot.sandbox.payloads import Payloads
from bot.sandbox.workspace import Workspace
from tests.sandbox.parrot import Parrot, button, home, menu, modal, section, text_input, words
from tests.sandbox.test_modals import opened
from tests.sandbox.test_socket_mode import Lines

RECORDED = Path(__file__).parent / "data" / "recorded"

OF_AN_ORGANISATION = {
    "team.enterprise_id",
    "team.enterprise_name",
    "enterprise.id",
    "enterprise.domain",
    "enterprise_id",
}
OF_THE_CONTENT = (
    "actions.confirm",
    "actions.style",
    "actions.value",
    "event.view",
    "message.client_msg_id",
    "view.title.emoji",
)


def recorded(pattern: str) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in sorted(RECORDED.glob(f"{pattern}__*.json"))]
    assert found
    return found


def keys(value: Any, path: str = "") -> set[str]:
    """Dotted paths of all keys; blocks and typed values are the content, not the shape."""
    if isinstance(value, list):
        return keys(value[0], path) if value else set()
    if not isinstance(value, dict):
        return set()
    out: set[str] = set()
    for key, inner in value.items():
        out.add(f"{path}{key}")
        if key not in {"blocks", "values", "function_data"}:
            out |= keys(inner, f"{path}{key}.")
    return out


def wanted(examples: list[dict[str, Any]]) -> set[str]:
    """Keys that all recordings of a kind have in common."""
    common = set.intersection(*(keys(example) for example in examples))
    return {key for key in common if key not in OF_AN_ORGANISATION and not key.startswith(OF_THE_CONTENT)}


def missing(pattern: str, sent: dict[str, Any]) -> set[str]:
    return wanted(recorded(pattern)) - keys(sent)


async def test_a_slash_command(parrot: Parrot, ada: Actor) -> None:
    await ada.command("/squawk", "a & b")
    sent = parrot.last("command")
    assert missing("slash_command", sent) == set()
    assert (sent["command"], sent["text"], sent["channel_name"]) == ("/squawk", "a & b", "general")


async def test_a_slash_command_is_escaped_if_the_manifest_says_so(parrot: Parrot, ada: Actor) -> None:
    await ada.command("/escaped", "a & <b>")
    assert parrot.last("command")["text"] == "a &amp; &lt;b&gt;"


async def test_a_click_in_a_message(parrot: Parrot, ada: Actor) -> None:
    blocks = [{"type": "actions", "elements": [button("Go", "go", value="1")]}]
    await parrot.api.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)
    await ada.press("Go", message=ada.reads("general")[0])
    sent = parrot.last("block_actions")
    examples = [one for one in recorded("block_actions") if one["container"]["type"] == "message"]
    assert wanted(examples) - keys(sent) == set()
    assert {"container.is_ephemeral", "state.values", "response_url", "message.blocks"} <= keys(sent)


async def test_a_click_in_a_home(parrot: Parrot, ada: Actor) -> None:
    await parrot.api.views_publish(user_id="U0ADA", view=home(section("x", accessory=button("Go", "go"))))
    await ada.press("Go")
    (example,) = [one for one in recorded("block_actions") if one["container"]["type"] == "view"]
    assert wanted([example]) - keys(parrot.last("block_actions")) == set()


async def test_a_search_in_a_menu(parrot: Parrot, ada: Actor) -> None:
    await opened(parrot, ada, modal(menu("m", "API", {"type": "external_select"}), close=words("No")))
    await ada.options("API", "bill")
    assert missing("block_suggestion", parrot.last("block_suggestion")) == set()


async def test_a_global_shortcut_and_one_on_a_message(parrot: Parrot, ada: Actor) -> None:
    await ada.shortcut("Squawk now")
    assert missing("shortcut", parrot.last("shortcut")) == set()
    assert "name" not in parrot.last("shortcut")["user"]
    message = await ada.say("Hello", "general")
    await ada.shortcut("Repeat this", message=message)
    assert missing("message_action", parrot.last("message_action")) == set()


async def test_a_submission_and_a_closed_view(parrot: Parrot, ada: Actor) -> None:
    await opened(
        parrot, ada, modal(text_input("n", "Name", initial_value="x"), notify_on_close=True, close=words("No"))
    )
    sent = ada.draft_submission()
    assert missing("view_submission", sent) == set()
    await ada.cancel()
    assert missing("view_closed", parrot.last("view_closed")) == set()


async def test_a_home_that_is_opened(parrot: Parrot, ada: Actor) -> None:
    await parrot.api.views_publish(user_id="U0ADA", view=home(section("x")))
    await ada.open_home()
    sent = parrot.last("app_home_opened")
    assert missing("event-app_home_opened", sent) == set()
    assert sent["event"]["view"]["hash"] == ada.home.hash if ada.home else None


async def test_a_mention(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    await ada.say(f"<@{workspace.bot_user_id}> hello", "general")
    assert missing("event-app_mention", parrot.last("app_mention")) == set()


@pytest.mark.parametrize("kind", ["slash_commands", "interactive", "events_api"])
async def test_an_envelope_of_socket_mode(workspace: Workspace, server: Any, kind: str) -> None:
    async with aiohttp.ClientSession() as session:
        line = await Lines(server, session).opens()
        assert missing("socket-hello", await line.hears()) == set()
        workspace.ack_seconds = 0.05
        ada = workspace.actor("ada")
        doing: dict[str, Callable[[], Awaitable[None]]] = {
            "slash_commands": lambda: ada.command("/squawk"),
            "interactive": lambda: ada.shortcut("Squawk now"),
            "events_api": ada.open_home,
        }
        await doing[kind]()
        outer = {key for key in wanted(recorded(f"envelope-{kind}")) if "." not in key}
        assert outer - keys(await line.hears()) == set()


async def test_an_organisation_wide_install_sends_no_team(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    workspace.enterprise, workspace.org_install = {"id": "E0ORG", "name": "Org"}, True
    await opened(parrot, ada)
    sent = ada.draft_submission()
    assert (sent["team"], sent["enterprise"]["id"], sent["is_enterprise_install"]) == (None, "E0ORG", True)
    assert parrot.last("command")["is_enterprise_install"] == "true"
    assert parrot.last("command")["enterprise_id"] == "E0ORG"


async def test_people_of_elsewhere_are_named_with_their_own_team(parrot: Parrot, workspace: Workspace) -> None:
    workspace.add_person("Sue Stranger", id="U0SUE", team_id="T0ELSE")
    workspace.channel("general").members.add("U0SUE")
    blocks = [{"type": "actions", "elements": [button("Go", "go")]}]
    await parrot.api.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)
    sue = workspace.actor("sue")
    await sue.press("Go", message=sue.reads("general")[0])
    sent = parrot.last("block_actions")
    assert (sent["team"]["id"], sent["user"]["team_id"]) == ("T0NEST", "T0ELSE")
    await sue.command("/squawk")
    assert sue.notice == "/squawk is not a valid command."
    workspace.teams["T0ELSE"].installed = True
    await sue.command("/squawk")
    assert parrot.last("command")["team_id"] == "T0ELSE"


def test_response_urls_come_for_a_chosen_conversation_that_asks_for_one(workspace: Workspace) -> None:
    ada = workspace.member("ada")
    from bot.sandbox.modals import open_view  # noqa: PLC0415 - only here is a view opened without a bot

    element = {"type": "conversations_select", "response_url_enabled": True, "initial_conversation": "C0GENERAL"}
    view = open_view(workspace, workspace.triggers.issue(ada.id), modal(menu("m", "Where", element)))
    sent = Payloads(workspace, ada, ada.id).submission(view)
    assert [one["channel_id"] for one in sent["response_urls"]] == ["C0GENERAL"]
