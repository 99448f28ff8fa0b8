"""One body of each kind, as Slack sends it, and a switchboard where one handler does everything."""

from collections.abc import Awaitable, Callable
from typing import Any

from handlers.payloads import Payload
from handlers.replies import Reply
from handlers.switchboard import Switchboard
from tests.doorway import NotingSlack, switchboard

Json = dict[str, Any]
Handler = Callable[[Any], Awaitable[Reply]]

WHO: Json = {"team": {"id": "T111"}, "user": {"id": "U111", "team_id": "T111"}, "trigger_id": "1.2.abc"}
HOOK = "https://hooks.slack.com/actions/T111/1/x"


def view(**fields: Any) -> Json:
    given: Json = {
        "id": "V1",
        "root_view_id": "V0",
        "type": "modal",
        "callback_id": "client.details",
        "hash": "h1",
        "private_metadata": "draft",
        "title": {"type": "plain_text", "text": "Create Client"},
        "submit": {"type": "plain_text", "text": "Next"},
        "close": None,
        "team_id": "T111",
        "bot_id": "B1",
        "blocks": [
            {"type": "input", "block_id": "name", "element": {"type": "plain_text_input", "action_id": "name"}},
            {"type": "input", "block_id": "version__r3", "element": {"type": "plain_text_input", "action_id": "v"}},
            {"type": "section", "block_id": "hint", "text": {"type": "plain_text", "text": "?"}},
        ],
        "state": {"values": {"name": {"name": {"type": "plain_text_input", "value": "Zoë"}}}},
    }
    return given | fields


COMMAND: Json = {"command": "/apis", "text": " pay ", "team_id": "T111", "user_id": "U111", "response_url": HOOK}
SHORTCUT: Json = WHO | {"type": "shortcut", "callback_id": "client.create"}
IN_MESSAGE: Json = WHO | {
    "type": "block_actions",
    "container": {"type": "message", "channel_id": "C1", "message_ts": "1.5"},
    "response_url": HOOK,
    "actions": [{"action_id": "contract.approve", "value": "c1"}],
}
IN_MODAL: Json = WHO | {"type": "block_actions", "view": view(), "actions": [{"action_id": "contract.approve"}]}
IN_HOME: Json = WHO | {
    "type": "block_actions",
    "view": view(type="home", title={}, submit=None),
    "actions": [{"action_id": "contract.approve"}],
}
SUBMISSION: Json = WHO | {"type": "view_submission", "view": view()}
CLOSED: Json = WHO | {"type": "view_closed", "view": view(), "is_cleared": True}
OPTIONS: Json = WHO | {"type": "block_suggestion", "action_id": "organization", "value": "ac", "view": view()}
EVENT: Json = {
    "type": "event_callback",
    "team_id": "T111",
    "event_id": "Ev1",
    "event": {"type": "app_home_opened", "user": "U111"},
}
ALL: dict[str, Json] = {
    "command": COMMAND,
    "shortcut": SHORTCUT,
    "button in a message": IN_MESSAGE,
    "button in a modal": IN_MODAL,
    "button in the home": IN_HOME,
    "submission": SUBMISSION,
    "closed": CLOSED,
    "options": OPTIONS,
    "event": EVENT,
}


def with_handler(handler: Handler, slack: NotingSlack | None = None, **settings: Any) -> Switchboard:
    """A switchboard where ``handler`` does everything."""
    board = switchboard(slack, **settings)
    board.command("/apis")(handler)
    board.shortcut("client.create")(handler)
    board.action("contract.approve")(handler)
    board.submission("client.details")(handler)
    board.closed("client.details")(handler)
    board.options("organization")(handler)
    board.event("app_home_opened")(handler)
    return board


def raising(error: BaseException) -> Handler:
    async def handler(_: Payload) -> Reply:
        raise error

    return handler
