"""Signed requests as Slack sends them: the same mix for every server, and no two bodies alike."""

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus, urlencode

SECRET = "5d41402abc4b2a76b9719d911017c592"  # of no app
COMMANDS = tuple(f"/bench-{number}" for number in range(5))
SHORTCUTS = tuple(f"shortcut.{number}" for number in range(2))
ACTIONS = tuple(f"action.{number}" for number in range(12))
SUBMISSIONS = tuple(f"submission.{number}" for number in range(4))
CLOSED = tuple(f"closed.{number}" for number in range(3))
OPTIONS = tuple(f"options.{number}" for number in range(2))
EVENTS = ("app_home_opened",)
"""Together 29 listeners."""

_MARK = "0000000000.NUMBER"
"""Stands in every template where Slack has something unique; replaced by a counter."""
_PEOPLE: dict[str, Any] = {
    "team": {"id": "T111", "domain": "acme"},
    "user": {"id": "U111", "username": "ada", "name": "ada", "team_id": "T111"},
    "api_app_id": "A111",
    "token": "fixed-value",
    "trigger_id": _MARK,
    "enterprise": None,
    "is_enterprise_install": False,
}
_JSON, _FORM = b"application/json", b"application/x-www-form-urlencoded"


def _view(callback_id: str) -> dict[str, Any]:
    def text(value: str) -> dict[str, Any]:
        return {"type": "plain_text", "text": value, "emoji": True}

    def asking(name: str) -> dict[str, Any]:
        element = {"type": "plain_text_input", "action_id": name, "dispatch_action_config": {}}
        return {"type": "input", "block_id": name, "label": text(name.title()), "optional": False, "element": element}

    return {
        "id": "V111",
        "team_id": "T111",
        "type": "modal",
        "callback_id": callback_id,
        "hash": _MARK,
        "private_metadata": "draft-0123456789abcdef",
        "title": text("Create Client"),
        "submit": text("Next"),
        "close": text("Cancel"),
        "blocks": [
            {"type": "context", "block_id": "step", "elements": [text("Step 2 of 3")]},
            *(asking(name) for name in ("name", "version", "description")),
            {"type": "actions", "block_id": "back", "elements": [{"type": "button", "text": text("Back")}]},
        ],
        "state": {
            "values": {
                name: {name: {"type": "plain_text_input", "value": "Zahlungs-Dienst ✓ 100 %"}}
                for name in ("name", "version", "description")
            }
        },
        "root_view_id": "V111",
        "app_id": "A111",
        "bot_id": "B111",
    }


def _interactive(kind: str, **fields: Any) -> tuple[bytes, bytes]:
    return _FORM, b"payload=" + quote_plus(json.dumps({"type": kind} | _PEOPLE | fields)).encode()


def _command(name: str) -> tuple[bytes, bytes]:
    fields = {
        "token": "fixed-value",
        "team_id": "T111",
        "team_domain": "acme",
        "channel_id": "C111",
        "channel_name": "general",
        "user_id": "U111",
        "user_name": "ada",
        "command": name,
        "text": "Acme Payments",
        "api_app_id": "A111",
        "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.com/commands/T111/111/xxx",
        "trigger_id": _MARK,
    }
    return _FORM, urlencode(fields).encode()


def _click(name: str) -> tuple[bytes, bytes]:
    action = {"type": "button", "action_id": name, "block_id": "b", "value": "0123456789abcdef", "action_ts": _MARK}
    return _interactive(
        "block_actions",
        container={"type": "message", "message_ts": "1.2", "channel_id": "C111"},
        channel={"id": "C111", "name": "approvals"},
        message={"ts": "1.2", "text": "A request", "blocks": _view("x")["blocks"]},
        response_url="https://hooks.slack.com/actions/T111/111/xxx",
        actions=[action],
    )


def _event(name: str) -> tuple[bytes, bytes]:
    event = {"type": name, "user": "U111", "channel": "D111", "event_ts": _MARK, "tab": "home"}
    body = {"type": "event_callback", "token": "x", "team_id": "T111", "api_app_id": "A111", "event": event}
    return _JSON, json.dumps(body | {"event_id": f"Ev{_MARK}", "event_time": 1}).encode()


def submission(view: dict[str, Any], user: str) -> tuple[bytes, bytes]:
    """Return content type and body of somebody's submit of a view."""
    held = {"id": "V111", "team_id": "T111", "hash": _MARK, "state": {"values": {}}, "root_view_id": "V111"}
    person = {"id": user, "username": user.lower(), "name": user.lower(), "team_id": "T111"}
    return _interactive("view_submission", view=view | held, user=person, response_urls=[])


def names() -> list[tuple[str, str]]:
    """Return kind and id of all 29 listeners; the first five are of five kinds."""
    kinds = {
        "command": COMMANDS,
        "action": ACTIONS,
        "submission": SUBMISSIONS,
        "options": OPTIONS,
        "event": EVENTS,
        "shortcut": SHORTCUTS,
        "closed": CLOSED,
    }
    first = [(kind, ids[0]) for kind, ids in kinds.items()]
    return first + [(kind, name) for kind, ids in kinds.items() for name in ids[1:]]


def template(kind: str, name: str) -> tuple[bytes, bytes]:
    """Return content type and body of a payload for one listener."""
    match kind:
        case "command":
            return _command(name)
        case "action":
            return _click(name)
        case "submission":
            return _interactive("view_submission", view=_view(name), response_urls=[])
        case "closed":
            return _interactive("view_closed", view=_view(name), is_cleared=True)
        case "options":
            return _interactive("block_suggestion", action_id=name, block_id="b", value="acme", view=_view("x"))
        case "shortcut":
            return _interactive("shortcut", callback_id=name, action_ts=_MARK)
        case _:
            return _event(name)


def signed(body: bytes, content_type: bytes = _FORM, secret: str = SECRET, at: float | None = None) -> bytes:
    """Return a whole HTTP request, signed now (or at POSIX second ``at``)."""
    stamp = b"%d" % (time.time() if at is None else at)
    signature = hmac.new(secret.encode(), b"v0:%b:%b" % (stamp, body), hashlib.sha256).hexdigest().encode()
    return (
        b"POST /slack/events HTTP/1.1\r\nhost: bench\r\naccept: */*\r\nuser-agent: Slackbot 1.0\r\n"
        b"content-type: %b\r\ncontent-length: %d\r\nx-slack-request-timestamp: %b\r\nx-slack-signature: v0=%b\r\n\r\n%b"
        % (content_type, len(body), stamp, signature, body)
    )


def requests(listeners: int = 29) -> Iterator[bytes]:
    """Yield signed requests for ever, to the first ``listeners`` in turn."""
    counter = itertools.count(int(time.time() * 1000) % 10**9)
    for content_type, body in itertools.cycle([template(*each) for each in names()[:listeners]]):
        yield signed(body.replace(b"NUMBER", b"%09d" % next(counter)), content_type)
