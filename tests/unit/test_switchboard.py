"""The table and the door: what a person gets for each kind of payload and each kind of error."""

import asyncio
import json

import pytest
import structlog

from bot.errors import NotAllowed, Refusal, Unavailable
from handlers.door import PROBLEM, with_problem
from handlers.payloads import Payload
from handlers.replies import Reply
from handlers.switchboard import ELSEWHERE, INCIDENT_LETTERS, incident_number
from tests.bodies import (
    ALL,
    CLOSED,
    COMMAND,
    EVENT,
    HOOK,
    IN_HOME,
    IN_MESSAGE,
    IN_MODAL,
    OPTIONS,
    SHORTCUT,
    SUBMISSION,
    Json,
    raising,
    view,
    with_handler,
)
from tests.doorway import Noted, NotingSlack, switchboard


async def told(
    body: Json, error: BaseException, failing: set[str] | None = None
) -> tuple[Json | None, list[tuple[str, Json]]]:
    """Return the answer, and what Slack was asked to do after it."""
    slack = NotingSlack(failing=failing or set())
    board = with_handler(raising(error), slack)
    answer = await board.answer(body)
    assert not slack.calls  # an acknowledgement waits for no call to Slack
    await board.drain(1)
    return answer, slack.calls


def sentence(view: Json) -> str:
    """The warning on top of a view."""
    top = view["blocks"][0]
    assert top["block_id"] == PROBLEM and top["text"]["type"] == "plain_text"
    return str(top["text"]["text"]).removeprefix("⚠️ ")


async def test_a_refusal_stands_at_its_field() -> None:
    answer, _ = await told(SUBMISSION, Refusal("That name is taken.", field="name"))
    assert answer == {"response_action": "errors", "errors": {"name": "That name is taken."}}


async def test_a_field_that_was_reset_is_found_under_its_new_block() -> None:
    answer, _ = await told(SUBMISSION, Refusal("Too long.", field="version"))
    assert answer == {"response_action": "errors", "errors": {"version__r3": "Too long."}}


@pytest.mark.parametrize("field", [None, "organization", "hint"])
async def test_a_refusal_without_such_an_input_stands_on_top_of_the_same_view(field: str | None) -> None:
    answer, _ = await told(SUBMISSION, Refusal("It was deleted.", field=field))
    assert answer and answer["response_action"] == "update"
    shown = answer["view"]
    assert sentence(shown) == "It was deleted."
    assert [block["block_id"] for block in shown["blocks"][1:]] == ["name", "version__r3", "hint"]
    assert set(shown) == {"type", "callback_id", "private_metadata", "title", "submit", "blocks"}


async def test_the_next_warning_replaces_the_former() -> None:
    warned = view(blocks=with_problem(view(), "First.")["blocks"])
    answer, _ = await told(SUBMISSION | {"view": warned}, Refusal("Second."))
    assert answer and sentence(answer["view"]) == "Second."
    assert [block["block_id"] for block in answer["view"]["blocks"]].count(PROBLEM) == 1


async def test_a_full_view_stays_within_100_blocks_and_loses_no_input() -> None:
    full = view(blocks=[{"type": "section", "block_id": f"s{number}"} for number in range(99)] + view()["blocks"][:1])
    answer, _ = await told(SUBMISSION | {"view": full}, Refusal("No."))
    assert answer
    blocks = answer["view"]["blocks"]
    assert len(blocks) == 100 and blocks[-1]["block_id"] == "name"


@pytest.mark.parametrize("blocks", [None, "x", {}, [None, "x", 5]])
async def test_a_view_with_odd_blocks_is_warned_in_all_the_same(blocks: object) -> None:
    answer, _ = await told(SUBMISSION | {"view": view(blocks=blocks)}, Refusal("No.", field="name"))
    assert answer and sentence(answer["view"]) == "No." and len(answer["view"]["blocks"]) == 1


async def test_a_command_is_answered_in_place_and_names_cannot_mention() -> None:
    answer, calls = await told(COMMAND, NotAllowed("No <!channel> & no."))
    assert answer and answer["response_type"] == "ephemeral"
    assert answer["text"] == "No &lt;!channel&gt; &amp; no."
    assert answer["blocks"][0]["text"] == {"type": "plain_text", "text": "⚠️ No <!channel> & no.", "emoji": False}
    assert not calls


