"""What people can do and see, by the words on the screen."""

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.__main__ import _parser, export_lines, furnished, served
from bot.sandbox.acting import Actor
from bot.sandbox.answers import TROUBLE
from bot.sandbox.finding import Impossible
from bot.sandbox.manifest import Manifest
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from tests.sandbox.conftest import manifest
from tests.sandbox.parrot import Heard, Parrot, button, home, menu, modal, option, section, text_input, words
from tests.sandbox.test_modals import opened


async def test_every_kind_of_field_takes_what_a_person_gives_it(parrot: Parrot, ada: Actor) -> None:
    three = [option("A"), option("B"), option("C")]
    view = modal(
        text_input("text", "Text"),
        menu("one", "One", {"type": "static_select", "options": three}),
        menu("many", "Many", {"type": "multi_static_select", "options": three}),
        menu("radio", "Radio", {"type": "radio_buttons", "options": three}),
        menu("boxes", "Boxes", {"type": "checkboxes", "options": three}),
        menu("date", "Date", {"type": "datepicker"}),
        menu("user", "User", {"type": "users_select"}),
        menu("channel", "Channel", {"type": "conversations_select"}),
    )
    await opened(parrot, ada, view)
    await ada.fill("Text", "Hello")
    await ada.choose("One", "B")
    await ada.choose("Many", ["A", "C"])
    await ada.choose("Radio", "C")
    await ada.tick("Boxes", "A")
    await ada.tick("B")
    await ada.tick("Boxes", "A", on=False)
    await ada.choose("Date", "2026-11-25")
    await ada.choose("User", "Bob")
    await ada.choose("Channel", "#general")
    shown = [ada.value(label) for label in ("Text", "One", "Many", "Radio", "Boxes", "Date", "User", "Channel")]
    assert shown == ["Hello", "B", ["A", "C"], "C", ["B"], "2026-11-25", "U0BOB", "C0GENERAL"]
    await ada.submit()
    values = parrot.last("view_submission")["view"]["state"]["values"]
    assert [one["value"] for one in values["many"]["v"]["selected_options"]] == ["a", "c"]
    assert values["user"]["v"] == {"type": "users_select", "selected_user": "U0BOB"}
    assert values["date"]["v"] == {"type": "datepicker", "selected_date": "2026-11-25"}


async def test_a_choice_outside_inputs_is_told_at_once_and_inside_only_if_asked(parrot: Parrot, ada: Actor) -> None:
    select = {"type": "static_select", "options": [option("A")]}
    asked = menu("asked", "Asked", select) | {"dispatch_action": True}
    below = {"type": "actions", "block_id": "below", "elements": [select | {"action_id": "s"}]}
    await opened(parrot, ada, modal(menu("quiet", "Quiet", select), asked, below))
    await ada.choose("Quiet", "A")
    assert parrot.count("block_actions") == 0
    await ada.choose("Asked", "A")
    await ada.choose("s", "A")
    actions = [one.payload["actions"][0] for one in parrot.heard if one.kind == "block_actions"]
    assert [action["block_id"] for action in actions] == ["asked", "below"]
    assert [action["selected_option"]["value"] for action in actions] == ["a", "a"]
    assert parrot.last("block_actions")["view"]["state"]["values"]["quiet"]["v"]["selected_option"]["value"] == "a"


