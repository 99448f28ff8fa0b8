"""Messages as Slack keeps them: where the bot may post, change and delete, and what only one person sees."""

from typing import Any

import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.sandbox.acting import Actor
from bot.sandbox.records import Message
from bot.sandbox.workspace import Workspace
from tests.sandbox.conftest import Time
from tests.sandbox.parrot import Parrot, button, section, words
from tests.sandbox.test_modals import refusal, rules

BUTTONS = {"type": "actions", "block_id": "b", "elements": [button("Approve", "approve", value="42")]}
RICH = {
    "type": "rich_text",
    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "rich"}]}],
}


async def posted(parrot: Parrot, person: Actor, channel: str = "C0GENERAL", **content: Any) -> Message:
    await parrot.api.chat_postMessage(channel=channel, **({"text": "Hello"} | content))
    return person.reads("general")[-1] if channel == "C0GENERAL" else person.inbox()[-1]


async def respond(url: str, **body: Any) -> tuple[int, str]:
    answer = await AsyncWebhookClient(url).send_dict(body)
    return answer.status_code, answer.body


async def test_a_message_to_a_person_arrives_in_their_direct_messages(parrot: Parrot, ada: Actor, bob: Actor) -> None:
    answer = await parrot.api.chat_postMessage(channel="U0ADA", text="For you")
    assert answer["channel"].startswith("D")
    assert [message.text for message in ada.inbox()] == ["For you"]
    assert bob.inbox() == []
    again = await parrot.api.conversations_open(users="U0ADA")
    assert again["channel"]["id"] == answer["channel"]


async def test_posting_twice_makes_two_messages_with_different_timestamps(parrot: Parrot, ada: Actor) -> None:
    stamps = [(await posted(parrot, ada)).ts for _ in range(2)]
    assert len(set(stamps)) == 2


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NOWHERE", "channel_not_found"),
        ("C0SECRET", "channel_not_found"),
        ("C0OPEN", "not_in_channel"),
        ("C0OLD", "is_archived"),
        ("U0GONE", "channel_not_found"),
    ],
)
async def test_a_channel_that_does_not_take_the_message_says_why(
    parrot: Parrot, workspace: Workspace, channel: str, error: str
) -> None:
    workspace.add_channel("secret", id="C0SECRET", private=True, bot=False)
    workspace.add_channel("open", id="C0OPEN", bot=False)
    workspace.add_channel("old", id="C0OLD", is_archived=True)
    workspace.add_person("Gone Girl", id="U0GONE", deleted=True)
    assert await refusal(parrot.api.chat_postMessage(channel=channel, text="x")) == error
    assert workspace.violations == []


async def test_the_scope_for_public_channels_opens_those_the_bot_has_not_joined(
    parrot: Parrot, workspace: Workspace
) -> None:
    workspace.add_channel("open", id="C0OPEN", bot=False)
    workspace.manifest.scopes.append("chat:write.public")
    await parrot.api.chat_postMessage(channel="C0OPEN", text="x")


async def test_too_many_blocks_are_refused_with_a_pointer(parrot: Parrot, workspace: Workspace) -> None:
    fifty_one = [section("x") for _ in range(51)]
    with pytest.raises(Exception, match="invalid_blocks") as caught:
        await parrot.api.chat_postMessage(channel="C0GENERAL", text="x", blocks=fifty_one)
    answer: Any = caught.value
    assert answer.response["response_metadata"]["messages"] == [
        "[ERROR] no more than 50 items allowed [json-pointer:/blocks]"
    ]
    assert [(one.rule, one.pointer) for one in workspace.violations] == [("message.blocks", "/blocks")]


async def test_text_is_cut_after_forty_thousand_characters(parrot: Parrot, ada: Actor) -> None:
    """The limit "post.text"."""
    assert len((await posted(parrot, ada, text="x" * 40_001)).text) == 40_000


async def test_a_message_needs_words(parrot: Parrot) -> None:
    assert await refusal(parrot.api.api_call("chat.postMessage", json={"channel": "C0GENERAL"})) == "no_text"


