"""The page over plain HTTP: what it shows and what its forms do."""

import asyncio
import re
from typing import Any

import pytest
from markupsafe import Markup

from bot.sandbox.page import stream
from bot.sandbox.page.posts import KEPT, SHOWN, Drawn
from bot.sandbox.page.web import EventStream
from bot.sandbox.records import Message
from tests.sandbox.page.conftest import Visitor, peopled, words


async def test_the_front_door_leads_to_the_first_person(visitor: Visitor) -> None:
    async with visitor.http.get(visitor.url) as answer:
        assert answer.url.path == "/as/U0ADA/c/C0GENERAL"
        assert "Acting as Ada Lovelace" in words(await answer.text())


async def test_everything_comes_from_this_machine_and_nothing_inline_may_run(visitor: Visitor) -> None:
    async with visitor.http.get(f"{visitor.url}/as/U0ADA/c/C0GENERAL") as answer:
        policy, page = answer.headers["Content-Security-Policy"], await answer.text()
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "://" not in page and " style=" not in page and " onclick" not in page and "<script>" not in page


@pytest.mark.parametrize("file", ["tokens.css", "app.js", "vendor/htmx-2.0.11.min.js", "vendor/htmx.LICENSE.txt"])
async def test_its_files_are_served(visitor: Visitor, file: str) -> None:
    async with visitor.http.get(f"{visitor.url}/static/{file}") as answer:
        assert answer.status == 200


async def test_badges_say_in_words_what_is_special_about_a_person(visitor: Visitor) -> None:
    page = words(await visitor.page("c/C0GENERAL"))
    for badge in ("Grace Hopper Guest", "Dan Gone Deactivated", "Eve Extern From Team T0OTHER", "Ada Lovelace Admin"):
        assert badge in page


async def test_nobody_reads_a_channel_they_are_not_in(visitor: Visitor) -> None:
    visitor.person = "U0BOB"
    await visitor.page("c/C0APPROVALS", status=404)
    assert "approvals" not in await visitor.page("sidebar")


async def test_nobody_can_act_as_the_bot_or_a_stranger(visitor: Visitor) -> None:
    for who in (visitor.workspace.bot_user_id, "U0NOBODY"):
        visitor.person = who
        await visitor.page("home", status=404)


async def test_a_form_from_another_site_is_refused(visitor: Visitor) -> None:
    where = f"{visitor.url}/as/U0ADA/send"
    fields = {"text": "hello", "channel": "C0GENERAL"}
    async with visitor.http.post(where, data=fields, headers={"Origin": "http://evil.example"}) as answer:
        assert answer.status == 403
    assert not visitor.workspace.channels["C0GENERAL"].messages


async def test_a_message_is_unread_until_it_is_looked_at(visitor: Visitor) -> None:
    await visitor.workspace.actor("U0BOB").say("Hello", "C0GENERAL")
    assert "general (unread)" in words(await visitor.page("sidebar?at=home"))
    await visitor.page("c/C0GENERAL/posts")
    assert "(unread)" not in words(await visitor.page("sidebar?at=home"))


async def test_what_one_person_whispers_with_the_bot_nobody_else_sees(visitor: Visitor) -> None:
    await visitor.command("/whisper <!channel>")
    assert "Only visible to you" in await visitor.page("c/C0GENERAL/posts")
    assert 'data-mention="everyone">@channel' in await visitor.page("c/C0GENERAL/posts")
    visitor.person = "U0BOB"
    assert "Only visible to you" not in await visitor.page("c/C0GENERAL/posts")


async def test_a_reply_stands_in_its_thread_and_is_counted_under_the_first_message(visitor: Visitor) -> None:
    first = await visitor.workspace.actor("U0BOB").say("Question", "C0GENERAL")
    await visitor.send("send", text="Answer", channel="C0GENERAL", thread=first.ts)
    channel = words(await visitor.page("c/C0GENERAL/posts"))
    assert "1 reply Last reply" in channel and "Answer" not in channel
    await visitor.workspace.actor("U0BOB").say("Thanks", "C0GENERAL", thread_ts=first.ts)
    assert "2 replies Last reply" in words(await visitor.page("c/C0GENERAL/posts"))
    thread = words(await visitor.page(f"c/C0GENERAL/t/{first.ts}/posts"))
    assert re.search("Question.*2 replies.*Answer.*Thanks", thread)


@pytest.mark.parametrize(
    ("person", "path", "reason"),
    [("U0DAN", "c/C0GENERAL", "Dan Gone is deactivated"), ("U0ADA", "c/C0OLD", "This channel is archived")],
)
async def test_where_nothing_can_be_written_a_sentence_says_why(
    visitor: Visitor, person: str, path: str, reason: str
) -> None:
    visitor.person = person
    page = await visitor.page(path)
    assert reason in page and "<textarea" not in page


