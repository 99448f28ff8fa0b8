"""Modals as Slack keeps them: triggers, the stack, hashes, values that stay, answers to a submission, closing."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.acting import Actor
from bot.sandbox.answers import TROUBLE
from bot.sandbox.finding import Impossible
from bot.sandbox.required import REQUIRED
from bot.sandbox.workspace import Workspace
from tests.sandbox.conftest import Time
from tests.sandbox.parrot import Heard, Parrot, button, home, menu, modal, option, section, text_input, words

FORM = modal(text_input("name", "Name"), text_input("why", "Reason", multiline=True) | {"optional": True})


async def trigger(parrot: Parrot, person: Actor) -> str:
    await person.command("/squawk")
    return str(parrot.last("command")["trigger_id"])


async def opened(parrot: Parrot, person: Actor, view: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await parrot.api.views_open(trigger_id=await trigger(parrot, person), view=view or FORM)
    shown: dict[str, Any] = answer["view"]
    return shown


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


def rules(workspace: Workspace) -> list[str]:
    return [violation.rule for violation in workspace.violations]


async def test_a_command_opens_a_modal_that_the_person_sees(parrot: Parrot, ada: Actor, bob: Actor) -> None:
    view = await opened(parrot, ada)
    assert ada.modal is not None
    assert ada.modal.id == view["id"]
    assert ada.sees().splitlines() == ["A title", "Name", "Reason", "Send", "Cancel"]
    assert bob.modal is None


async def test_a_trigger_works_once(parrot: Parrot, ada: Actor) -> None:
    """The limit "trigger.ttl"."""
    used = await trigger(parrot, ada)
    await parrot.api.views_open(trigger_id=used, view=FORM)
    assert await refusal(parrot.api.views_open(trigger_id=used, view=FORM)) == "exchanged_trigger_id"


async def test_a_trigger_lives_three_seconds(parrot: Parrot, ada: Actor, time: Time) -> None:
    first, second = await trigger(parrot, ada), await trigger(parrot, ada)
    time.forward(3)
    await parrot.api.views_open(trigger_id=first, view=FORM)
    time.forward(0.01)
    assert await refusal(parrot.api.views_open(trigger_id=second, view=FORM)) == "expired_trigger_id"


async def test_an_invented_trigger_is_invalid(parrot: Parrot) -> None:
    assert await refusal(parrot.api.views_open(trigger_id="1.2.abc", view=FORM)) == "invalid_trigger_id"


async def test_a_refused_view_leaves_the_trigger_unused(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    fresh = await trigger(parrot, ada)
    wrong = FORM | {"title": words("x" * 25)}
    assert await refusal(parrot.api.views_open(trigger_id=fresh, view=wrong)) == "invalid_arguments"
    assert rules(workspace) == ["view.title"]
    await parrot.api.views_open(trigger_id=fresh, view=FORM)


async def test_a_lenient_workspace_shows_a_title_that_is_too_long_and_records_it(
    parrot: Parrot, ada: Actor, workspace: Workspace
) -> None:
    workspace.strict = False
    await opened(parrot, ada, FORM | {"title": words("x" * 25)})
    assert ada.modal is not None
    assert rules(workspace) == ["view.title"]


async def test_a_view_may_have_250_kilobytes(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    """The limit "view.size"."""
    large = modal(*[section("x" * 2450) for _ in range(99)])
    await opened(parrot, ada, large)
    larger = modal(*[section("x" * 2530) for _ in range(99)])
    fresh = await trigger(parrot, ada)
    assert await refusal(parrot.api.views_open(trigger_id=fresh, view=larger)) == "view_too_large"
    assert rules(workspace) == ["view.size"]


async def test_three_views_fit_on_a_stack(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    """The limit "view.stack"."""
    root = await opened(parrot, ada)
    pushed = [
        await parrot.api.views_push(trigger_id=await trigger(parrot, ada), view=FORM | {"title": words(title)})
        for title in ("Two", "Three")
    ]
    assert [view.title for view in ada.views] == ["A title", "Two", "Three"]
    assert [view["view"]["root_view_id"] for view in pushed] == [root["id"], root["id"]]
    assert pushed[0]["view"]["previous_view_id"] == root["id"]
    fourth = parrot.api.views_push(trigger_id=await trigger(parrot, ada), view=FORM)
    assert await refusal(fourth) == "push_limit_reached"
    assert rules(workspace) == ["view.stack"]


async def test_nothing_is_pushed_on_no_modal(parrot: Parrot, ada: Actor) -> None:
    push = parrot.api.views_push(trigger_id=await trigger(parrot, ada), view=FORM)
    assert await refusal(push) == "not_found"


async def test_an_old_hash_conflicts_and_none_at_all_wins(parrot: Parrot, ada: Actor) -> None:
    """The limit "view.hash"."""
    view = await opened(parrot, ada)
    new = await parrot.api.views_update(view_id=view["id"], hash=view["hash"], view=FORM)
    assert new["view"]["hash"] != view["hash"]
    late = parrot.api.views_update(view_id=view["id"], hash=view["hash"], view=FORM)
    assert await refusal(late) == "hash_conflict"
    await parrot.api.views_update(view_id=view["id"], view=FORM)


async def test_a_closed_view_is_not_found(parrot: Parrot, ada: Actor) -> None:
    view = await opened(parrot, ada)
    await ada.cancel()
    assert await refusal(parrot.api.views_update(view_id=view["id"], view=FORM)) == "not_found"


async def test_an_external_id_is_there_once_and_finds_its_view(parrot: Parrot, ada: Actor) -> None:
    await opened(parrot, ada, FORM | {"external_id": "mine"})
    again = parrot.api.views_open(trigger_id=await trigger(parrot, ada), view=FORM | {"external_id": "mine"})
    assert await refusal(again) == "duplicate_external_id"
    await parrot.api.views_update(external_id="mine", view=modal(section("New words"), external_id="mine"))
    assert "New words" in ada.sees()


async def test_the_same_block_and_action_keep_what_was_typed_and_others_start_afresh(
    parrot: Parrot, ada: Actor
) -> None:
    view = await opened(parrot, ada)
    await ada.fill("Name", "Invoices")
    await ada.fill("Reason", "Because")
    again = modal(
        text_input("name", "Name", initial_value="Other"), text_input("why__r2", "Reason", initial_value="New")
    )
    answer = await parrot.api.views_update(view_id=view["id"], view=again)
    assert (ada.value("Name"), ada.value("Reason")) == ("Invoices", "New")
    assert answer["view"]["state"]["values"]["name"]["v"] == {"type": "plain_text_input", "value": "Invoices"}


async def test_another_action_id_or_kind_of_element_starts_afresh(parrot: Parrot, ada: Actor) -> None:
    view = await opened(parrot, ada)
    await ada.fill("Name", "Invoices")
    await ada.fill("Reason", "Because")
    again = modal(text_input("name", "Name", action_id="w"), menu("why", "Reason", {"type": "users_select"}))
    await parrot.api.views_update(view_id=view["id"], view=again)
    assert (ada.value("Name"), ada.value("Reason")) == (None, None)


async def test_a_choice_that_is_no_longer_offered_is_gone(parrot: Parrot, ada: Actor) -> None:
    def select(*offered: str) -> dict[str, Any]:
        return modal(menu("m", "Plan", {"type": "static_select", "options": [option(one) for one in offered]}))

    view = await opened(parrot, ada, select("A", "B"))
    await ada.choose("Plan", "B")
    await parrot.api.views_update(view_id=view["id"], view=select("B", "C"))
    assert ada.value("Plan") == "B"
    await parrot.api.views_update(view_id=view["id"], view=select("C"))
    assert ada.value("Plan") is None


async def test_untouched_initial_values_are_submitted_and_empty_fields_are_null(parrot: Parrot, ada: Actor) -> None:
    view = modal(
        text_input("name", "Name", initial_value="Invoices"),
        text_input("why", "Reason") | {"optional": True},
        menu("p", "Plan", {"type": "static_select", "options": [option("A")], "initial_option": option("A")}),
        menu("c", "Boxes", {"type": "checkboxes", "options": [option("I accept")]}) | {"optional": True},
    )
    await opened(parrot, ada, view)
    await ada.submit("Send")
    values = parrot.last("view_submission")["view"]["state"]["values"]
    assert values["name"]["v"]["value"] == "Invoices"
    assert values["why"]["v"]["value"] is None
    assert values["p"]["v"]["selected_option"]["value"] == "a"
    assert values["c"]["v"]["selected_options"] == []


async def test_slacks_client_does_not_send_what_is_not_filled_in(parrot: Parrot, ada: Actor) -> None:
    short = text_input("why", "Reason", min_length=3, max_length=5)
    await opened(parrot, ada, modal(text_input("name", "Name"), short))
    await ada.fill("Reason", "no")
    await ada.submit()
    assert ada.errors == {"Name": REQUIRED, "Reason": "This entry must be at least 3 characters."}
    assert parrot.count("view_submission") == 0
    await ada.fill("Name", "x")
    await ada.fill("Reason", "too long")
    await ada.submit()
    assert ada.errors == {"Reason": "This entry must be at most 5 characters."}
    await ada.submit(force=True)
    assert parrot.last("view_submission")["view"]["state"]["values"]["why"]["v"]["value"] == "too long"


async def test_an_empty_answer_closes_only_the_submitted_view(parrot: Parrot, ada: Actor) -> None:
    await opened(parrot, ada, modal(section("One")))
    await parrot.api.views_push(trigger_id=await trigger(parrot, ada), view=modal(section("Two")))
    await ada.submit()
    assert [view.title for view in ada.views] == ["A title"]
    await ada.submit()
    assert ada.modal is None


async def test_the_answer_clear_closes_all(parrot: Parrot, ada: Actor) -> None:
    await opened(parrot, ada, modal(section("One")))
    await parrot.api.views_push(trigger_id=await trigger(parrot, ada), view=modal(section("Two")))
    parrot.always("view_submission", {"response_action": "clear"})
    await ada.submit()
    assert ada.modal is None


async def test_the_answer_update_shows_another_body_in_the_same_view(parrot: Parrot, ada: Actor) -> None:
    view = await opened(parrot, ada, modal(section("One")))
    parrot.always("view_submission", {"response_action": "update", "view": modal(section("Two"))})
    await ada.submit()
    assert ada.modal is not None
    assert ada.modal.id == view["id"]
    assert "Two" in ada.sees()


async def test_the_answer_push_adds_a_view(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    await opened(parrot, ada, modal(section("One")))
    parrot.always("view_submission", {"response_action": "push", "view": modal(section("More"))})
    for _ in range(3):
        await ada.submit()
    assert [view.title for view in ada.views] == ["A title"] * 3
    assert ada.notice == TROUBLE
    assert rules(workspace) == ["view.response"]


async def test_errors_show_at_their_fields_until_the_next_try(parrot: Parrot, ada: Actor) -> None:
    await opened(parrot, ada)
    await ada.fill("Name", "Invoices")
    parrot.always("view_submission", {"response_action": "errors", "errors": {"name": "That name is taken."}})
    await ada.submit()
    assert ada.errors == {"Name": "That name is taken."}
    assert "That name is taken." in ada.sees()
    parrot.always("view_submission", None)
    await ada.submit()
    assert ada.modal is None


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"elsewhere": "No"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "errors", "errors": {"name": ""}},
        {"response_action": "explode"},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "update"},
        {"text": "hello"},
        "plain words",
    ],
)
async def test_a_wrong_answer_to_a_submission_is_trouble_and_a_violation(
    parrot: Parrot, ada: Actor, workspace: Workspace, answer: Any
) -> None:
    """The limit "view.response"."""
    await opened(parrot, ada)
    await ada.fill("Name", "x")
    parrot.always("view_submission", answer)
    await ada.submit()
    assert ada.notice == TROUBLE
    assert ada.modal is not None
    assert "view.response" in rules(workspace)


async def test_closing_is_told_only_if_asked_for_and_without_what_was_typed(parrot: Parrot, ada: Actor) -> None:
    """The limit "view.flags"."""
    await opened(parrot, ada)
    await ada.cancel()
    assert parrot.count("view_closed") == 0
    view = await opened(parrot, ada, FORM | {"notify_on_close": True, "private_metadata": "draft 1"})
    await ada.fill("Name", "Invoices")
    await ada.cancel()
    closed = parrot.last("view_closed")
    assert (closed["is_cleared"], closed["view"]["id"]) == (False, view["id"])
    assert closed["view"]["state"] == {"values": {}}
    assert closed["view"]["private_metadata"] == "draft 1"


async def test_the_cross_clears_the_stack_and_tells_of_its_root(parrot: Parrot, ada: Actor) -> None:
    told = FORM | {"notify_on_close": True}
    root = await opened(parrot, ada, told)
    await parrot.api.views_push(trigger_id=await trigger(parrot, ada), view=told)
    await ada.dismiss()
    assert ada.modal is None
    assert parrot.count("view_closed") == 1
    closed = parrot.last("view_closed")
    assert (closed["is_cleared"], closed["view"]["id"]) == (True, root["id"])


async def test_cancel_takes_one_view_unless_it_says_clear_on_close(parrot: Parrot, ada: Actor) -> None:
    await opened(parrot, ada, modal(section("One"), clear_on_close=True))
    await parrot.api.views_push(trigger_id=await trigger(parrot, ada), view=modal(section("Two"), title="Two"))
    await ada.cancel()
    assert [view.title for view in ada.views] == ["A title"]
    await parrot.api.views_push(trigger_id=await trigger(parrot, ada), view=modal(section("Two"), clear_on_close=True))
    await ada.cancel()
    assert ada.modal is None


async def test_two_devices_have_a_modal_each(parrot: Parrot, ada: Actor, workspace: Workspace) -> None:
    phone = workspace.actor("ada", device="phone")
    await opened(parrot, ada, modal(section("x"), title="Desk"))
    await opened(parrot, phone, modal(section("x"), title="Phone"))
    assert ada.modal is not None
    assert phone.modal is not None
    assert (ada.modal.title, phone.modal.title) == ("Desk", "Phone")


async def test_a_second_modal_lies_over_the_first(parrot: Parrot, ada: Actor) -> None:
    await opened(parrot, ada, modal(section("x"), title="First"))
    await opened(parrot, ada, modal(section("x"), title="Second"))
    assert [view.title for view in ada.views] == ["Second"]
    await ada.dismiss()
    assert [view.title for view in ada.views] == ["First"]


async def test_an_answer_for_a_view_that_was_closed_meanwhile_does_nothing(parrot: Parrot, ada: Actor) -> None:
    await opened(parrot, ada, modal(section("x")))

    @parrot.on("view_submission")
    async def _(_heard: Heard) -> dict[str, Any]:
        await ada.cancel()
        return {"response_action": "update", "view": modal(section("Late"))}

    await ada.submit()
    assert ada.modal is None
    assert ada.notice is None


async def test_a_double_click_submits_twice_at_once(parrot: Parrot, ada: Actor) -> None:
    await opened(parrot, ada, modal(section("x")))
    await ada.submit(times=2)
    first, second = [one.payload for one in parrot.heard if one.kind == "view_submission"]
    assert first["view"]["id"] == second["view"]["id"]
    assert first["trigger_id"] != second["trigger_id"]
    assert ada.modal is None


async def test_a_home_is_published_for_one_person_and_survives_by_hash(parrot: Parrot, ada: Actor, bob: Actor) -> None:
    first = await parrot.api.views_publish(user_id="U0ADA", view=home(section("Hello Ada")))
    assert ada.sees() == "Hello Ada"
    assert bob.home is None
    await parrot.api.views_publish(user_id="U0ADA", view=home(section("Again")), hash=first["view"]["hash"])
    late = parrot.api.views_publish(user_id="U0ADA", view=home(section("Late")), hash=first["view"]["hash"])
    assert await refusal(late) == "hash_conflict"
    assert ada.sees() == "Again"


async def test_a_home_needs_a_home_tab_and_somebody_to_see_it(parrot: Parrot, workspace: Workspace) -> None:
    nobody = parrot.api.views_publish(user_id="U0NOBODY", view=home(section("x")))
    assert await refusal(nobody) == "user_not_found"
    workspace.manifest.home_enabled = False
    assert await refusal(parrot.api.views_publish(user_id="U0ADA", view=home(section("x")))) == "not_enabled"


async def test_a_view_is_pressed_where_it_has_the_button(parrot: Parrot, ada: Actor) -> None:
    rows = [section(f"API {n}", accessory=button("Learn More", f"more_{n}")) for n in (1, 2)]
    await opened(parrot, ada, modal(*rows))
    await ada.press("Learn More", near="API 2")
    assert parrot.last("block_actions")["actions"][0]["action_id"] == "more_2"
    with pytest.raises(Impossible, match="no button 'Sign Up'"):
        await ada.press("Sign Up")
    with pytest.raises(Impossible, match="no field 'Name'"):
        await ada.fill("Name", "x")
    with pytest.raises(Impossible, match="no submit button 'Create'"):
        await ada.submit("Create")
