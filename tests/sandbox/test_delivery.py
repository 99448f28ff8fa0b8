"""What Slack does when the bot answers late, wrongly or not at all over HTTP."""

from typing import Any

import pytest
from aiohttp import web

from bot.sandbox.acting import Actor
from bot.sandbox.answers import TROUBLE
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import ACK_SECONDS, Workspace
from tests.sandbox.parrot import Heard, Parrot, button, menu, modal, never, option, section, words
from tests.sandbox.test_modals import opened, rules


def test_the_bot_has_three_seconds(workspace: Workspace) -> None:
    """The limits "ack.ttl" and "command.ttl"."""
    assert workspace.ack_seconds == ACK_SECONDS == 3


async def test_a_command_that_is_not_answered_in_time_times_out(
    parrot: Parrot, ada: Actor, workspace: Workspace
) -> None:
    workspace.ack_seconds = 0.05
    parrot.answers["command"] = never
    await ada.command("/squawk")
    assert ada.notice == "operation_timeout"
    assert rules(workspace) == ["ack.ttl"]


async def test_a_click_that_is_not_answered_in_time_is_trouble(
    parrot: Parrot, ada: Actor, workspace: Workspace
) -> None:
    await opened(parrot, ada, modal({"type": "actions", "elements": [button("Go", "go")]}))
    workspace.ack_seconds = 0.05
    parrot.answers["block_actions"] = parrot.answers["view_submission"] = never
    await ada.press("Go")
    assert ada.notice == TROUBLE
    await ada.submit()
    assert ada.notice == TROUBLE
    assert ada.modal is not None
    assert rules(workspace) == ["ack.ttl", "ack.ttl"]