async def test_the_wizard_goes_on_back_and_keeps_an_error_at_its_field(visitor: Visitor) -> None:
    await visitor.command("/wizard")
    assert "Step 1 of 2" in await visitor.page("modal")
    await visitor.send("fill", place="modal", block="org", action="org.set", value="Acme Payments", menu="yes")
    wrong = await visitor.submit(title="<b>")
    assert "A name cannot contain &lt;: &lt;b&gt;" in wrong and 'aria-invalid="true"' in wrong
    assert "Name: Shop" in await visitor.submit(title="Shop")
    back = await visitor.send("press", place="modal", block="nav", action="back")
    assert "Step 1 of 2" in back


async def test_a_required_field_left_empty_is_told_at_the_field_and_not_sent(visitor: Visitor) -> None:
    await visitor.command("/wizard")
    assert (await visitor.submit(title="")).count("Please complete this required field") >= 2
    assert not [body for body in visitor.bot.seen if body.get("type") == "view_submission"]


async def test_a_second_click_on_a_view_that_has_changed_does_nothing(visitor: Visitor) -> None:
    await visitor.command("/wizard")
    await visitor.send("fill", place="modal", block="org", action="org.set", value="Acme Payments")
    view = visitor.workspace.actor("U0ADA").modal
    assert view is not None
    old = view.hash
    await visitor.submit(title="Shop")
    await visitor.send("submit", view=view.id, hash=old)
    assert len([body for body in visitor.bot.seen if body.get("type") == "view_submission"]) == 1


async def test_every_kind_of_field_reaches_the_bot(visitor: Visitor) -> None:
    await visitor.command("/form")
    chosen = {
        "organization": ["Northwind Traders"],
        "colour": ["green"],
        "days": ["monday", "tuesday"],
        "kind": ["new-client"],
        "terms": ["i-accept-the-terms"],
        "day": ["2026-12-01"],
        "who": ["U0BOB"],
        "where": ["C0GENERAL"],
    }
    for block, values in chosen.items():
        form = [("place", "modal"), ("block", block), ("action", f"{block}.set"), *(("value", one) for one in values)]
        async with visitor.http.post(f"{visitor.url}/as/U0ADA/fill", data=form) as answer:
            assert answer.status == 204
    await visitor.submit(name="Shop", about="line one\r\nline two")
    sent = next(body for body in visitor.bot.seen if body.get("type") == "view_submission")["view"]["state"]["values"]
    held = {block: next(iter(entry.values())) for block, entry in sent.items()}
    assert held["name"]["value"] == "Shop" and held["about"]["value"] == "line one\nline two"
    assert held["organization"]["selected_option"]["text"]["text"] == "Northwind Traders"
    assert [option["value"] for option in held["days"]["selected_options"]] == ["monday", "tuesday"]
    assert held["kind"]["selected_option"]["value"] == "new-client"
    assert held["terms"]["selected_options"][0]["value"] == "i-accept-the-terms"
    assert held["day"]["selected_date"] == "2026-12-01"
    assert held["who"]["selected_user"] == "U0BOB" and held["where"]["selected_conversation"] == "C0GENERAL"


async def test_a_menu_asks_the_bot_for_what_was_typed_and_escapes_the_answer(visitor: Visitor) -> None:
    await visitor.command("/wizard")
    options = await visitor.page("options?place=modal&block=org&action=org.set&q=ngstr")
    assert "Ångström &amp; Söhne &lt;GmbH&gt;" in options and options.count('role="option"') == 1


async def test_a_heading_above_suggested_options_is_shown(visitor: Visitor) -> None:
    await visitor.command("/wizard")
    assert "3 of 240: type more" in await visitor.page("options?place=modal&block=org&action=org.set&q=many")


async def test_a_static_menu_lists_what_matches(visitor: Visitor) -> None:
    await visitor.command("/form")
    options = words(await visitor.page("options?place=modal&block=colour&action=colour.set&q=re"))
    assert options == "Red Green"


async def test_the_cross_closes_the_modal_and_the_bot_hears_of_it(visitor: Visitor) -> None:
    await visitor.command("/form")
    assert await visitor.send("dismiss") == ""
    assert visitor.bot.seen[-1]["type"] == "view_closed" and visitor.bot.seen[-1]["is_cleared"] is True


async def test_a_button_in_a_message_changes_it_for_everybody(visitor: Visitor) -> None:
    await visitor.command("/post")
    message = visitor.workspace.channels["C0GENERAL"].messages[-1]
    place = f"message:C0GENERAL:{message.ts}"
    await visitor.send("press", place=place, block="a", action="decide.approve")
    visitor.person = "U0BOB"
    assert "Approved by @Ada Lovelace" in words(await visitor.page("c/C0GENERAL/posts"))