async def test_a_button_in_a_message_is_answered_to_the_person_alone() -> None:
    answer, calls = await told(IN_MESSAGE, Refusal("Already approved."))
    assert answer is None
    assert calls == [("respond", {"response_url": HOOK, "text": "Already approved.", "replace_original": False})]


async def test_the_next_way_is_taken_where_one_fails() -> None:
    _, calls = await told(IN_MESSAGE, Refusal("Already approved."), failing={"respond", "ephemeral"})
    assert [name for name, _ in calls] == ["respond", "ephemeral", "post"]
    assert calls[-1][1]["channel"] == "U111"


async def test_nobody_reachable_is_a_line_in_the_log() -> None:
    with structlog.testing.capture_logs() as lines:
        await told(IN_MESSAGE, Refusal("x"), failing={"respond", "ephemeral", "post"})
    assert "nobody could be told" in [line["event"] for line in lines]


async def test_a_button_in_a_modal_warns_in_that_modal_unless_it_changed() -> None:
    _, [(name, arguments)] = await told(IN_MODAL, Refusal("Gone."))
    assert name == "update_view" and (arguments["view_id"], arguments["hash"]) == ("V1", "h1")
    assert sentence(arguments["view"]) == "Gone."


async def test_a_modal_that_changed_or_closed_leaves_the_direct_message() -> None:
    _, calls = await told(IN_MODAL, Refusal("Gone."), failing={"update_view"})
    assert calls[-1] == ("post", {"channel": "U111", "text": "Gone."})


async def test_a_button_in_the_home_warns_there() -> None:
    _, [(name, arguments)] = await told(IN_HOME, Refusal("Gone."))
    assert name == "publish_home" and arguments["user"] == "U111"
    assert sentence(arguments["view"]) == "Gone." and arguments["view"]["type"] == "home"


async def test_a_shortcut_opens_a_small_window_or_writes() -> None:
    _, [(name, arguments)] = await told(SHORTCUT, Refusal("You have no organization."))
    assert name == "open_view" and arguments["trigger"] == "1.2.abc"
    assert sentence(arguments["view"]) == "You have no organization."
    _, calls = await told(SHORTCUT, Refusal("You have no organization."), failing={"open_view"})
    assert [name for name, _ in calls] == ["open_view", "post"]


async def test_a_menu_has_no_options_when_something_fails() -> None:
    assert (await told(OPTIONS, RuntimeError("x")))[0] == {"options": []}


@pytest.mark.parametrize("body", [CLOSED, EVENT], ids=["closed", "event"])
async def test_nobody_is_bothered_where_nobody_waits(body: Json) -> None:
    assert await told(body, RuntimeError("x")) == (None, [])


@pytest.mark.parametrize("body", ALL.values(), ids=ALL.keys())
@pytest.mark.parametrize("error", [RuntimeError("token xoxb-1"), KeyError("x"), AssertionError(), RecursionError()])
async def test_a_fault_is_an_incident_with_a_number_and_never_an_exception(body: Json, error: Exception) -> None:
    with structlog.testing.capture_logs() as lines:
        answer, calls = await told(body, error)
    (incident,) = [line for line in lines if line["event"] == "incident"]
    assert incident["incident"] == "ABCD2345" and incident["exc_info"] is error
    said = json.dumps([answer, calls], ensure_ascii=False)
    assert "xoxb" not in said
    if body not in (OPTIONS, CLOSED, EVENT):
        assert "(incident ABCD2345). Nothing more was done; please try again." in said


async def test_an_outage_says_that_trying_again_is_safe_and_keeps_the_entries() -> None:
    answer, _ = await told(SUBMISSION, Unavailable())
    assert answer and sentence(answer["view"]) == str(Unavailable())
    assert answer["view"]["blocks"][1]["block_id"] == "name"


async def test_who_is_too_slow_is_answered_in_time() -> None:
    done = asyncio.Event()

    async def slow(_: Payload) -> Reply:
        await done.wait()
        return Reply.clear()

    watch = Noted()
    answer = await with_handler(slow, watch=watch, patience=0.01).answer(SUBMISSION)
    assert answer and sentence(answer["view"]) == str(Unavailable())
    assert watch.answers == [("submission client.details", "unavailable")]


async def test_errors_at_no_input_are_said_on_top_instead() -> None:
    async def wrong(_: Payload) -> Reply:
        return Reply.errors({"hint": "Choose another."})

    answer = await with_handler(wrong).answer(SUBMISSION)
    assert answer and sentence(answer["view"]) == "Choose another."


