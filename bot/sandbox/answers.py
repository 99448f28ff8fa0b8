"""What Slack does with the bot's answer to a command, a click or a submission."""

from __future__ import annotations

from typing import Any

from bot.sandbox import modals
from bot.sandbox.completion import completed_blocks
from bot.sandbox.delivery import Answer
from bot.sandbox.fields import options_of
from bot.sandbox.records import Channel, Json, Message
from bot.sandbox.refused import Refused
from bot.sandbox.surfaces import check_blocks, check_view, problems_of_suggestions
from bot.sandbox.views import View
from bot.sandbox.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"
"""What Slack's client shows when a click or submission was not answered as it must be."""

_RESPONSE_ACTIONS = {"update", "push", "clear", "errors"}


def after_command(at: Workspace, answer: Answer, user: str, channel: Channel) -> str | None:
    """Show the answer to a slash command; gives the error that Slack shows instead, if there is one."""
    if not answer.is_ack:
        return "operation_timeout" if answer.headers.get("fault") == "http_timeout" else "dispatch_failed"
    body = {"text": answer.body} if isinstance(answer.body, str) else answer.body
    if not body:
        return None
    if not isinstance(body, dict):
        _broken(at, answer, "ack.body", "a slash command's answer must be a text or a message")
        return "dispatch_failed"
    try:
        say(at, user, channel, body)
    except Refused as refused:
        _broken(at, answer, "ack.body", f"the message in a slash command's answer is refused: {refused.code}")
        return "dispatch_failed"
    return None


def say(at: Workspace, user: str, channel: Channel, body: Json, *, ephemeral: bool | None = None) -> Message | None:
    """Show the message of an answer or response_url: to one person unless ``response_type`` is in_channel."""
    blocks = body.get("blocks") or []
    if blocks:
        check_blocks(at, blocks)
    if not (body.get("text") or blocks or body.get("attachments")):
        raise Refused("no_text")
    private = body.get("response_type", "ephemeral") != "in_channel" if ephemeral is None else ephemeral
    message = Message(
        at.next_ts(),
        channel.id,
        at.bot_user_id,
        text=str(body.get("text", "")),
        blocks=completed_blocks(blocks),
        attachments=body.get("attachments") or [],
        thread_ts=body.get("thread_ts"),
        bot_id=at.bot_id,
        app_id=at.app_id,
        team=at.team_id,
        ephemeral_to=user if private else None,
    )
    return at.put(message)


def after_interaction(at: Workspace, answer: Answer) -> str | None:
    """Slack's notice after a click, shortcut or closed view: it reads no body, and a bot that sends one is mistaken."""
    if isinstance(answer.body, dict) and "response_action" in answer.body:
        _broken(at, answer, "ack.body", "only the answer to view_submission may hold a response_action")
    return None if answer.is_ack else TROUBLE


def after_submission(at: Workspace, answer: Answer, view: View) -> str | None:
    """Close, change or push as the answer to view_submission says; gives Slack's notice if it can't be done.

    https://docs.slack.dev/surfaces/modals: an empty answer closes only the submitted view.
    """
    if not answer.is_ack:
        return TROUBLE
    if not at.screens.is_open(view):
        return None
    if not answer.body:
        at.screens.close(view)
        return None
    try:
        _respond(at, answer, view)
    except Refused as refused:
        _broken(at, answer, "view.response", f"the answer to view_submission is refused: {refused.code}")
        return TROUBLE
    return None


def _respond(at: Workspace, answer: Answer, view: View) -> None:
    body = answer.body
    action = body.get("response_action") if isinstance(body, dict) else None
    if action not in _RESPONSE_ACTIONS:
        raise Refused("response_action must be update, push, clear or errors")
    if action == "clear":
        at.screens.clear(view.seat)
    elif action == "update":
        modals.update_view(at, view, body.get("view"))
    elif action == "push":
        check_view(at, body.get("view"), "modal")
        modals.push_on(at, view.seat, body["view"])
    else:
        _show_errors(body.get("errors"), view)


def _show_errors(errors: Any, view: View) -> None:
    if not isinstance(errors, dict) or not errors:
        raise Refused("errors must name at least one input block")
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    unknown = sorted(set(errors) - inputs)
    if unknown:
        raise Refused(f"errors name {', '.join(unknown)}, which are no input blocks of the view")
    if not all(isinstance(text, str) and text for text in errors.values()):
        raise Refused("each error must be a text")
    view.errors = dict(errors)


def suggested(at: Workspace, answer: Answer) -> list[Json]:
    """The options in an answer to block_suggestion; a bad answer shows as "No result", which is an empty list."""
    if not answer.is_ack:
        return []
    body = answer.body if isinstance(answer.body, dict) else {}
    if ("options" in body) == ("option_groups" in body):
        _broken(at, answer, "external.answer", "the answer to block_suggestion must hold options or option_groups")
        return []
    return options_of(body) if _offerable(at, answer, body) else []


def _offerable(at: Workspace, answer: Answer, body: Json) -> bool:
    problems = problems_of_suggestions(body)
    for problem in problems:
        at.violated(problem.rule, problem.sentence, pointer=problem.pointer, exchange=answer.exchange.id)
    return not problems


def _broken(at: Workspace, answer: Answer, rule: str, sentence: str) -> None:
    at.violated(rule, sentence, exchange=answer.exchange.id)
