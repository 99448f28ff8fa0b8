"""No answer waits for Slack: a view that takes longer to draw is shown after it (RELIABILITY F5, PERFORMANCE P10)."""

import asyncio
from typing import Any

import pytest

from bot.domain.people import Person
from bot.errors import Refusal
from handlers.opening import opening, saying
from handlers.payloads import Command
from handlers.replies import Reply

Json = dict[str, Any]
VIEW: Json = {"type": "modal"}


class Screen:
    """Notes what was shown."""

    def __init__(self) -> None:
        self.shown: list[object] = []

    async def open_view(self, trigger: str, view: Json) -> None:
        self.shown.append(view)

    async def update_view(self, view_id: str, view: Json, hash: str | None = None) -> None:
        raise AssertionError

    async def publish_home(self, user: str, view: Json, hash: str | None = None) -> None:
        raise AssertionError

    async def tell(self, response_url: str, user: str, text: str, blocks: list[Json] | None = None) -> None:
        self.shown.append(text)


class Slack:
    """Answers when it is let."""

    def __init__(self, error: Exception | None = None) -> None:
        self.answers = asyncio.Event()
        self._error = error

    async def view(self) -> Json:
        await self.answers.wait()
        if self._error:
            raise self._error
        return VIEW

    async def message(self) -> tuple[str, list[Json]]:
        await self.view()
        return "Here you are.", []


@pytest.fixture
def command() -> Command:
    known: Json = {"kind": "command", "name": "/apis", "person": Person(team="T1", user="U1"), "body": {}}
    return Command(**known, text="", channel="C1", trigger="1.2", response_url="there")


async def followed(reply: Reply) -> None:
    assert reply.body is None
    assert reply.afterwards
    await reply.afterwards()


async def test_what_slack_has_to_be_asked_for_is_shown_after_the_answer(command: Command) -> None:
    screen, slack = Screen(), Slack()
    window, message = await opening(command, screen, slack.view), await saying(command, screen, slack.message)
    assert screen.shown == []
    slack.answers.set()
    await followed(window)
    await followed(message)
    assert screen.shown == [VIEW, "Here you are."]


async def test_what_the_database_tells_travels_in_the_answer_or_is_refused_in_it(command: Command) -> None:
    screen, fast = Screen(), Slack()
    fast.answers.set()
    assert (await saying(command, screen, fast.message)).body
    refusing = Slack(Refusal("No"))
    refusing.answers.set()
    with pytest.raises(Refusal, match="No"):
        await opening(command, screen, refusing.view)


async def test_a_refusal_that_comes_late_is_raised_after_the_answer(command: Command) -> None:
    slack = Slack(Refusal("No"))
    reply = await opening(command, Screen(), slack.view)
    slack.answers.set()
    with pytest.raises(Refusal, match="No"):
        await followed(reply)
