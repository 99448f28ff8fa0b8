"""What a response_url does (https://docs.slack.dev/interactivity/handling-user-interaction)."""

from __future__ import annotations

from typing import Any

from bot.sandbox import answers
from bot.sandbox.completion import completed_blocks
from bot.sandbox.records import Json
from bot.sandbox.refused import Refused
from bot.sandbox.response_urls import ResponseUrl
from bot.sandbox.surfaces import check_blocks
from bot.sandbox.workspace import Workspace


def responded(at: Workspace, token: str, body: Any) -> tuple[int, Json]:
    """Carry out one use of a response_url; gives HTTP status and answer."""
    try:
        _respond(at, token, body)
    except Refused as refused:
        if refused.code == "used_url":
            at.violated("response_url", "a response_url was used more than five times")
        return (404 if refused.code in {"used_url", "expired_url"} else 400), refused.as_json()
    return 200, {"ok": True}


def _respond(at: Workspace, token: str, body: Any) -> None:
    if not isinstance(body, dict):
        raise Refused("invalid_payload")
    target = at.response_urls.use(token)
    message = target.message
    if message and body.get("delete_original"):
        at.remove(message)
    elif message and body.get("replace_original"):
        check_blocks(at, body.get("blocks") or [])
        message.text, message.blocks = str(body.get("text", "")), completed_blocks(body.get("blocks") or [])
        at.altered(message)
    else:
        _say(at, target, body)


def _say(at: Workspace, target: ResponseUrl, body: Json) -> None:
    answers.say(at, target.user, at.channels[target.channel], body)