async def test_a_hundred_attachments_are_the_most(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    """The limit "post.size"."""
    await posted(parrot, ada, attachments=[{"text": "x"}] * 100)
    more = parrot.api.chat_postMessage(channel="C0GENERAL", text="x", attachments=[{"text": "x"}] * 101)
    assert await refusal(more) == "too_many_attachments"
    assert rules(workspace) == ["post.size"]


async def test_one_message_a_second_is_asked_for_when_switched_on(
    parrot: Parrot, ada: Actor, workspace: Workspace, time: Time
) -> None:
    """The limit "post.rate"."""
    workspace.post_rate = 1
    await posted(parrot, ada)
    assert await refusal(parrot.api.chat_postMessage(channel="C0GENERAL", text="x")) == "ratelimited"
    await parrot.api.chat_postMessage(channel="U0ADA", text="another channel")
    time.forward(1)
    await posted(parrot, ada)


async def test_an_update_replaces_text_and_blocks(parrot: Parrot, ada: Actor) -> None:
    message = await posted(parrot, ada, blocks=[section("Old"), BUTTONS])
    await parrot.api.chat_update(channel=message.channel, ts=message.ts, text="New", blocks=[section("New")])
    assert [block["type"] for block in message.blocks] == ["section"]
    assert message.edited is None


async def test_an_update_with_text_alone_removes_the_blocks_and_marks_the_message(parrot: Parrot, ada: Actor) -> None:
    message = await posted(parrot, ada, blocks=[section("Old")])
    await parrot.api.chat_update(channel=message.channel, ts=message.ts, text="New")
    assert message.blocks == []
    assert message.edited is not None


async def test_an_update_takes_four_thousand_characters(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    """The limit "update.text"."""
    message = await posted(parrot, ada)
    await parrot.api.chat_update(channel=message.channel, ts=message.ts, text="x" * 4000)
    long = parrot.api.chat_update(channel=message.channel, ts=message.ts, text="x" * 4001)
    assert await refusal(long) == "msg_too_long"
    assert rules(workspace) == ["update.text"]


async def test_a_rich_text_message_stays_one(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    """The limit "update.block_mismatch"."""
    message = await posted(parrot, ada, blocks=[RICH])
    await parrot.api.chat_update(channel=message.channel, ts=message.ts, text="x", blocks=[RICH, section("more")])
    other = parrot.api.chat_update(channel=message.channel, ts=message.ts, text="x", blocks=[section("plain")])
    assert await refusal(other) == "block_mismatch"
    assert rules(workspace) == ["update.block_mismatch"]


async def test_only_own_messages_that_are_there_change(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    hers = await ada.say("Mine", "general")
    other = parrot.api.chat_update(channel="C0GENERAL", ts=hers.ts, text="x")
    assert await refusal(other) == "cant_update_message"
    assert await refusal(parrot.api.chat_delete(channel="C0GENERAL", ts=hers.ts)) == "cant_delete_message"
    own = await posted(parrot, ada, channel="U0ADA")
    to_person = parrot.api.chat_update(channel="U0ADA", ts=own.ts, text="x")
    assert await refusal(to_person) == "channel_not_found"
    await parrot.api.chat_delete(channel=own.channel, ts=own.ts)
    gone = parrot.api.chat_update(channel=own.channel, ts=own.ts, text="x")
    assert await refusal(gone) == "message_not_found"
    last = await posted(parrot, ada)
    workspace.channel("general").is_archived = True
    frozen = parrot.api.chat_update(channel=last.channel, ts=last.ts, text="x")
    assert await refusal(frozen) == "is_inactive"


async def test_replies_stand_in_the_thread_of_their_first_message(parrot: Parrot, ada: Actor) -> None:
    parent = await posted(parrot, ada)
    first = await posted(parrot, ada, thread_ts=parent.ts, text="one")
    await posted(parrot, ada, thread_ts=first.ts, text="two")
    thread = await parrot.api.conversations_replies(channel="C0GENERAL", ts=parent.ts)
    assert [message["text"] for message in thread["messages"]] == ["Hello", "one", "two"]
    history = await parrot.api.conversations_history(channel="C0GENERAL")
    assert [message["text"] for message in history["messages"]] == ["Hello"]
    nowhere = parrot.api.chat_postMessage(channel="C0GENERAL", text="x", thread_ts="1.1")
    assert await refusal(nowhere) == "thread_not_found"


async def test_metadata_is_given_back_to_who_asks_for_it(parrot: Parrot, ada: Actor) -> None:
    metadata = {"event_type": "asked", "event_payload": {"id": 7}}
    await posted(parrot, ada, metadata=metadata)
    shown = await parrot.api.conversations_history(channel="C0GENERAL", include_all_metadata=True)
    assert shown["messages"][0]["metadata"] == metadata
    hidden = await parrot.api.conversations_history(channel="C0GENERAL")
    assert "metadata" not in hidden["messages"][0]
    wrong = parrot.api.chat_postMessage(channel="C0GENERAL", text="x", metadata={"event_type": "asked"})
    assert await refusal(wrong) == "invalid_metadata_format"


async def test_an_ephemeral_message_is_seen_by_one_person_and_stored_nowhere(
    parrot: Parrot, ada: Actor, bob: Actor
) -> None:
    """The limit "ephemeral"."""
    answer = await parrot.api.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="Psst")
    assert [message.text for message in ada.reads("general")] == ["Psst"]
    assert ada.told("Psst")
    assert bob.reads("general") == []
    changed = parrot.api.chat_update(channel="C0GENERAL", ts=answer["message_ts"], text="x")
    assert await refusal(changed) == "message_not_found"
    history = await parrot.api.conversations_history(channel="C0GENERAL")
    assert history["messages"] == []


async def test_an_ephemeral_message_needs_its_reader_in_the_channel(parrot: Parrot, workspace: Workspace) -> None:
    workspace.add_person("Eve Else", id="U0EVE")
    outside = parrot.api.chat_postEphemeral(channel="C0GENERAL", user="U0EVE", text="x")
    assert await refusal(outside) == "user_not_in_channel"
    workspace.people["U0ADA"].deleted = True
    inactive = parrot.api.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="x")
    assert await refusal(inactive) == "user_not_in_channel"


async def test_direct_messages_open_with_one_person_who_is_there(parrot: Parrot, workspace: Workspace) -> None:
    """The limit "dm.open"."""
    workspace.add_person("Gone Girl", id="U0GONE", deleted=True)
    many = ",".join(["U0ADA"] * 9)
    assert await refusal(parrot.api.conversations_open(users=many)) == "too_many_users"
    assert await refusal(parrot.api.conversations_open(users="U0GONE")) == "user_disabled"
    assert await refusal(parrot.api.conversations_open(users="U0NOBODY")) == "user_not_found"
    assert rules(workspace) == ["dm.open"]


async def test_a_click_carries_what_was_clicked_and_the_state_around_it(parrot: Parrot, ada: Actor) -> None:
    radios = {"type": "radio_buttons", "action_id": "r", "options": [{"text": words("A"), "value": "a"}]}
    block = {"type": "actions", "block_id": "b", "elements": [radios, button("Approve", "approve", value="42")]}
    message = await posted(parrot, ada, blocks=[block])
    await ada.choose("r", "A", message=message)
    await ada.press("Approve", message=message)
    click = parrot.last("block_actions")
    assert click["actions"][0]["value"] == "42"
    assert click["state"]["values"]["b"]["r"]["selected_option"]["value"] == "a"
    assert click["message"]["ts"] == message.ts


async def test_a_response_url_works_five_times(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    """The limit "response_url"."""
    await ada.command("/squawk")
    url = parrot.last("command")["response_url"]
    answers = [await respond(url, text=f"{number}") for number in range(6)]
    assert [status for status, _ in answers] == [200] * 5 + [404]
    assert "used_url" in answers[5][1]
    assert [message.text for message in ada.reads("general")] == ["0", "1", "2", "3", "4"]
    assert rules(workspace) == ["response_url"]


async def test_a_response_url_works_for_thirty_minutes(parrot: Parrot, ada: Actor, time: Time) -> None:
    await ada.command("/squawk")
    url = parrot.last("command")["response_url"]
    time.forward(30 * 60)
    assert (await respond(url, text="x"))[0] == 200
    time.forward(1)
    status, body = await respond(url, text="x")
    assert (status, "expired_url" in body) == (404, True)


async def test_a_response_url_speaks_to_one_person_or_to_all(parrot: Parrot, ada: Actor, bob: Actor) -> None:
    await ada.command("/squawk", channel="general")
    url = parrot.last("command")["response_url"]
    await respond(url, text="quiet")
    await respond(url, text="loud", response_type="in_channel")
    assert [message.text for message in bob.reads("general")] == ["loud"]
    assert [message.text for message in ada.reads("general")] == ["quiet", "loud"]


async def test_a_response_url_replaces_and_deletes_the_clicked_message(parrot: Parrot, ada: Actor) -> None:
    message = await posted(parrot, ada, blocks=[BUTTONS])
    await ada.press("Approve", message=message)
    url = parrot.last("block_actions")["response_url"]
    await respond(url, replace_original=True, text="Done")
    assert (message.text, message.blocks) == ("Done", [])
    await respond(url, delete_original=True)
    assert ada.reads("general") == []


async def test_an_ephemeral_message_is_replaced_by_its_own_response_url_only(parrot: Parrot, ada: Actor) -> None:
    await parrot.api.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="x", blocks=[BUTTONS])
    message = ada.reads("general")[0]
    await ada.press("Approve", message=message)
    click = parrot.last("block_actions")
    assert click["container"]["is_ephemeral"] is True
    assert "message" not in click
    await respond(click["response_url"], replace_original=True, text="Done", response_type="in_channel")
    assert [(one.text, one.is_ephemeral) for one in ada.reads("general")] == [("Done", True)]


async def test_a_permalink_names_channel_and_message(parrot: Parrot, ada: Actor) -> None:
    message = await posted(parrot, ada)
    link = await parrot.api.chat_getPermalink(channel="C0GENERAL", message_ts=message.ts)
    assert link["permalink"] == f"https://nest.slack.com/archives/C0GENERAL/p{message.ts.replace('.', '')}"


async def test_a_response_url_can_fail_on_demand_too(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    await ada.command("/squawk")
    url = parrot.last("command")["response_url"]
    workspace.faults.add(method="response_url", kind="500")
    assert (await respond(url, text="lost"))[0] == 500
    assert (await respond(url, text="said"))[0] == 200
    assert [message.text for message in ada.reads("general")] == ["said"]