@pytest.mark.parametrize("body", ALL.values(), ids=ALL.keys())
async def test_what_follows_an_answer_runs_after_it_and_is_waited_for(body: Json) -> None:
    order: list[str] = []

    async def after() -> None:
        await asyncio.sleep(0)
        order.append("afterwards")

    async def handler(_: Payload) -> Reply:
        return Reply.later(after)

    board = with_handler(handler)
    await board.answer(body)
    order.append("answered")
    assert await board.drain(1) == 0
    assert order == ["answered", "afterwards"]


async def test_what_fails_afterwards_is_told_by_the_same_door() -> None:
    slack = NotingSlack()

    async def after() -> None:
        raise Refusal("Slack didn't open it.")

    async def handler(_: Payload) -> Reply:
        return Reply.later(after)

    board = with_handler(handler, slack)
    assert await board.answer(COMMAND) is None
    await board.drain(1)
    assert slack.calls == [
        ("respond", {"response_url": HOOK, "text": "Slack didn't open it.", "replace_original": False})
    ]


async def test_a_view_shown_meanwhile_is_the_one_that_warns_afterwards() -> None:
    slack = NotingSlack()

    async def after() -> None:
        raise RuntimeError

    async def handler(_: Payload) -> Reply:
        return Reply({"response_action": "update", "view": view(callback_id="client.summary")}, after)

    board = with_handler(handler, slack)
    await board.answer(SUBMISSION)
    await board.drain(1)
    ((name, arguments),) = slack.calls
    assert name == "update_view" and arguments["view"]["callback_id"] == "client.summary"
    assert "incident ABCD2345" in sentence(arguments["view"])


async def test_draining_cuts_off_what_takes_too_long() -> None:
    async def for_ever() -> None:
        await asyncio.Event().wait()

    async def handler(_: Payload) -> Reply:
        return Reply.later(for_ever)

    board = with_handler(handler)
    await board.answer(COMMAND)
    assert await board.drain(0.01) == 1


async def test_an_old_button_says_so() -> None:
    slack = NotingSlack()
    board = switchboard(slack)
    assert await board.answer(IN_MESSAGE) is None
    await board.drain(1)
    assert slack.calls[0][1]["text"].startswith("This button is from an older message and no longer works.")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (COMMAND, "doesn't know this command"),
        (SUBMISSION, "This window is from an older version"),
        (OPTIONS, '{"options": []}'),
        (CLOSED, "null"),
        (EVENT, "null"),
    ],
)
async def test_an_unknown_id_is_acknowledged(body: Json, expected: str) -> None:
    assert expected in json.dumps(await switchboard().answer(body))


async def test_an_unknown_id_is_logged_once() -> None:
    board = switchboard()
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            await board.answer(COMMAND)
    assert [line["event"] for line in lines] == ["unknown id"]


@pytest.mark.parametrize("body", ALL.values(), ids=ALL.keys())
async def test_another_workspace_reaches_no_handler(body: Json) -> None:
    slack = NotingSlack()
    board = with_handler(raising(AssertionError("reached")), slack, allowed=lambda team: team == "T999")
    answer = await board.answer(body)
    await board.drain(1)
    said = json.dumps([answer, slack.calls], ensure_ascii=False)
    if body not in (OPTIONS, CLOSED, EVENT):
        assert ELSEWHERE in said
    if body is SUBMISSION:
        assert answer and "submit" not in answer["view"] and "private_metadata" not in answer["view"]


async def test_an_event_delivered_twice_is_done_once() -> None:
    count = 0

    async def handler(_: Payload) -> Reply:
        nonlocal count
        count += 1
        return Reply.nothing()

    watch = Noted()
    board = with_handler(handler, watch=watch)
    await board.answer(EVENT)
    await board.answer(EVENT)
    await board.answer(EVENT | {"event_id": "Ev2"})
    assert count == 2
    assert [outcome for _, outcome in watch.answers] == ["ok", "repeated", "ok"]


async def test_ids_nobody_registered_share_one_counter() -> None:
    watch = Noted()
    board = switchboard(watch=watch)
    for number in range(3):
        await board.answer(COMMAND | {"command": f"/x{number}"})
    assert set(watch.answers) == {("command *", "unknown")}


def test_an_incident_number_can_be_read_aloud() -> None:
    numbers = {incident_number() for _ in range(200)}
    assert len(numbers) == 200
    assert all(len(number) == 8 and set(number) <= set(INCIDENT_LETTERS) for number in numbers)
    assert not set("01IO") & set(INCIDENT_LETTERS)
