"""Rules across blocks, surfaces and kinds of elements, that checks of single blocks miss."""

from typing import Any

import pytest

from bot.sandbox.surfaces import problems_of_blocks, problems_of_view
from tests.sandbox.parrot import button, home, menu, modal, option, section, text_input, words

TWO = [option("A"), option("B")]


def found(view: dict[str, Any]) -> list[tuple[str, str]]:
    return [(problem.rule, problem.pointer) for problem in problems_of_view(view, view["type"])]


def test_an_input_needs_a_submit_button() -> None:
    view = modal(text_input("b", "L"))
    assert found(view) == []
    del view["submit"]
    assert found(view) == [("view.submit", "/view")]


def test_a_block_id_may_occur_once() -> None:
    view = modal(section("1", block_id="a"), section("2", block_id="b"), section("3", block_id="a"))
    assert found(view) == [("block_id", "/view/blocks/2/block_id")]


def test_an_action_id_may_occur_once_in_a_block_but_again_in_another() -> None:
    twice = {"type": "actions", "elements": [button("1", "a"), button("2", "a")]}
    assert found(modal(twice)) == [("action_id", "/view/blocks/0/elements/1/action_id")]
    once = {"type": "actions", "elements": [button("1", "a")]}
    assert found(modal(once, dict(once))) == []


def test_only_one_element_may_have_the_focus() -> None:
    view = modal(text_input("a", "A", focus_on_load=True), text_input("b", "B", focus_on_load=True))
    assert found(view) == [("focus_on_load", "/view/blocks/1/element/focus_on_load")]


def test_an_initial_option_must_be_one_of_the_options() -> None:
    """The limit "select.initial"."""
    element = {"type": "static_select", "options": TWO}
    assert found(modal(menu("m", "M", element | {"initial_option": option("B")}))) == []
    wrong = modal(menu("m", "M", element | {"initial_option": option("B", "else")}))
    assert found(wrong) == [("select.initial", "/view/blocks/0/element/initial_option")]
    boxes = {"type": "checkboxes", "options": TWO, "initial_options": [option("A"), option("C")]}
    assert found(modal(menu("m", "M", boxes))) == [("select.initial", "/view/blocks/0/element/initial_options/1")]


def test_the_defaults_slack_adds_do_not_make_two_options_differ() -> None:
    given = {"text": words("A") | {"emoji": True}, "value": "a"}
    assert found(modal(menu("m", "M", {"type": "static_select", "options": TWO, "initial_option": given}))) == []


def test_options_in_groups_count_for_the_initial_option() -> None:
    groups = [{"label": words("g"), "options": TWO}]
    element = {"type": "static_select", "option_groups": groups, "initial_option": option("A")}
    assert found(modal(menu("m", "M", element))) == []


def test_a_menu_has_either_options_or_groups() -> None:
    both = {"type": "static_select", "options": TWO, "option_groups": [{"label": words("g"), "options": TWO}]}
    assert found(modal(menu("m", "M", both))) == [("select.options", "/view/blocks/0/element")]


def test_a_file_input_dispatches_nothing_and_other_inputs_say_when() -> None:
    """The limit "pti.dispatch"."""
    files = menu("m", "M", {"type": "file_input"}) | {"dispatch_action": True}
    assert found(modal(files)) == [("pti.dispatch", "/view/blocks/0/dispatch_action")]
    often = text_input("b", "L", dispatch_action_config={"trigger_actions_on": ["on_blur"]})
    where = "/view/blocks/0/element/dispatch_action_config/trigger_actions_on/0"
    assert found(modal(often)) == [("pti.dispatch", where)]


def test_conversations_are_filtered_by_the_four_kinds() -> None:
    """The limit "conversations_select"."""
    element = {"type": "conversations_select", "filter": {"include": ["public"]}, "response_url_enabled": True}
    assert found(modal(menu("m", "M", element))) == []
    element["filter"] = {"include": ["secret"]}
    assert found(modal(menu("m", "M", element))) == [
        ("conversations_select", "/view/blocks/0/element/filter/include/0")
    ]