async def test_a_button_that_is_gone_says_so(visitor: Visitor) -> None:
    await visitor.send("press", place="message:C0GENERAL:1.2", block="a", action="decide.approve")
    assert "This is no longer on the screen." in await visitor.page("toasts")


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("/broken", "/broken failed with the error “dispatch_failed”"),
        ("/nothing", "/nothing is not a valid command."),
    ],
)
async def test_slack_says_when_a_command_failed(visitor: Visitor, text: str, notice: str) -> None:
    await visitor.command(text)
    assert notice in words(await visitor.page("toasts"))
    await visitor.command("/silent")
    assert words(await visitor.page("toasts")) == ""


async def test_a_bot_that_answers_too_late_is_told_as_slack_tells_it(visitor: Visitor) -> None:
    visitor.workspace.ack_seconds, visitor.bot.delay = 0.05, 0.3
    await visitor.command("/silent")
    assert "/silent failed with the error “operation_timeout”" in words(await visitor.page("toasts"))


async def test_trouble_with_a_submission_is_told_in_the_modal(visitor: Visitor) -> None:
    await visitor.command("/wizard")
    await visitor.send("fill", place="modal", block="org", action="org.set", value="Acme Payments")
    visitor.workspace.ack_seconds, visitor.bot.delay = 0.05, 0.3
    assert "We had some trouble connecting. Try again?" in await visitor.submit(title="Shop")


async def test_the_home_tells_the_bot_and_shows_what_it_publishes(visitor: Visitor) -> None:
    await visitor.page("home")
    await visitor.workspace.actor("U0ADA").settle()
    assert "My clients" in await visitor.page("home/view")
    await visitor.send("press", place="home", block="a", action="open_form")
    assert "Everything at once" in await visitor.page("modal")


async def test_a_shortcut_from_the_menu_opens_its_modal(visitor: Visitor) -> None:
    await visitor.send("shortcut", name="Open the form")
    assert "Everything at once" in await visitor.page("modal")


async def test_the_inspector_lists_the_traffic_without_secrets(visitor: Visitor) -> None:
    await visitor.command("/wizard")
    listed = words(await visitor.page("traffic"))
    assert "Slack → bot /wizard 200" in listed and "Bot → Slack views.open 200" in listed
    for exchange in visitor.workspace.traffic:
        detail = await visitor.page(f"traffic/{exchange.id}")
        assert visitor.workspace.bot_token not in detail and visitor.workspace.signing_secret not in detail


async def test_the_inspector_says_which_rule_was_broken(visitor: Visitor) -> None:
    await visitor.command("/broken")
    listed = words(await visitor.page("traffic"))
    assert "rule broken" in listed
    number = visitor.workspace.violations[0].exchange
    assert visitor.workspace.violations[0].sentence in words(await visitor.page(f"traffic/{number}"))


async def test_a_window_is_told_what_changed(visitor: Visitor) -> None:
    async with visitor.http.get(f"{visitor.url}/as/U0ADA/events?at=C0GENERAL") as stream:
        first = await stream.content.readuntil(b"event: traffic\ndata: \n\n")
        assert b"event: modal" in first
        await visitor.workspace.actor("U0BOB").say("Hello", "C0GENERAL")
        assert b"event: posts" in await stream.content.readuntil(b"event: sidebar\ndata: \n\n")


async def test_a_long_conversation_says_what_it_leaves_out(visitor: Visitor) -> None:
    for number in range(SHOWN + 2):
        message = Message(visitor.workspace.next_ts(), "C0GENERAL", "U0BOB", f"number {number}.")
        visitor.workspace.put(message)
    page = words(await visitor.page("c/C0GENERAL/posts"))
    assert "2 earlier messages not shown" in page and "number 1." not in page and "number 2." in page


async def test_a_message_that_changes_is_drawn_again(visitor: Visitor) -> None:
    message = Message(visitor.workspace.next_ts(), "C0GENERAL", "U0BOB", "before")
    visitor.workspace.put(message)
    assert "before" in await visitor.page("c/C0GENERAL/posts")
    message.text = "after"
    assert "after" in await visitor.page("c/C0GENERAL/posts")


def test_drawn_messages_are_remembered_and_the_oldest_forgotten() -> None:
    drawn, asked = Drawn(), []
    for number in [*range(KEPT), 0, KEPT, 0, 1]:

        def draw(number: int = number) -> Markup:
            asked.append(number)
            return Markup("")

        drawn.get((number,), draw)
    assert asked == [*range(KEPT), KEPT, 1]


async def test_stopping_the_workspace_under_an_open_window_is_no_error() -> None:
    sent: list[dict[str, Any]] = []
    streaming = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message)
        if message.get("body"):
            streaming.set()

    async def receive() -> Any:
        await asyncio.Event().wait()

    response = EventStream(stream.events(peopled(), "U0ADA", "C0GENERAL"))
    scope: Any = {"type": "http", "asgi": {"spec_version": "2.3"}}
    window = asyncio.create_task(response(scope, receive, send))
    await streaming.wait()
    window.cancel()
    await window
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