async def test_a_failing_bot_is_told_apart_from_a_slow_one(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    parrot.always("command", 500)
    await ada.command("/squawk")
    assert ada.notice == "dispatch_failed"
    assert rules(workspace) == ["ack.status"]


async def test_a_bot_that_is_not_there_breaks_no_rule(server: SandboxServer, workspace: Workspace) -> None:
    server.events_url = "http://127.0.0.1:9/slack/events"
    ada = workspace.actor("ada")
    await ada.command("/squawk")
    assert ada.notice == "dispatch_failed"
    assert workspace.violations == []


async def test_an_answer_to_a_command_is_seen_by_one_person_or_all(
    parrot: Parrot, ada: Actor, bob: Actor, workspace: Workspace
) -> None:
    parrot.always("command", "Hello Ada")
    await ada.command("/squawk")
    parrot.always("command", {"response_type": "in_channel", "blocks": [section("Hello all")], "text": "x"})
    await ada.command("/squawk")
    assert [message.is_ephemeral for message in ada.reads("general")] == [True, False]
    assert len(bob.reads("general")) == 1
    assert workspace.violations == []


@pytest.mark.parametrize("answer", [{"blocks": [{"type": "sektion"}]}, {"foo": 1}, [1, 2]])
async def test_an_answer_to_a_command_that_is_no_message_is_a_violation(
    parrot: Parrot, ada: Actor, workspace: Workspace, answer: Any
) -> None:
    parrot.always("command", answer)
    await ada.command("/squawk")
    assert ada.notice == "dispatch_failed"
    assert "ack.body" in rules(workspace)


async def test_an_event_is_sent_three_more_times_with_number_and_reason(
    parrot: Parrot, ada: Actor, workspace: Workspace
) -> None:
    """The limits "events.retry" and "sign"."""
    assert list(workspace.event_retry_delays) == [0, 60, 300]
    workspace.event_retry_delays = (0, 0, 0)
    parrot.always("app_home_opened", 503)
    await ada.open_home()
    while parrot.count("app_home_opened") < 4:
        await ada.settle()
    numbers = [one.headers.get("x-slack-retry-num") for one in parrot.heard]
    assert numbers == [None, "1", "2", "3"]
    assert parrot.heard[1].headers["x-slack-retry-reason"] == "http_error"
    assert len({one.payload["event_id"] for one in parrot.heard}) == 1


async def test_the_bot_can_ask_for_no_repetition_and_an_answer_ends_it(
    parrot: Parrot, ada: Actor, workspace: Workspace
) -> None:
    workspace.event_retry_delays = (0, 0, 0)

    @parrot.on("app_home_opened")
    async def _(_heard: Heard) -> web.Response:
        return web.Response(status=503, headers={"X-Slack-No-Retry": "1"})

    await ada.open_home()
    assert parrot.count("app_home_opened") == 1

    @parrot.on("app_home_opened")
    async def _(heard: Heard) -> int | None:
        return None if "x-slack-retry-num" in heard.headers else 503

    await ada.open_home()
    while parrot.count("app_home_opened") < 3:
        await ada.settle()
    await ada.settle()
    assert parrot.count("app_home_opened") == 3


async def test_only_subscribed_events_are_sent(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    await ada.say("Hello")
    assert parrot.last("message")["event"]["channel_type"] == "im"
    await ada.say("Hello", "general")
    assert parrot.count("message") == 1
    await ada.say(f"<@{workspace.bot_user_id}> hello", "general")
    assert parrot.last("app_mention")["event"]["channel"] == "C0GENERAL"


async def external(parrot: Parrot, person: Actor, **element: Any) -> None:
    await opened(parrot, person, modal(menu("m", "API", {"type": "external_select"} | element)))


async def test_a_menu_asks_the_bot_from_three_letters_on(parrot: Parrot, ada: Actor) -> None:
    parrot.always("block_suggestion", {"options": [option("Billing"), option("Bills")]})
    await external(parrot, ada)
    assert await ada.options("API", "bi") == []
    assert await ada.options("API", "bil") == ["Billing", "Bills"]
    assert parrot.count("block_suggestion") == 1
    assert parrot.last("block_suggestion")["value"] == "bil"


async def test_a_menu_asks_at_once_if_it_says_so_and_takes_groups(parrot: Parrot, ada: Actor) -> None:
    parrot.always("block_suggestion", {"option_groups": [{"label": words("1 of 9"), "options": [option("Billing")]}]})
    await external(parrot, ada, min_query_length=0)
    assert await ada.options("API") == ["Billing"]
    await ada.choose("API", "Billing")
    await ada.submit()
    state = parrot.last("view_submission")["view"]["state"]["values"]["m"]["v"]
    assert state["selected_option"]["value"] == "billing"


@pytest.mark.parametrize(
    "answer",
    [
        {"options": [option(f"o{number}") for number in range(101)]},
        {"options": [option("x" * 76)]},
        {"options": [], "option_groups": []},
        {"choices": []},
        "no",
    ],
)
async def test_a_wrong_answer_to_a_menu_is_no_result(
    parrot: Parrot, ada: Actor, workspace: Workspace, answer: Any
) -> None:
    parrot.always("block_suggestion", answer)
    await external(parrot, ada, min_query_length=0)
    assert await ada.options("API") == []
    assert workspace.violations != []


async def test_an_empty_list_is_no_result_and_breaks_no_rule(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    parrot.always("block_suggestion", {"options": []})
    await external(parrot, ada, min_query_length=0)
    assert await ada.options("API") == []
    assert workspace.violations == []


async def test_made_up_requests_may_be_refused_but_not_crash_the_bot(
    parrot: Parrot, ada: Actor, workspace: Workspace
) -> None:
    parrot.always("block_actions", 401)
    assert (await ada.send({"type": "block_actions"})).status == 401
    assert workspace.violations == []
    parrot.always("block_actions", 500)
    await ada.send({"type": "block_actions"})
    assert rules(workspace) == ["ack.status"]


async def test_a_changed_submission_can_be_sent(parrot: Parrot, ada: Actor) -> None:
    await opened(parrot, ada)
    forged = ada.draft_submission()
    forged["user"]["id"] = "U0BOB"
    await ada.send(forged)
    assert parrot.last("view_submission")["user"]["id"] == "U0BOB"
    assert ada.modal is not None


async def test_only_a_submission_is_answered_with_an_action(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    await opened(parrot, ada, modal(section("x", accessory=button("Go", "go"))))
    parrot.always("block_actions", {"response_action": "clear"})
    await ada.press("Go")
    assert ada.modal is not None
    assert rules(workspace) == ["ack.body"]