def test_response_urls_come_from_inputs_of_a_modal_only() -> None:
    element = {"type": "conversations_select", "action_id": "a", "response_url_enabled": True}
    blocks = [{"type": "actions", "elements": [element]}]
    assert [one.rule for one in problems_of_blocks(blocks)] == ["conversations_select"]


@pytest.mark.parametrize("kind", ["markdown", "plan", "container", "context_actions", "table", "carousel", "file"])
def test_blocks_of_messages_do_not_stand_in_a_modal(kind: str) -> None:
    assert found(modal({"type": kind})) == [("surface", "/view/blocks/0/type")]


def test_an_alert_stands_in_a_modal_only() -> None:
    alert = {"type": "alert", "text": words("x")}
    assert found(modal(alert)) == []
    assert found(home(alert)) == [("surface", "/view/blocks/0/type")]
    assert [one.rule for one in problems_of_blocks([alert])] == ["surface"]


def test_a_home_has_neither_title_nor_buttons_below() -> None:
    wrong = home(section("x")) | {"title": words("t"), "submit": words("s")}
    assert [problem.sentence for problem in problems_of_view(wrong, "home")] == [
        "invalid additional property: title",
        "invalid additional property: submit",
    ]


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        ({"type": "actions", "elements": [{"type": "plain_text_input"}]}, "/blocks/0/elements/0/type"),
        ({"type": "actions", "elements": [{"type": "multi_static_select"}]}, "/blocks/0/elements/0/type"),
        (section("x", accessory={"type": "plain_text_input"}), "/blocks/0/accessory/type"),
        (menu("m", "M", button("b", "a")), "/blocks/0/element/type"),
        ({"type": "context", "elements": [button("b", "a")]}, "/blocks/0/elements/0/type"),
        ({"type": "sektion"}, "/blocks/0/type"),
        ("text", "/blocks/0/type"),
    ],
)
def test_an_element_stands_only_in_the_blocks_that_take_it(block: Any, pointer: str) -> None:
    assert [problem.pointer for problem in problems_of_blocks([block])] == [pointer]


def test_an_unknown_key_and_a_missing_one_are_named() -> None:
    wrong = {"type": "header", "txt": words("x")}
    assert [str(problem) for problem in problems_of_blocks([wrong])] == [
        "missing required field: text [json-pointer:/blocks/0]",
        "invalid additional property: txt [json-pointer:/blocks/0]",
    ]


def test_a_section_needs_words() -> None:
    assert [problem.rule for problem in problems_of_blocks([{"type": "section"}])] == ["section.text"]


def test_labels_are_plain_text() -> None:
    mrkdwn = {"type": "mrkdwn", "text": "x"}
    assert [problem.rule for problem in problems_of_blocks([{"type": "header", "text": mrkdwn}])] == ["header.text"]
    assert problems_of_blocks([{"type": "section", "text": mrkdwn}]) == []


def test_a_url_belongs_into_overflow_menus_only() -> None:
    linked = option("A") | {"url": "https://example.com"}
    overflow = {"type": "overflow", "action_id": "a", "options": [linked]}
    assert found(modal({"type": "actions", "elements": [overflow]})) == []
    select = menu("m", "M", {"type": "static_select", "options": [linked]})
    assert found(modal(select)) == [("shape", "/view/blocks/0/element/options/0")]


def test_the_shortest_text_may_not_be_longer_than_the_longest() -> None:
    assert found(modal(text_input("b", "L", min_length=5, max_length=5))) == []
    assert [rule for rule, _ in found(modal(text_input("b", "L", min_length=6, max_length=5)))] == ["pti.min_length"]


@pytest.mark.parametrize("odd", [None, 5, [], {}, [[]], {"type": []}])
def test_whatever_stands_there_is_a_finding_and_no_fault(odd: object) -> None:
    element = {"type": "static_select", "action_id": odd, "options": odd, "option_groups": odd, "initial_options": odd}
    blocks = [{"type": "section", "block_id": odd, "text": odd}, {"type": "actions", "elements": [element]}, odd]
    assert problems_of_blocks([*blocks, *blocks])
    assert problems_of_blocks([{"type": "section", "text": {"type": odd, "text": "x"}}])
