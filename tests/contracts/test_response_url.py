"""A payload's response_url is followed to Slack, or to the place of our Slack, and nowhere else (RELIABILITY B30)."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.endings import SlackRateLimited, SlackRefused, SlackUnsure
from bot.slack import Slack
from tests.wire import Answering, Wire, hung_up, said, serving, written


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with serving() as wire:
        yield wire


@pytest.fixture
async def slack(wire: Wire) -> AsyncIterator[Slack]:
    slack = Slack("xoxb-test", wire.url)
    yield slack
    await slack.close()


async def test_a_response_url_of_slack_or_of_the_same_place_is_answered(wire: Wire, slack: Slack) -> None:
    await slack.respond(wire.url.replace("/api/", "/hooks/1"), "Hello", [{"type": "divider"}])
    assert wire.requests == [
        (
            "/hooks/1",
            {
                "response_type": "ephemeral",
                "text": "Hello",
                "replace_original": False,
                "blocks": [{"type": "divider"}],
            },
        )
    ]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.slack.com/actions/1",
        "http://hooks.slack.com/actions/1",
        "https://hooks.slack.com.evil.example/1",
        "https://evil.example/https://hooks.slack.com/",
        "https://hooks.slack.com@evil.example/1",
        "https://hooks.slack.com:8443/1",
        "https://hooks.slack.com\\@evil.example/1",
        "https://evil.example\\@hooks.slack.com/1",
        "https://ada@hooks.slack.com/1",
        "https://xhooks.slack.com/1",
        "http://127.0.0.1:1/hooks/1",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://[::1/1",
    ],
)
async def test_a_response_url_that_points_elsewhere_is_not_followed(wire: Wire, slack: Slack, url: str) -> None:
    with pytest.raises(SlackRefused, match="response_url_not_allowed"):
        await slack.respond(url, "x")
    assert not wire.requests


async def test_what_can_not_be_said_there_is_said_in_a_direct_message(wire: Wire, slack: Slack) -> None:
    wire.answer = said({"ok": True, "channel": "D1", "ts": "1.1"})
    await slack.tell("https://evil.example/1", "U1", "Here you are.", [])
    ((path, message),) = wire.requests
    assert path.endswith("chat.postMessage")
    assert (message["channel"], message["text"]) == ("U1", "Here you are.")


async def test_whoever_no_direct_message_reaches_is_no_incident(wire: Wire, slack: Slack) -> None:
    wire.answer = said({"ok": False, "error": "channel_not_found"})
    await slack.tell("", "U0GONE", "Here you are.")
    assert len(wire.requests) == 1


async def test_with_the_real_slack_no_other_place_is_allowed(wire: Wire) -> None:
    slack = Slack("xoxb-test")
    with pytest.raises(SlackRefused, match="response_url_not_allowed"):
        await slack.respond(wire.url, "x")
    await slack.close()


async def test_a_redirect_is_not_followed(wire: Wire, slack: Slack) -> None:
    async def redirect(_: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"location": "/elsewhere"})

    wire.answer = redirect
    with pytest.raises(SlackRefused, match="http_302"):
        await slack.respond(wire.url, "x")
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        (written("", 429), SlackRateLimited),
        (written("", 503), SlackUnsure),
        (written("expired_url", 404), SlackRefused),
        (hung_up, SlackUnsure),
    ],
)
async def test_a_response_url_ends_in_the_same_ways(
    wire: Wire, slack: Slack, answer: Answering, ending: type[Exception]
) -> None:
    wire.answer = answer
    with pytest.raises(ending):
        await slack.respond(wire.url, "x")
