"""Every way a call to Slack can end, over a real connection, and which of the four endings the caller hears of."""

import json
import socket
from collections.abc import AsyncIterator
from email.utils import formatdate

import pytest

from bot import slack as slack_module
from bot.endings import Posted, SlackRateLimited, SlackRefused, SlackUnreachable, SlackUnsure
from bot.errors import Refusal, Unavailable
from bot.slack import BadBlocks, Json, Slack, TriggerGone, ViewGone, retry_after
from tests.wire import Answering, Wire, cut_short, hung_up, said, serving, silent, written


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with serving() as wire:
        yield wire


@pytest.fixture
async def slack(wire: Wire) -> AsyncIterator[Slack]:
    slack = Slack("xoxb-test", wire.url)
    yield slack
    await slack.close()


POSTED = {"ok": True, "channel": "D1", "ts": "1.5"}


async def test_a_post_says_where_it_stands_and_neither_links_nor_unfurls(wire: Wire, slack: Slack) -> None:
    wire.answer = said(POSTED)
    metadata = {"event_type": "contract", "event_payload": {"delivery_id": "d1"}}
    assert await slack.post("U111", "Hello", [{"type": "divider"}], metadata=metadata) == Posted("D1", "1.5")
    ((path, sent),) = wire.requests
    assert path == "/api/chat.postMessage"
    assert (sent["link_names"], sent["parse"], sent["unfurl_links"], sent["unfurl_media"]) == (
        False,
        "none",
        False,
        False,
    )
    assert sent["metadata"] == metadata and sent["channel"] == "U111" and "thread_ts" not in sent


async def test_each_method_asks_its_own_address(wire: Wire, slack: Slack) -> None:
    wire.answer = said(
        POSTED | {"channel": "C1", "view": {"id": "V1"}, "user": {"id": "U1"}, "messages": [{"ts": "1"}, 5]},
        x_oauth_scopes="commands,chat:write",
    )
    await slack.open_view("1.2.abc", {"type": "modal"})
    await slack.update_view("V1", {"type": "modal"}, "h1")
    await slack.publish_home("U1", {"type": "home"})
    assert await slack.update("C1", "1.5", "x") == Posted("C1", "1.5")
    await slack.ephemeral("C1", "U1", "x")
    assert await slack.user_info("U1") == {"id": "U1"}
    assert await slack.user_by_email("ada@acme.example") == {"id": "U1"}
    assert (await slack.auth_test())["scopes"] == "commands,chat:write"
    assert await slack.history("C1", "1.0") == [{"ts": "1"}]
    assert [path.removeprefix("/api/") for path, _ in wire.requests] == [
        "views.open",
        "views.update",
        "views.publish",
        "chat.update",
        "chat.postEphemeral",
        "users.info",
        "users.lookupByEmail",
        "auth.test",
        "conversations.history",
    ]
    wire.answer = said({"ok": True, "channel": {"id": "C1", "is_ext_shared": True}})
    assert (await slack.conversation_info("C1"))["is_ext_shared"] is True


REFUSALS = ["channel_not_found", "not_in_channel", "is_archived", "invalid_auth", "msg_too_long", "user_not_found"]


@pytest.mark.parametrize("code", REFUSALS)
async def test_a_no_is_a_no_and_is_sent_once(wire: Wire, slack: Slack, code: str) -> None:
    wire.answer = said({"ok": False, "error": code})
    with pytest.raises(SlackRefused) as refused:
        await slack.post("C1", "x")
    assert refused.value.code == code and len(wire.requests) == 1
    assert not isinstance(refused.value, Unavailable | Refusal)


async def test_a_missing_scope_names_itself(wire: Wire, slack: Slack) -> None:
    wire.answer = said({"ok": False, "error": "missing_scope", "needed": "im:write", "provided": "commands"})
    with pytest.raises(SlackRefused, match=r"missing_scope.*needs the scope im:write") as refused:
        await slack.post("C1", "x")
    assert (refused.value.needed, refused.value.provided) == ("im:write", "commands")