async def test_a_text_is_told_on_each_letter_or_on_enter(parrot: Parrot, ada: Actor) -> None:
    letters: dict[str, Any] = {"dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}
    view = modal(
        text_input("l", "Letters", **letters) | {"dispatch_action": True},
        text_input("e", "Enter") | {"dispatch_action": True},
    )
    await opened(parrot, ada, view)
    await ada.fill("Letters", "a")
    assert parrot.last("block_actions")["actions"][0]["value"] == "a"
    await ada.fill("Enter", "b")
    assert parrot.count("block_actions") == 1
    await ada.enter("Enter")
    assert parrot.last("block_actions")["actions"][0]["value"] == "b"


async def test_an_overflow_menu_is_pressed_by_the_words_of_its_entry(parrot: Parrot, ada: Actor) -> None:
    overflow = {"type": "overflow", "action_id": "more", "options": [option("Edit"), option("Delete")]}
    await parrot.api.views_publish(user_id="U0ADA", view=home(section("x", accessory=overflow)))
    await ada.press("Delete")
    assert parrot.last("block_actions")["actions"][0]["selected_option"]["value"] == "delete"


async def test_the_modal_is_in_front_of_the_home(parrot: Parrot, ada: Actor) -> None:
    await parrot.api.views_publish(user_id="U0ADA", view=home(section("x", accessory=button("Go", "home_go"))))
    await opened(parrot, ada, modal(section("y", accessory=button("Go", "modal_go"))))
    await ada.press("Go")
    assert parrot.last("block_actions")["actions"][0]["action_id"] == "modal_go"
    await ada.dismiss()
    await ada.press("Go")
    assert parrot.last("block_actions")["actions"][0]["action_id"] == "home_go"


async def test_a_double_click_is_two_clicks_at_once(parrot: Parrot, ada: Actor) -> None:
    both = asyncio.Event()

    @parrot.on("block_actions")
    async def _(_heard: Heard) -> None:
        if parrot.count("block_actions") == 2:
            both.set()
        await both.wait()

    await opened(parrot, ada, modal(section("x", accessory=button("Go", "go"))))
    await ada.press("Go", times=2)
    assert ada.notice is None


async def test_who_is_deactivated_does_nothing_any_more(parrot: Parrot, ada: Actor) -> None:
    await opened(parrot, ada)
    ada.member.deleted = True
    for doing in (ada.command("/squawk"), ada.submit(), ada.say("x"), ada.open_home()):
        with pytest.raises(Impossible, match="Ada Lovelace is deactivated"):
            await doing
    assert parrot.count("view_submission") == 0


async def test_nobody_writes_where_they_are_not(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    workspace.add_channel("elsewhere")
    with pytest.raises(Impossible, match="can't write in elsewhere"):
        await ada.say("x", "elsewhere")
    workspace.manifest.messages_read_only = True
    with pytest.raises(Impossible, match="read-only"):
        await ada.say("x")
    assert parrot.heard == []


async def test_a_private_channel_is_read_by_its_members_only(
    workspace: Workspace, ada: Actor, bob: Actor, parrot: Parrot
) -> None:
    workspace.add_channel("secret", private=True, members=["ada"])
    await ada.say("Psst", "secret")
    assert len(ada.reads("secret")) == 1
    assert bob.reads("secret") == []
    assert parrot.heard == []


async def test_an_unknown_command_is_not_sent(parrot: Parrot, ada: Actor) -> None:
    await ada.command("/unknown")
    assert ada.notice == "/unknown is not a valid command."
    assert parrot.heard == []
    await ada.command("/squawk")
    assert ada.notice is None


async def test_settling_waits_for_what_the_bot_does_after_its_answer(
    parrot: Parrot, ada: Actor, workspace: Workspace
) -> None:
    workspace.quiet_seconds = 0.1
    later: list[asyncio.Task[Any]] = []

    @parrot.on("command")
    async def _(heard: Heard) -> None:
        async def open_late() -> None:
            await asyncio.sleep(0.01)
            await parrot.api.views_open(trigger_id=heard.payload["trigger_id"], view=modal(section("Late")))

        later.append(asyncio.create_task(open_late()))

    await ada.command("/squawk")
    assert "Late" in ada.sees()
    await asyncio.gather(*later)


async def test_settling_gives_up_after_a_while(ada: Actor, workspace: Workspace) -> None:
    with workspace.activity.under_way(), pytest.raises(TimeoutError):
        await ada.settle(limit=0.01)


async def test_subscribers_hear_what_changed_once_each(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    heard: list[str] = []

    async def listen() -> None:
        async with aclosing(workspace.topics.subscribe()) as topics:
            async for topic in topics:
                heard.append(topic)
                if topic == "modal:U0ADA":
                    return

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    await opened(parrot, ada)
    await listening
    assert "traffic" in heard
    assert "notice:U0ADA" in heard


async def test_rich_text_images_and_choices_are_seen(parrot: Parrot, ada: Actor) -> None:
    rich = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "by "},
                    {"type": "user", "user_id": "U0BOB"},
                    {"type": "link", "url": "https://example.com"},
                ],
            }
        ],
    }
    view = modal(
        {"type": "header", "text": words("Head")},
        {"type": "context", "elements": [words("Step 1 of 3")]},
        {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A map"},
        {"type": "divider"},
        rich,
        menu("r", "Pick", {"type": "radio_buttons", "options": [option("A")]}) | {"hint": words("Choose well")},
    )
    await opened(parrot, ada, view)
    expected = ["A title", "Head", "Step 1 of 3", "A map", "by <@U0BOB>https://example.com", "Pick", "Choose well", "A"]
    assert ada.sees().splitlines() == [*expected, "Send", "Cancel"]


async def test_a_click_on_a_bot_that_fails_is_trouble(parrot: Parrot, ada: Actor) -> None:
    await opened(parrot, ada, modal(section("x", accessory=button("Go", "go"))))
    parrot.always("block_actions", 500)
    await ada.press("Go")
    assert ada.notice == TROUBLE


async def test_people_and_channels_are_found_by_their_names(workspace: Workspace) -> None:
    assert workspace.member("ada") is workspace.member("Ada Lovelace") is workspace.member("U0ADA")
    assert workspace.channel("#general") is workspace.channel("C0GENERAL")
    with pytest.raises(KeyError, match="nobody here is called 'zoe'"):
        workspace.member("zoe")
    with pytest.raises(KeyError, match="no channel is called"):
        workspace.channel("nowhere")


def test_a_manifest_over_the_limits_is_refused_with_the_place() -> None:
    with pytest.raises(ValueError, match=r"/features/slash_commands/0/command"):
        Manifest(manifest(slash_commands=[{"command": "/" + "x" * 32, "description": "d"}]))


async def test_a_workspace_of_its_own_prints_what_a_bot_needs(tmp_path: Path) -> None:
    (tmp_path / "manifest.yml").write_text("display_information: {name: Parrot}\n")
    given = [
        "--manifest",
        str(tmp_path / "manifest.yml"),
        "--port",
        "0",
        "--signing-secret",
        "s3",
        "--bot-token",
        "xoxb-1",
    ]
    workspace = furnished(_parser().parse_args(given))
    async with SandboxServer(workspace) as server:
        assert export_lines(server, socket_mode=False) == [
            f"export SLACK_API_URL={server.url}/api/",
            "export SLACK_BOT_TOKEN=xoxb-1",
            "export SLACK_SIGNING_SECRET=s3",
        ]
        assert export_lines(server, socket_mode=True)[2].startswith("export SLACK_APP_TOKEN=xapp-1-A0")
    assert workspace.member("U0GIL").is_restricted
    assert workspace.member("U0ADA").id in workspace.channel("general").members


async def test_only_who_sees_a_message_can_press_its_buttons(parrot: Parrot, ada: Actor, bob: Actor) -> None:
    blocks = [{"type": "actions", "elements": [button("Go", "go")]}]
    await parrot.api.chat_postMessage(channel="U0ADA", text="x", blocks=blocks)
    message = ada.inbox()[0]
    with pytest.raises(Impossible, match="Bob Kahn does not see that message"):
        await bob.press("Go", message=message)
    await ada.press("Go", message=message)
    await parrot.api.chat_delete(channel=message.channel, ts=message.ts)
    with pytest.raises(Impossible, match="Ada Lovelace does not see that message"):
        await ada.press("Go", message=message)
    assert parrot.count("block_actions") == 1


async def test_what_is_typed_is_escaped_and_mentions_stay(parrot: Parrot, ada: Actor) -> None:
    await ada.say("a & <!channel> <@U0BOB>")
    assert parrot.last("message")["event"]["text"] == "a &amp; &lt;!channel&gt; <@U0BOB>"


async def test_an_address_for_the_bot_can_be_given(workspace: Workspace) -> None:
    async with SandboxServer(workspace, public_url="http://slack.test:80/") as server:
        assert server.api_url == "http://slack.test:80/api/"
        assert workspace.base_url == "http://slack.test:80"


async def test_a_workspace_that_can_not_start_says_why_in_a_sentence(server: SandboxServer, tmp_path: Path) -> None:
    nowhere = _parser().parse_args(["--manifest", str(tmp_path / "none.yml")])
    with pytest.raises(SystemExit, match=r"There is no manifest at .*none\.yml"):
        served(nowhere)
    (tmp_path / "manifest.yml").write_text("display_information: {name: Parrot}\n")
    taken = ["--manifest", str(tmp_path / "manifest.yml"), "--port", server.url.rsplit(":", 1)[1]]
    with pytest.raises(SystemExit, match="can't be listened on"):
        served(_parser().parse_args(taken))
