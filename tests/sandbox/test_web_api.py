"""The Web API over HTTP: tokens, scopes, ways to send arguments, people and channels, and faults on demand."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxServer
from bot.sandbox.web_api.call import METHODS
from bot.sandbox.workspace import Workspace
from tests.sandbox.parrot import modal, section, words
from tests.sandbox.test_modals import refusal, rules


@pytest.fixture
def api(server: SandboxServer, workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=workspace.bot_token, base_url=server.api_url, retry_handlers=[])


@pytest.fixture
async def http(server: SandboxServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=server.api_url) as session:
        yield session


async def test_auth_test_tells_who_the_bot_is_and_what_it_may(api: AsyncWebClient, workspace: Workspace) -> None:
    answer = await api.auth_test()
    assert answer["user_id"] == workspace.bot_user_id
    assert (answer["team_id"], answer["team"]) == ("T0NEST", "Nest")
    assert answer.headers["x-oauth-scopes"] == ",".join(workspace.manifest.scopes)


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, "not_authed"),
        ({"Authorization": "Bearer xoxb-wrong"}, "invalid_auth"),
        ({"Authorization": "Bearer {app}"}, "not_allowed_token_type"),
    ],
)
async def test_a_wrong_token_is_refused_with_status_200(
    http: aiohttp.ClientSession, workspace: Workspace, headers: dict[str, str], error: str
) -> None:
    sent = {key: value.format(app=workspace.app_token) for key, value in headers.items()}
    async with http.post("auth.test", headers=sent) as answer:
        assert (answer.status, await answer.json()) == (200, {"ok": False, "error": error})


async def test_a_revoked_token_says_so(api: AsyncWebClient, workspace: Workspace) -> None:
    workspace.revoked = "token_revoked"
    assert await refusal(api.auth_test()) == "token_revoked"


async def test_an_unknown_method_is_a_violation(api: AsyncWebClient, workspace: Workspace) -> None:
    assert await refusal(api.api_call("chat.shout")) == "unknown_method"
    assert rules(workspace) == ["unknown_method"]


async def test_a_missing_scope_names_what_is_needed_and_what_there_is(
    api: AsyncWebClient, workspace: Workspace
) -> None:
    workspace.manifest.scopes.remove("users:read")
    with pytest.raises(SlackApiError) as caught:
        await api.users_info(user="U0ADA")
    answer: Any = caught.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "users:read")
    assert answer["provided"].startswith("commands,chat:write")
    assert rules(workspace) == ["missing_scope"]


async def test_arguments_come_as_form_query_json_or_parts(http: aiohttp.ClientSession, workspace: Workspace) -> None:
    blocks = [section("Hello")]
    bearer = {"Authorization": f"Bearer {workspace.bot_token}"}
    content: dict[str, Any] = {"channel": "C0GENERAL", "text": "x"}
    form = content | {"blocks": json.dumps(blocks)}
    parts = aiohttp.FormData({**form, "token": workspace.bot_token}, default_to_multipart=True)
    ways: list[dict[str, Any]] = [
        {"data": form, "headers": bearer},
        {"data": form | {"token": workspace.bot_token}},
        {"params": form, "headers": bearer},
        {"json": content | {"blocks": blocks}, "headers": bearer},
        {"json": form, "headers": bearer},
        {"data": parts},
    ]
    for way in ways:
        async with http.post("chat.postMessage", **way) as answer:
            assert (await answer.json())["message"]["blocks"][0]["text"]["text"] == "Hello"


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        ("application/json", b"{", "invalid_json"),
        ("application/json", b"[]", "json_not_object"),
        ("image/png", b"x", "invalid_post_type"),
    ],
)
async def test_a_body_that_can_not_be_read_is_named(
    http: aiohttp.ClientSession, workspace: Workspace, kind: str, body: bytes, error: str
) -> None:
    headers = {"Authorization": f"Bearer {workspace.bot_token}", "Content-Type": kind}
    async with http.post("chat.postMessage", data=body, headers=headers) as answer:
        assert (await answer.json())["error"] == error


async def test_a_method_without_json_does_not_see_arguments_sent_that_way(
    http: aiohttp.ClientSession, workspace: Workspace
) -> None:
    headers = {"Authorization": f"Bearer {workspace.bot_token}"}
    async with http.post("users.info", json={"user": "U0ADA"}, headers=headers) as answer:
        assert (await answer.json())["error"] == "invalid_arguments"


async def test_api_test_gives_back_what_it_was_given(api: AsyncWebClient) -> None:
    assert (await api.api_test(foo="bar"))["args"]["foo"] == "bar"
    assert await refusal(api.api_test(error="my_error")) == "my_error"


async def test_blocks_are_validated_on_request(api: AsyncWebClient) -> None:
    """The limit "blocks.validate"."""
    good = json.dumps([section("x")])
    await api.api_call("blocks.validate", json={"blocks": good})
    with pytest.raises(SlackApiError) as caught:
        await api.api_call("blocks.validate", json={"view": json.dumps(modal(section("x"), title="x" * 25))})
    answer: Any = caught.value.response
    assert answer["error"] == "invalid_view"
    assert answer["errors"][0]["pointer"] == "/view/title/text"
    both = api.api_call("blocks.validate", json={"blocks": good, "message": "{}"})
    assert await refusal(both) == "invalid_arguments"
    long = api.api_call("blocks.validate", json={"blocks": " " * 100_001})
    assert await refusal(long) == "invalid_arguments"


async def test_a_person_has_an_address_only_for_who_may_read_it(api: AsyncWebClient, workspace: Workspace) -> None:
    """The limit "users.info"."""
    assert (await api.users_info(user="U0ADA"))["user"]["profile"]["email"] == "ada.lovelace@example.com"
    workspace.manifest.scopes.remove("users:read.email")
    user = (await api.users_info(user="U0ADA"))["user"]
    assert "email" not in user["profile"]
    assert (user["real_name"], user["is_admin"], user["is_restricted"]) == ("Ada Lovelace", True, False)
    assert (await api.users_info(user="U0GIL"))["user"]["is_restricted"] is True
    assert await refusal(api.users_info(user="U0NOBODY")) == "user_not_found"


async def test_people_are_found_by_their_address_while_they_are_here(api: AsyncWebClient, workspace: Workspace) -> None:
    """The limit "users.lookupByEmail"."""
    found = await api.users_lookupByEmail(email="ADA.lovelace@example.com")
    assert found["user"]["id"] == "U0ADA"
    workspace.people["U0ADA"].deleted = True
    assert await refusal(api.users_lookupByEmail(email="ada.lovelace@example.com")) == "users_not_found"


async def test_strangers_are_shown_with_little_and_are_in_no_list(api: AsyncWebClient, workspace: Workspace) -> None:
    workspace.add_person("Sue Stranger", id="U0SUE", team_id="T0ELSE", is_stranger=True)
    user = (await api.users_info(user="U0SUE"))["user"]
    assert (user["team_id"], user["is_stranger"], "is_restricted" in user) == ("T0ELSE", True, False)
    listed = [member["id"] for member in (await api.users_list())["members"]]
    assert "U0SUE" not in listed
    assert "U0ADA" in listed


async def test_lists_come_in_pages(api: AsyncWebClient) -> None:
    seen: list[str] = []
    cursor = ""
    for _ in range(2):
        page = await api.users_list(limit=2, cursor=cursor)
        seen += [member["id"] for member in page["members"]]
        cursor = page["response_metadata"]["next_cursor"]
    assert (len(set(seen)), cursor) == (4, "")
    assert await refusal(api.users_list(cursor="nonsense")) == "invalid_cursor"


async def test_channels_say_whether_they_are_shared_archived_and_joined(
    api: AsyncWebClient, workspace: Workspace
) -> None:
    workspace.add_person("Sue Stranger", id="U0SUE", team_id="T0ELSE")
    workspace.add_channel("shared", id="C0SHARED", members=["U0SUE"], is_ext_shared=True, is_archived=True, bot=False)
    shared = (await api.conversations_info(channel="C0SHARED"))["channel"]
    assert (shared["is_ext_shared"], shared["is_archived"], shared["is_member"]) == (True, True, False)
    assert shared["shared_team_ids"] == ["T0ELSE", "T0NEST"]
    members = await api.conversations_members(channel="C0GENERAL")
    assert set(members["members"]) == {"U0ADA", "U0BOB", "U0GIL", workspace.bot_user_id}


async def test_private_channels_are_hidden_from_who_is_not_inside(api: AsyncWebClient, workspace: Workspace) -> None:
    workspace.add_channel("secret", id="C0SECRET", private=True, bot=False)
    workspace.add_channel("ours", id="C0OURS", private=True)
    assert await refusal(api.conversations_info(channel="C0SECRET")) == "channel_not_found"
    listed = await api.conversations_list(types="public_channel,private_channel", exclude_archived=True)
    assert {channel["id"] for channel in listed["channels"]} == {"C0GENERAL", "C0OURS"}
    hers = await api.users_conversations(user="U0ADA")
    assert [channel["id"] for channel in hers["channels"]] == ["C0GENERAL"]


async def test_joining_needs_its_scope_and_a_public_channel(api: AsyncWebClient, workspace: Workspace) -> None:
    workspace.add_channel("open", id="C0OPEN", bot=False)
    assert await refusal(api.conversations_join(channel="C0OPEN")) == "missing_scope"
    workspace.manifest.scopes.append("channels:join")
    await api.conversations_join(channel="C0OPEN")
    assert workspace.bot_user_id in workspace.channel("open").members


async def test_user_groups_give_their_people_unless_disabled(api: AsyncWebClient, workspace: Workspace) -> None:
    group = workspace.add_usergroup("approvers", users=["ada", "bob"])
    assert (await api.usergroups_users_list(usergroup=group.id))["users"] == ["U0ADA", "U0BOB"]
    listed = (await api.usergroups_list(include_users=True))["usergroups"]
    assert [(one["handle"], one["users"]) for one in listed] == [("approvers", ["U0ADA", "U0BOB"])]
    group.disabled = True
    assert await refusal(api.usergroups_users_list(usergroup=group.id)) == "no_such_subteam"
    assert (await api.usergroups_list())["usergroups"] == []


async def test_the_bot_and_the_team_describe_themselves(api: AsyncWebClient, workspace: Workspace) -> None:
    bot = (await api.bots_info(bot=workspace.bot_id))["bot"]
    assert (bot["name"], bot["user_id"]) == ("Parrot", workspace.bot_user_id)
    assert await refusal(api.bots_info(bot="B0OTHER")) == "bot_not_found"
    workspace.manifest.scopes.append("team:read")
    assert (await api.team_info())["team"]["name"] == "Nest"


async def test_a_429_says_when_to_come_again_and_does_nothing(api: AsyncWebClient, workspace: Workspace) -> None:
    """The limit "tiers"."""
    workspace.faults.add(method="chat.postMessage", kind="429", retry_after="30")
    with pytest.raises(SlackApiError) as caught:
        await api.chat_postMessage(channel="C0GENERAL", text="x")
    answer: Any = caught.value.response
    assert (answer.status_code, answer.headers["Retry-After"], answer["error"]) == (429, "30", "ratelimited")
    assert workspace.channel("general").messages == []
    await api.chat_postMessage(channel="C0GENERAL", text="x")


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [("500", 500, "Internal"), ("html", 200, "<html>"), ("empty", 200, ""), ("error:fatal_error", 200, "fatal_error")],
)
async def test_broken_answers_come_on_demand(
    http: aiohttp.ClientSession, workspace: Workspace, kind: str, status: int, text: str
) -> None:
    workspace.faults.add(method="*", kind=kind, times=2)
    for _ in range(2):
        async with http.post("api.test") as answer:
            assert answer.status == status
            assert text in await answer.text()
    async with http.post("api.test") as answer:
        assert (await answer.json())["ok"] is True


@pytest.mark.parametrize(("kind", "messages"), [("reset_before", 0), ("reset_after", 1)])
async def test_a_cut_connection_happens_before_or_after_the_effect(
    api: AsyncWebClient, workspace: Workspace, kind: str, messages: int
) -> None:
    workspace.faults.add(method="chat.postMessage", kind=kind)
    with pytest.raises(aiohttp.ClientError):
        await api.chat_postMessage(channel="C0GENERAL", text="x")
    assert len(workspace.channel("general").messages) == messages


@pytest.mark.parametrize(("kind", "messages"), [("timeout", 0), ("lost_answer", 1)])
async def test_an_answer_that_never_comes_happens_before_or_after_the_effect(
    server: SandboxServer, workspace: Workspace, kind: str, messages: int
) -> None:
    workspace.faults.add(method="chat.postMessage", kind=kind)
    api = AsyncWebClient(token=workspace.bot_token, base_url=server.api_url, timeout=1, retry_handlers=[])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(api.chat_postMessage(channel="C0GENERAL", text="x"), 0.1)
    assert len(workspace.channel("general").messages) == messages


async def test_a_slow_answer_comes_all_the_same(api: AsyncWebClient, workspace: Workspace) -> None:
    workspace.faults.add(method="chat.postMessage", kind="slow", seconds=0.01)
    await api.chat_postMessage(channel="C0GENERAL", text="x")


async def test_an_unknown_fault_can_not_be_planned(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="no such fault: 'flood'"):
        workspace.faults.add(method="*", kind="flood")


async def test_traffic_is_kept_both_ways_and_bounded(api: AsyncWebClient, workspace: Workspace) -> None:
    for _ in range(501):
        workspace.exchange("to bot", "x", {})
    await api.api_test(foo="bar")
    last = workspace.traffic[-1]
    assert (last.direction, last.name, last.status, last.request) == ("to Slack", "api.test", 200, {"foo": "bar"})
    assert last.response["ok"] is True
    assert len(workspace.traffic) == 500


async def test_a_violation_names_the_exchange_it_was_seen_in(api: AsyncWebClient, workspace: Workspace) -> None:
    blocks = [{"type": "header", "text": words("x" * 151)}]
    assert await refusal(api.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)) == "invalid_blocks"
    violation = workspace.violations[0]
    assert violation.pointer == "/blocks/0/text/text"
    assert [one.name for one in workspace.traffic if one.id == violation.exchange] == ["chat.postMessage"]


def test_the_methods_of_the_agreement_are_all_there() -> None:
    agreed = """auth.test api.test apps.connections.open views.open views.update views.push views.publish
    chat.postMessage chat.update chat.delete chat.postEphemeral chat.getPermalink conversations.open conversations.info
    conversations.history conversations.replies conversations.list conversations.members conversations.join users.info
    users.list users.lookupByEmail users.conversations usergroups.list usergroups.users.list bots.info team.info"""
    assert set(agreed.split()) - set(METHODS) == set()