async def test_what_slack_says_about_a_bad_view_is_kept(wire: Wire, slack: Slack) -> None:
    message = "[ERROR] must be less than 76 characters [json-pointer:/view/blocks/2/element/options/0/text/text]"
    wire.answer = said({"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": [message]}})
    with pytest.raises(SlackRefused) as refused:
        await slack.open_view("1.2.abc", {"type": "modal"})
    assert refused.value.messages == (message,) and message in repr(refused.value)


@pytest.mark.parametrize("code", sorted(slack_module.TRIGGER_GONE))
async def test_a_used_trigger_is_a_sentence_for_the_person(wire: Wire, slack: Slack, code: str) -> None:
    wire.answer = said({"ok": False, "error": code})
    with pytest.raises(TriggerGone, match="Please try again") as gone:
        await slack.open_view("1.2.abc", {"type": "modal"})
    assert isinstance(gone.value, Refusal) and gone.value.field is None and gone.value.code == code


@pytest.mark.parametrize("code", ["hash_conflict", "not_found"])
async def test_a_view_that_changed_is_a_sentence_for_the_person(wire: Wire, slack: Slack, code: str) -> None:
    wire.answer = said({"ok": False, "error": code})
    with pytest.raises(ViewGone, match="changed in the meantime"):
        await slack.update_view("V1", {"type": "modal"}, "h1")


async def test_any_other_no_to_a_window_is_a_sentence_for_the_person(wire: Wire, slack: Slack) -> None:
    wire.answer = said({"ok": False, "error": "invalid_arguments"})
    with pytest.raises(Refusal, match="didn't show this window") as refused:
        await slack.open_view("1.2.abc", {"type": "modal"})
    assert isinstance(refused.value, SlackRefused) and refused.value.code == "invalid_arguments"
    with pytest.raises(Refusal, match="didn't show this window"):  # slack_sdk itself sends no call without an id
        await slack.update_view("", {"type": "modal"})
    assert len(wire.requests) == 1


async def test_a_bare_yes_opens_changes_and_publishes_a_view(wire: Wire, slack: Slack) -> None:
    wire.answer = said({"ok": True})
    await slack.open_view("1.2.abc", {"type": "modal"})
    await slack.update_view("V1", {"type": "modal"})
    await slack.publish_home("U1", {"type": "home"})
    assert len(wire.requests) == 3


UNSURE: dict[str, Answering] = {
    "500": written("", 500, "text/html"),
    "502": written("<html>Bad Gateway</html>", 502, "text/html"),
    "503 in JSON": said({"ok": False, "error": "service_unavailable"}, 503),
    "504": written("", 504),
    "HTML with a 200": written("<html>Hello</html>", 200, "text/html"),
    "plain text with a 200": written("ok", 200, "text/plain"),
    "nothing with a 200": written(""),
    "half a JSON": written('{"ok": tr'),
    "a list": written("[]"),
    "null": written("null"),
    "a string": written('"ok"'),
    "a number": written("1"),
    "neither yes nor no": said({}),
    "no without a reason": said({"ok": False}),
    "a reason that is a number": said({"ok": False, "error": 5}),
    "fatal_error": said({"ok": False, "error": "fatal_error"}),
    "internal_error": said({"ok": False, "error": "internal_error"}),
    "service_unavailable": said({"ok": False, "error": "service_unavailable"}),
    "yes without a timestamp": said({"ok": True, "channel": "C1"}),
    "yes without a channel": said({"ok": True, "ts": "1.5"}),
    "a timestamp that is a number": said({"ok": True, "channel": "C1", "ts": 1.5}),
    "bytes that are no UTF-8": written("{\x80", 200),
    "a connection that ends": hung_up,
    "a body that ends": cut_short,
}


