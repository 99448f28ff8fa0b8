"""views.open, push, update, publish (no scope needed)."""

from __future__ import annotations

from bot.sandbox import modals
from bot.sandbox.payloads import view_json
from bot.sandbox.records import Json
from bot.sandbox.views import View
from bot.sandbox.web_api.call import Call, invalid, method


@method("views.open", reads_json=True)
def open_(call: Call) -> Json:
    """Open a modal (https://docs.slack.dev/reference/methods/views.open)."""
    return _answer(call, modals.open_view(call.at, _trigger(call), call.json("view")))


@method("views.push", reads_json=True)
def push(call: Call) -> Json:
    """Push onto the stack (https://docs.slack.dev/reference/methods/views.push)."""
    return _answer(call, modals.push_view(call.at, _trigger(call), call.json("view")))


@method("views.update", reads_json=True)
def update(call: Call) -> Json:
    """Change an open view (https://docs.slack.dev/reference/methods/views.update)."""
    view_id, external_id = call.text("view_id"), call.text("external_id")
    if not (view_id or external_id):
        raise invalid("[ERROR] missing required field: view_id")
    view = call.at.screens.find(view_id, external_id)
    return _answer(call, modals.update_view(call.at, view, call.json("view"), call.text("hash") or None))


@method("views.publish", reads_json=True)
def publish(call: Call) -> Json:
    """Show an App Home (https://docs.slack.dev/reference/methods/views.publish)."""
    member = call.person("user_id")
    view = modals.publish_view(call.at, member.id, call.json("view"), call.text("hash") or None)
    return _answer(call, view)


def _trigger(call: Call) -> str:
    return call.text("trigger_id") or call.text("interactivity_pointer") or call.need("trigger_id")


def _answer(call: Call, view: View) -> Json:
    return {"view": view_json(call.at, view, call.at.team_id)}
