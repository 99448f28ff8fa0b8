"""Answers that lie: broken in every way, with and without the effect, and aimed at one channel or person."""

import asyncio
import time

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.faults import BROKEN
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace

SAID = {
    "500": (500, b"Internal Server Error"),
    "502": (502, b"Bad Gateway"),
    "503": (503, b"Service Unavailable"),
    "504": (504, b"Gateway Timeout"),
    "html": (200, b"<!DOCTYPE html>"),
    "empty": (200, b""),
    "truncated": (200, b'{"ok":true,"'),
    "list": (200, b"[]"),
    "null": (200, b"null"),
    "bare": (200, b'{"ok":true}'),
}


@pytest.fixture
def api(server: SandboxServer, workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=workspace.bot_token, base_url=server.api_url, retry_handlers=[])


async def raw(server: SandboxServer, workspace: Workspace, channel: str = "C0GENERAL") -> tuple[int, bytes]:
    """Post a message and return status and bytes of the answer."""
    headers = {"Authorization": f"Bearer {workspace.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        form = {"channel": channel, "text": "x"}
        async with http.post(f"{server.api_url}chat.postMessage", data=form) as answer:
            return answer.status, await answer.read()


@pytest.mark.parametrize("acted", [False, True])
@pytest.mark.parametrize("kind", sorted(SAID))
async def test_a_broken_answer_comes_with_or_without_the_effect(
    server: SandboxServer, workspace: Workspace, kind: str, acted: bool
) -> None:
    fault = workspace.faults.add(method="chat.postMessage", kind=kind, acted=acted)
    status, body = await raw(server, workspace)
    assert status == SAID[kind][0]
    assert body.startswith(SAID[kind][1]) if kind in {"html", "truncated"} else body == SAID[kind][1]
    assert len(workspace.channel("general").messages) == int(acted)
    assert (fault.fired, workspace.traffic[-1].response) == (1, {"fault": kind})


def test_no_kind_of_broken_answer_is_left_out_here() -> None:
    assert set(SAID) | {"trickle"} == BROKEN


async def test_an_error_can_come_after_the_effect(api: AsyncWebClient, workspace: Workspace) -> None:
    workspace.faults.add(method="chat.postMessage", kind="error:fatal_error", acted=True)
    with pytest.raises(SlackApiError, match="fatal_error"):
        await api.chat_postMessage(channel="C0GENERAL", text="x")
    assert len(workspace.channel("general").messages) == 1


@pytest.mark.parametrize("acted", [False, True])
async def test_an_answer_that_trickles_never_ends(server: SandboxServer, workspace: Workspace, acted: bool) -> None:
    workspace.faults.add(method="chat.postMessage", kind="trickle", acted=acted)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(raw(server, workspace), 1.2)
    assert time.monotonic() - begun >= 1.2
    assert len(workspace.channel("general").messages) == int(acted)
    assert (await raw(server, workspace))[0] == 200


async def test_any_answer_can_take_its_time(server: SandboxServer, workspace: Workspace) -> None:
    workspace.faults.add(method="chat.postMessage", kind="error:odd", seconds=0.2)
    begun = time.monotonic()
    assert (await raw(server, workspace))[1] == b'{"ok":false,"error":"odd"}'
    assert time.monotonic() - begun >= 0.2


async def test_a_429_without_a_header_says_nothing_of_when(api: AsyncWebClient, workspace: Workspace) -> None:
    workspace.faults.add(method="chat.postMessage", kind="429", retry_after=None)
    with pytest.raises(SlackApiError) as caught:
        await api.chat_postMessage(channel="C0GENERAL", text="x")
    assert "retry-after" not in {name.lower() for name in caught.value.response.headers}


async def test_a_fault_about_a_channel_or_person_strikes_nobody_else(api: AsyncWebClient, workspace: Workspace) -> None:
    workspace.add_channel("other", id="C0OTHER", members=["ada"])
    quiet = workspace.faults.add(method="chat.postMessage", kind="error:is_archived", about="C0OTHER")
    await api.chat_postMessage(channel="C0GENERAL", text="x")
    assert quiet.fired == 0
    with pytest.raises(SlackApiError, match="is_archived"):
        await api.chat_postMessage(channel="C0OTHER", text="x")
    assert (quiet.fired, quiet.times) == (1, 0)


async def test_a_fault_about_a_person_strikes_in_their_direct_messages_too(
    api: AsyncWebClient, workspace: Workspace
) -> None:
    posted = await api.chat_postMessage(channel="U0ADA", text="x")
    for method in ("chat.update", "conversations.history", "conversations.open"):
        workspace.faults.add(method=method, kind="error:odd", about="U0ADA")
    with pytest.raises(SlackApiError, match="odd"):
        await api.chat_update(channel=posted["channel"], ts=posted["ts"], text="y")
    with pytest.raises(SlackApiError, match="odd"):
        await api.conversations_history(channel=posted["channel"])
    with pytest.raises(SlackApiError, match="odd"):
        await api.conversations_open(users="U0ADA")


async def test_a_fault_for_anybody_waits_until_those_about_the_channel_are_used_up(
    api: AsyncWebClient, workspace: Workspace
) -> None:
    workspace.faults.add(method="*", kind="error:first_planned")
    workspace.faults.add(method="*", kind="error:aimed", about="C0GENERAL")
    for code in ("aimed", "first_planned"):
        with pytest.raises(SlackApiError, match=code):
            await api.chat_postMessage(channel="C0GENERAL", text="x")
    await api.chat_postMessage(channel="C0GENERAL", text="x")


@pytest.mark.parametrize("kind", ["429", "slow", "timeout", "reset_before"])
async def test_what_says_by_itself_whether_it_acted_can_not_be_told_so(workspace: Workspace, kind: str) -> None:
    with pytest.raises(ValueError, match="says by itself"):
        workspace.faults.add(method="*", kind=kind, acted=True)