@pytest.mark.parametrize("answer", UNSURE.values(), ids=UNSURE.keys())
async def test_without_a_readable_answer_it_may_have_happened(wire: Wire, slack: Slack, answer: Answering) -> None:
    wire.answer = answer
    with pytest.raises(SlackUnsure) as unsure:
        await slack.post("C1", "x")
    assert len(wire.requests) == 1
    assert str(unsure.value) == str(Unavailable()) and unsure.value.reason


async def test_silence_may_have_been_a_yes(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_module, "TIMEOUT", 0.05)
    slack = Slack("xoxb-test", wire.url)
    wire.answer = silent
    with pytest.raises(SlackUnsure):
        await slack.post("C1", "x")
    await slack.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_where_nobody_listens_surely_nothing_was_sent(host: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        slack = Slack("xoxb-test", f"http://{host}:{taken.getsockname()[1]}/api/")
        with pytest.raises(SlackUnreachable):
            await slack.post("C1", "x")
        await slack.close()


async def test_without_tls_surely_nothing_was_sent(wire: Wire) -> None:
    slack = Slack("xoxb-test", wire.url.replace("http://", "https://"))
    with pytest.raises(SlackUnreachable):
        await slack.post("C1", "x")
    assert not wire.requests
    await slack.close()


@pytest.mark.parametrize(
    "answer",
    [
        said({"ok": False, "error": "ratelimited"}, 429, Retry_After="7"),
        said({"ok": False, "error": "ratelimited"}, 200, Retry_After="7"),
        said({"ok": False, "error": "rate_limited"}, 200, Retry_After="7"),
    ],
)
async def test_a_limit_says_how_long_to_pause(wire: Wire, slack: Slack, answer: Answering) -> None:
    wire.answer = answer
    with pytest.raises(SlackRateLimited) as limited:
        await slack.post("C1", "x")
    assert limited.value.retry_after == 7.0 and len(wire.requests) == 1


@pytest.mark.parametrize("text", ["", "slow down", "<html>"])
async def test_a_limit_in_any_body_is_a_limit(wire: Wire, slack: Slack, text: str) -> None:
    wire.answer = written(text, 429, "text/html")
    with pytest.raises(SlackRateLimited):
        await slack.post("C1", "x")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("1.5", 1.5),
        (" 2 ", 2.0),
        (None, 10.0),
        ("", 10.0),
        ("soon", 10.0),
        ("nan", 10.0),
        ("0", 1.0),
        ("-5", 1.0),
        ("3600", 3600.0),
        ("999999999999", 3600.0),
        ("inf", 3600.0),
        (formatdate(1_000_000_020, usegmt=True), 20.0),
        (formatdate(999_999_000, usegmt=True), 1.0),
        ("Mon, 99 Foo 2026 00:00:00 GMT", 10.0),
    ],
)
def test_a_pause_is_read_whatever_stands_there(header: str | None, seconds: float) -> None:
    assert retry_after(header, now=1_000_000_000) == seconds


async def test_no_error_carries_the_token(wire: Wire, slack: Slack) -> None:
    for answer in (said({"ok": False, "error": "invalid_auth"}), written("", 500)):
        wire.answer = answer
        with pytest.raises(Exception, match=r".") as error:
            await slack.post("C1", "x")
        assert "xoxb" not in repr(error.value) and error.value.__cause__ is None


def too_long(surface: str, payload: Json) -> list[str]:
    return [f"{surface}: text is too long"] if len(json.dumps(payload)) > 200 else []


async def test_our_own_check_stops_a_bad_message_in_tests(wire: Wire) -> None:
    slack = Slack("xoxb-test", wire.url, check=too_long, strict=True)
    with pytest.raises(BadBlocks, match="message: text is too long"):
        await slack.post("C1", "x" * 300)
    assert not wire.requests
    await slack.close()


async def test_our_own_check_only_speaks_up_in_service(wire: Wire) -> None:
    slack = Slack("xoxb-test", wire.url, check=too_long)
    wire.answer = said(POSTED)
    await slack.post("C1", "x" * 300)
    assert len(wire.requests) == 1
    await slack.close()
